/// A part of the address of a service, by the name of the variable that holds it: `REDIS_HOST`, `RABBITMQ_PASSWORD`.
enum ServicePart: Equatable {
    case host
    case port
    case hostAndPort
    case user
    case password
    case url

    /// Nil when the name is about another service, or about none.
    init?(_ kind: Facts.BackingService.Kind, _ variable: String) {
        let words = variable.uppercased().split(separator: "_").map(String.init)
        guard let last = words.last, words.count > 1, words.contains(where: { Self.names(kind).contains($0) }),
            let part = Self(last)
        else { return nil }
        self = part
    }

    /// What the end of a name says: `HOST`; nil for another word.
    init?(_ word: String) {
        switch word.uppercased() {
        case "HOST", "HOSTNAME", "SERVER": self = .host
        case "PORT": self = .port
        case "ADDR", "ADDRESS", "SERVERS", "BROKERS", "NODES", "HOSTS": self = .hostAndPort
        case "USER", "USERNAME": self = .user
        case "PASSWORD", "PASS": self = .password
        case "URL", "URI", "DSN": self = .url
        default: return nil
        }
    }

    // MARK: - Private

    private static func names(_ kind: Facts.BackingService.Kind) -> Set<String> {
        switch kind {
        case .redis: ["REDIS", "VALKEY"]
        case .rabbitmq: ["RABBITMQ", "RABBIT", "AMQP"]
        case .memcached: ["MEMCACHED", "MEMCACHE"]
        case .elasticsearch: ["ELASTICSEARCH", "ELASTIC", "ES"]
        case .kafka: ["KAFKA"]
        case .nats: ["NATS"]
        case .objectStorage: []
        }
    }
}
