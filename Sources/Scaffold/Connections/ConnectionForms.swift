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
        if kinds.contains(.redis), upper.hasSuffix("REDIS_URL") { return .service(.redis) }
        if let kind = BackingServices.kind(ofName: name), kinds.contains(kind), ServicePart(name) != nil {
            return .service(kind)
        }
        guard upper.hasSuffix("BROKER_URL") || upper.hasSuffix("RESULT_BACKEND") else { return .app }
        if kinds.contains(.rabbitmq), upper.hasSuffix("BROKER_URL") { return .service(.rabbitmq) }
        return kinds.contains(.redis) ? .service(.redis) : .app
    }

    /// The form that a variable wants, by its name; nil when only the user can say.
    func form(of name: String, for purpose: ExportPlan.Variable.Purpose) -> ConnectionForm? {
        switch purpose {
        case .app: nil
        case .database: databaseForm(name)
        case .service(let kind): Self.serviceForm(name, kind)
        }
    }

    /// Whether a name ends as those of a database's whole address do.
    static func isDatabaseURL(_ name: String) -> Bool {
        let endings = [
            "DATABASE_URL", "DATABASE_URI", "DB_URL", "DB_URI", "DATABASE_DSN", "DB_DSN", "MONGODB_URI", "POSTGRES_URL",
            "POSTGRES_URI", "POSTGRES_DSN", "POSTGRESQL_URL", "PG_DSN", "PG_URL", "MYSQL_URL", "MYSQL_DSN",
            "DATABASE_URL_SYNC", "DATABASE_URL_ASYNC",
        ]
        return endings.contains { name.uppercased().hasSuffix($0) }
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
        let scheme = words.contains("SYNC") ? String(database.scheme.prefix { $0 != "+" }) : database.scheme
        let tail = database.engine == .mongodb ? "?authSource=admin" : ""
        return ConnectionForm("\(scheme)://{user}:{password}@{host}:{port}/{database}\(tail)")
    }

    private static func serviceForm(_ name: String, _ kind: Facts.BackingService.Kind) -> ConnectionForm? {
        switch ServicePart(name) {
        // Some put the whole address into a variable of such a name.
        case .host: return kind == .elasticsearch ? ConnectionForm("http://{host}:{port}") : .host
        case .port: return .port
        case .user: return .user
        case .password: return .password
        case nil: break
        }
        switch kind {
        case .redis: return ConnectionForm("redis://{host}:{port}/0")
        case .rabbitmq: return ConnectionForm("amqp://{user}:{password}@{host}:{port}//")
        case .memcached, .kafka: return .authority
        case .elasticsearch: return ConnectionForm("http://{host}:{port}")
        case .nats: return ConnectionForm("nats://{host}:{port}")
        case .objectStorage: return nil
        }
    }
}

/// A part of a service's address, by the name of the variable that holds it.
enum ServicePart: Equatable {
    case host
    case port
    case user
    case password

    init?(_ variable: String) {
        let words = variable.uppercased().split { !$0.isLetter && !$0.isNumber }
        guard words.count >= 2 else { return nil }
        switch words.last {
        case "SERVER", "HOST", "HOSTNAME": self = .host
        case "PORT": self = .port
        case "USER", "USERNAME": self = .user
        case "PASSWORD", "PASS": self = .password
        default: return nil
        }
    }
}
