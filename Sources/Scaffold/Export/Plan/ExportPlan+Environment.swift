import Model

extension ExportPlan {
    /// The configuration's values, and the names of those that only the user knows.
    mutating func readEnvironment() {
        var values = config?.env ?? [:]
        if let setting = databaseSetting { values[setting.name] = setting.value }
        for name in values.keys.sorted() where !Quoting.isVariableName(name) {
            notes.append("the variable \(ConfigNode.quoted(name)) is left out: its name is none that a shell takes")
            values[name] = nil
        }
        var found: [String: Variable] = [:]
        for (name, value) in values.sorted(by: { $0.key < $1.key }) where isSecret(name, value) {
            notes.append("\(name) of fly.toml is a secret: its value is left out here, set it as one")
            found[name] = Variable(name: name, isRequired: true, isSecret: true, purpose: purpose(of: name))
            values[name] = nil
        }
        // Roost's and Fly's own proxy is all that reaches a Machine, which is true of no other network.
        if values["FORWARDED_ALLOW_IPS"] == "*", isASGI {
            notes.append("FORWARDED_ALLOW_IPS of fly.toml is for the edge there: each target has a value of its own")
            values["FORWARDED_ALLOW_IPS"] = nil
        }
        env = values.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        for variable in facts.environment where values[variable.name] == nil && Self.isNeeded(variable) {
            var copy = Variable(name: variable.name, isRequired: variable.isRequired, isSecret: variable.isSecret)
            copy.purpose = purpose(of: variable.name)
            if copy.purpose == .app, let purpose = variable.absent.flatMap(purpose(of:)) { copy.purpose = purpose }
            copy.form = variable.absent?.form
            if copy.purpose != .app, variable.absent != nil { copy.isRequired = true }
            found[variable.name] = found[variable.name] ?? copy
        }
        for var variable in connections where values[variable.name] == nil {
            variable.form = found[variable.name]?.form
            variable.isSecret = variable.form == .host ? false : variable.isSecret
            found[variable.name] = variable
        }
        for name in found.keys.sorted() where !Quoting.isVariableName(name) {
            notes.append("the variable \(ConfigNode.quoted(name)) is left out: its name is none that a shell takes")
            found[name] = nil
        }
        variables = found.values.sorted { $0.name < $1.name }
    }

    /// Names without which the app does not start, and secrets; the code has a default for the rest.
    private static func isNeeded(_ variable: Facts.Variable) -> Bool {
        variable.isRequired || variable.isSecret || variable.absent?.file != nil
    }

    /// Whether a value of the configuration is one that no file may show.
    private func isSecret(_ name: String, _ value: String) -> Bool {
        if EnvironmentNames.isAddressOfStore(value), value.contains("@") { return true }
        guard value.contains(where: { !$0.isNumber }), !["true", "false"].contains(value.lowercased()) else {
            return false
        }
        return facts.environment.first { $0.name == name }?.isSecret ?? EnvironmentNames.isSecret(name)
    }

    /// What a default that leads nowhere is the address of.
    private func purpose(of absent: Facts.Absent) -> Variable.Purpose? {
        let scheme = absent.scheme?.split(separator: "+").first.map(String.init) ?? ""
        let image =
            absent.image.flatMap { ImageReference($0)?.repository.split(separator: "/").last.map(String.init) }
            ?? absent.host
        let words = [scheme, image]
        func isAny(_ names: [String]) -> Bool { words.contains { word in names.contains { word.hasPrefix($0) } } }
        if facts.database != nil, isAny(["postgres", "postgis", "mysql", "mariadb", "mongo"]) { return .database }
        let kinds: [(Facts.BackingService.Kind, [String])] = [
            (.redis, ["redis", "valkey", "keydb"]), (.rabbitmq, ["amqp", "pyamqp", "rabbitmq"]),
            (.memcached, ["memcache"]), (.kafka, ["kafka", "cp-kafka"]), (.nats, ["nats"]),
            (.elasticsearch, ["elasticsearch"]),
        ]
        let known = Set(facts.services.map(\.kind))
        return kinds.first { known.contains($0.0) && isAny($0.1) }.map { .service($0.0) }
    }

    /// The addresses of the database and the services, under the names that the code asks for.
    private var connections: [Variable] {
        var result: [Variable] = []
        if let database = facts.database, database.engine != .sqlite {
            if let name = database.variable ?? defaultDatabaseVariable {
                result.append(Variable(name: name, isRequired: true, isSecret: true, purpose: .database))
            }
        }
        for service in facts.services {
            guard let name = service.variable else { continue }
            result.append(Variable(name: name, isRequired: true, isSecret: true, purpose: .service(service.kind)))
        }
        return result
    }

    /// Nil when the project takes the address in parts: `POSTGRES_SERVER`, `POSTGRES_USER`.
    private var defaultDatabaseVariable: String? {
        let names = facts.environment.map(\.name)
        if let name = names.first(where: ConnectionForms.isDatabaseURL) { return name }
        return names.contains { DatabasePart($0) != nil } ? nil : "DATABASE_URL"
    }

    private func purpose(of name: String) -> Variable.Purpose { ConnectionForms(facts).purpose(of: name) }
}

/// A part of a database's address, by the name of the variable that holds it.
enum DatabasePart: Equatable {
    case host
    case port
    case user
    case password
    case name

    init?(_ variable: String) {
        // Those that the client library of PostgreSQL reads by itself.
        let plain: [String: DatabasePart] = [
            "PGHOST": .host, "PGPORT": .port, "PGUSER": .user, "PGPASSWORD": .password, "PGDATABASE": .name,
        ]
        if let part = plain[variable] {
            self = part
            return
        }
        let words = variable.uppercased().split(separator: "_").map(String.init)
        let families: Set = ["POSTGRES", "POSTGRESQL", "PG", "DB", "DATABASE", "MYSQL", "MARIADB", "MONGO", "MONGODB"]
        guard words.count >= 2, words.dropLast().contains(where: { families.contains($0) }) else { return nil }
        switch words.last {
        case let word? where Vocabulary.hosts.contains(word): self = .host
        case "PORT": self = .port
        case "USER", "USERNAME": self = .user
        case "PASSWORD", "PASS": self = .password
        case "DB", "NAME", "DATABASE": self = .name
        default: return nil
        }
    }
}
