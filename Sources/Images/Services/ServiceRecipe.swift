import Model

/// How the image of a service is made: packages of the distribution, wheels for what it lacks, a user, a script that
/// starts it.
///
/// The script finds in its environment `ROOST_USER`, `ROOST_PASSWORD` and `ROOST_DATABASE`, and `ROOST_OPEN` when nobody
/// will ask for a password; its data belongs below `/data`. It may be ended at any moment and has to begin again.
struct ServiceRecipe: Equatable, Sendable {
    var packages: [String]
    var wheels: ServiceWheels?
    /// For people, where the first package does not tell it.
    var version: String?
    /// Of the distribution's package, or the base's `app`; owns `/data`, and is never root.
    var user: String
    var script: String

    /// The recipe for a release of the distribution, such as `bookworm`.
    ///
    /// - Throws: ``Fault`` `unsupported` for an extra that there is not.
    static func make(_ reference: ServiceReference, release: String) throws(Fault) -> ServiceRecipe {
        var recipe = recipe(reference.kind)
        for extra in reference.extras {
            guard reference.kind == .postgres, let names = extras[extra] else {
                let known = reference.kind == .postgres ? extras.keys.sorted().joined(separator: ", ") : "none"
                throw Fault(
                    .unsupported,
                    "\(reference.kind.rawValue) has no extra \(ConfigNode.quoted(extra))",
                    hint: "there are: \(known)"
                )
            }
            guard let major = postgresMajors[release] else {
                throw Fault(
                    .unsupported,
                    "which PostgreSQL belongs to \(release) is not known, so \(extra) can't be added",
                    hint: "use it without: --with postgres"
                )
            }
            if major == ServiceWheels.vectorMajor, names == extras["vector"] {
                recipe.wheels = .vector
            } else {
                recipe.packages += names.map { $0.replacing("{major}", with: major) }
            }
        }
        return recipe
    }

    // MARK: - Private

    /// Extensions that are packages of their own; those of `contrib` are always there.
    private static let extras: [String: [String]] = [
        "postgis": ["postgresql-{major}-postgis-3"],
        "vector": ["postgresql-{major}-pgvector"],
        "pgvector": ["postgresql-{major}-pgvector"],
        "cron": ["postgresql-{major}-cron"],
        "partman": ["postgresql-{major}-partman"],
    ]

    /// > Source: packages.debian.org and packages.ubuntu.com, `postgresql`.
    private static let postgresMajors = [
        "bullseye": "13", "bookworm": "15", "trixie": "17", "focal": "12", "jammy": "14", "noble": "16",
    ]

    private static func recipe(_ kind: TryoutKind) -> ServiceRecipe {
        switch kind {
        case .postgres: ServiceRecipe(packages: ["postgresql"], user: "postgres", script: ServiceScript.postgres)
        case .redis: ServiceRecipe(packages: ["redis-server"], user: "redis", script: ServiceScript.redis)
        case .mysql: ServiceRecipe(packages: ["mariadb-server"], user: "mysql", script: ServiceScript.mysql)
        case .memcached: ServiceRecipe(packages: ["memcached"], user: "memcache", script: ServiceScript.memcached)
        case .rabbitmq:
            ServiceRecipe(packages: ["rabbitmq-server"], user: "rabbitmq", script: ServiceScript.rabbitmq)
        case .mongodb:
            ServiceRecipe(
                packages: [],
                wheels: .mongodb,
                version: ServiceWheels.mongodbVersion,
                user: "app",
                script: ServiceScript.mongodb
            )
        }
    }
}
