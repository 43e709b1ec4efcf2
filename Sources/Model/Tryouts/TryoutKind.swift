/// A service that Roost starts beside an app for trying it out; how it is made stands in `Images/Services`.
package enum TryoutKind: String, Codable, CaseIterable, Sendable {
    case postgres, redis, mysql, memcached, rabbitmq, mongodb

    /// Reads a kind as people write it: `pg` and `postgresql` are `postgres`, `mariadb` is `mysql`.
    ///
    /// - Throws: ``Fault`` `unsupported` naming those there are.
    package init(_ text: String) throws(Fault) {
        let word = text.lowercased()
        guard let kind = Self.allCases.first(where: { $0.rawValue == word || $0.row.aliases.contains(word) }) else {
            let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
            throw Fault(
                .unsupported,
                "there is no throw-away \(ConfigNode.quoted(text))",
                hint: "there are: \(names)"
            )
        }
        self = kind
    }

    /// For people: `PostgreSQL`.
    package var label: String { row.label }
    /// Where it listens.
    package var port: Int { row.port }
    /// Of its Machine.
    package var memoryMiB: Int { row.memoryMiB }
    /// Its data is on a volume, and so outlives its Machine.
    package var keepsData: Bool { row.keepsData }

    // MARK: - Private

    private struct Row {
        var label: String
        var aliases: Set<String>
        var port: Int
        var memoryMiB: Int
        var keepsData: Bool
    }

    private var row: Row {
        switch self {
        case .postgres:
            Row(label: "PostgreSQL", aliases: ["postgresql", "pg"], port: 5432, memoryMiB: 512, keepsData: true)
        case .redis: Row(label: "Redis", aliases: ["valkey"], port: 6379, memoryMiB: 256, keepsData: false)
        case .mysql: Row(label: "MariaDB", aliases: ["mariadb"], port: 3306, memoryMiB: 512, keepsData: true)
        case .memcached: Row(label: "Memcached", aliases: ["memcache"], port: 11211, memoryMiB: 256, keepsData: false)
        case .rabbitmq:
            Row(label: "RabbitMQ", aliases: ["rabbit", "amqp"], port: 5672, memoryMiB: 512, keepsData: true)
        case .mongodb: Row(label: "MongoDB", aliases: ["mongo"], port: 27017, memoryMiB: 512, keepsData: true)
        }
    }
}
