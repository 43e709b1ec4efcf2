import Model

/// Which variables say where a project's database and services are, and in which form each of them wants it.
///
/// Exports, and whoever sets the variables for a service that really runs, go by this alone.
struct ConnectionForms: Sendable {
    let facts: Facts

    init(_ facts: Facts) {
        self.facts = facts
    }

    /// What a variable is for, by its name and by what the project uses.
    func purpose(of name: String) -> ExportPlan.Variable.Purpose {
        let hasDatabase = facts.database != nil
        if hasDatabase, name == facts.database?.variable || Self.isDatabaseURL(name) { return .database }
        if hasDatabase, DatabasePart(name) != nil { return .database }
        if let service = facts.services.first(where: { $0.variable == name }) { return .service(service.kind) }
        let upper = name.uppercased()
        let kinds = Set(facts.services.map(\.kind))
        if let kind = kinds.first(where: { ServicePart($0, name) != nil }) { return .service(kind) }
        if let kind = ServicePart.role(name, among: kinds) { return .service(kind) }
        if kinds.contains(.redis), upper.hasSuffix("REDIS_URL") { return .service(.redis) }
        guard upper.hasSuffix("BROKER_URL") || upper.hasSuffix("RESULT_BACKEND") else { return .app }
        if kinds.contains(.rabbitmq), upper.hasSuffix("BROKER_URL") { return .service(.rabbitmq) }
        return kinds.contains(.redis) ? .service(.redis) : .app
    }

    /// The form that a variable wants: what its default shows, else what its name says; nil when only the user can say.
    func form(
        of name: String,
        for purpose: ExportPlan.Variable.Purpose,
        shape: Facts.Absent.Form? = nil
    ) -> ConnectionForm? {
        switch (purpose, shape) {
        case (.app, _): nil
        case (_, .host): .host
        case (_, .hostAndPort): .authority
        case (.database, _): databaseForm(name)
        case (.service(let kind), .url): Self.url(kind)
        case (.service(let kind), nil): Self.serviceForm(name, kind)
        }
    }

    /// Whether a name ends as those of a database's whole address do.
    static func isDatabaseURL(_ name: String) -> Bool {
        let endings = [
            "DATABASE_URL", "DATABASE_URI", "DB_URL", "DB_URI", "DATABASE_DSN", "DB_DSN", "MONGODB_URI", "MONGODB_URL",
            "MONGODB_DSN", "MONGO_URI", "MONGO_URL", "MONGO_DSN", "POSTGRES_URL", "POSTGRES_URI", "POSTGRES_DSN",
            "POSTGRESQL_URL", "PG_DSN", "PG_URL", "MYSQL_URL", "MYSQL_DSN",
            "DATABASE_URL_SYNC", "DATABASE_URL_ASYNC",
        ]
        // `DATABASE__URL` is the part of a setting that holds several.
        let plain = name.uppercased().replacing("__", with: "_")
        return endings.contains { plain.hasSuffix($0) }
    }

    // MARK: - Private

    private func databaseForm(_ name: String) -> ConnectionForm? {
        guard let database = facts.database else { return nil }
        switch DatabasePart(name) {
        case .host: return .host
        case .port: return .port
        case .user: return .user
        case .password: return .password
        case .name: return .database
        case nil: break
        }
        if database.engine == .elasticsearch { return ConnectionForm("http://{host}:{port}") }
        let words = name.uppercased().split { !$0.isLetter }
        // Beside the address for an engine that waits, one for migrations that don't.
        let isForMigrations =
            facts.migrations?.opening == .blocking
            && !Set(words).isDisjoint(with: ["ALEMBIC", "MIGRATION", "MIGRATIONS"])
        let plain =
            MigrationScheme.scheme(database.engine, .blocking, facts) ?? String(database.scheme.prefix { $0 != "+" })
        let scheme = words.contains("SYNC") || isForMigrations ? plain : database.scheme
        let tail = database.engine == .mongodb ? "?authSource=admin" : ""
        return ConnectionForm("\(scheme)://{user}:{password}@{host}:{port}/{database}\(tail)")
    }

    private static func serviceForm(_ name: String, _ kind: Facts.BackingService.Kind) -> ConnectionForm? {
        switch ServicePart(kind, name) ?? (ServicePart.role(name, among: [kind]) == kind ? .init(endOf: name) : nil) {
        // Some put the whole address into a variable of such a name.
        case .host: kind == .elasticsearch ? url(kind) : .host
        case .port: .port
        case .hostAndPort: .authority
        case .user: kind == .rabbitmq ? .user : nil
        case .password: .password
        case .space: space(kind)
        case .url, nil: url(kind)
        }
    }

    /// Where a service has several spaces, the one that is there from the start.
    private static func space(_ kind: Facts.BackingService.Kind) -> ConnectionForm? {
        switch kind {
        case .redis: ConnectionForm("0")
        case .rabbitmq: ConnectionForm("/")
        case .memcached, .kafka, .elasticsearch, .nats, .objectStorage: nil
        }
    }

    private static func url(_ kind: Facts.BackingService.Kind) -> ConnectionForm? {
        switch kind {
        case .redis: ConnectionForm("redis://{host}:{port}/0")
        case .rabbitmq: ConnectionForm("amqp://{user}:{password}@{host}:{port}//")
        case .memcached, .kafka: .authority
        case .elasticsearch: ConnectionForm("http://{host}:{port}")
        case .nats: ConnectionForm("nats://{host}:{port}")
        case .objectStorage: nil
        }
    }
}
