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
        env = values.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value) }
        var found: [String: Variable] = [:]
        for variable in facts.environment where values[variable.name] == nil && Self.isNeeded(variable) {
            var copy = Variable(name: variable.name, isRequired: variable.isRequired, isSecret: variable.isSecret)
            copy.purpose = purpose(of: variable.name)
            found[variable.name] = copy
        }
        for variable in connections where values[variable.name] == nil { found[variable.name] = variable }
        for name in found.keys.sorted() where !Quoting.isVariableName(name) {
            notes.append("the variable \(ConfigNode.quoted(name)) is left out: its name is none that a shell takes")
            found[name] = nil
        }
        variables = found.values.sorted { $0.name < $1.name }
    }

    /// Names without which the app does not start, and secrets; the code has a default for the rest.
    private static func isNeeded(_ variable: Facts.Variable) -> Bool {
        variable.isRequired || variable.isSecret
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
        case "SERVER", "HOST", "HOSTNAME": self = .host
        case "PORT": self = .port
        case "USER", "USERNAME": self = .user
        case "PASSWORD", "PASS": self = .password
        case "DB", "NAME", "DATABASE": self = .name
        default: return nil
        }
    }
}
