/// A part of the address of a service, by the name of the variable that holds it: `REDIS_HOST`, `RABBITMQ_PASSWORD`.
enum ServicePart: Equatable {
    case host
    case port
    case hostAndPort
    case user
    case password
    case url
    /// RabbitMQ's part of a broker, or Redis' number of a database.
    case space

    /// Nil when the name is about another service, or about none.
    init?(_ kind: Facts.BackingService.Kind, _ variable: String) {
        let words = variable.uppercased().split(separator: "_").map(String.init)
        guard words.count > 1, words.contains(where: { Self.names(kind).contains($0) }), let part = Self(end: words)
        else { return nil }
        self = part
    }

    /// What the end of a name says whose family is not looked at: `BROKER__VIRTUAL_HOST`.
    init?(endOf variable: String) {
        let words = variable.uppercased().split(separator: "_").map(String.init)
        guard words.count > 1 else { return nil }
        self.init(end: words)
    }

    /// What the end of a name says: `HOST`; nil for another word.
    init?(_ word: String) {
        switch word.uppercased() {
        case let word where Vocabulary.hosts.contains(word): self = .host
        case "PORT": self = .port
        case let word where Vocabulary.authorities.contains(word): self = .hostAndPort
        case "USER", "USERNAME": self = .user
        case "PASSWORD", "PASS": self = .password
        case let word where Vocabulary.urls.contains(word): self = .url
        case "VHOST", "VIRTUALHOST", "DB": self = .space
        default: return nil
        }
    }

    /// The service among `kinds` that a variable is about by the part that it plays, whatever runs there: `BROKER__HOST`,
    /// `CACHE_PORT`.
    static func role(_ variable: String, among kinds: Set<Facts.BackingService.Kind>) -> Facts.BackingService.Kind? {
        guard let part = ServicePart(endOf: variable), part != .space || variable.uppercased().contains("VHOST") else {
            return nil
        }
        let words = Set(variable.uppercased().split(separator: "_").dropLast().map(String.init))
        guard words.isDisjoint(with: foreign) else { return nil }
        if !words.isDisjoint(with: ["BROKER", "MQ", "QUEUE", "MESSAGING", "TASKIQ", "FASTSTREAM"]) {
            return [.rabbitmq, .redis].first(where: kinds.contains)
        }
        return words.contains("CACHE") ? [.redis, .memcached].first(where: kinds.contains) : nil
    }

    // MARK: - Private

    /// Families that a broker or a queue of that name is of, and that are not here.
    private static let foreign: Set<String> = [
        "KAFKA", "NATS", "MQTT", "SQS", "AZURE", "AWS", "PULSAR", "SMTP", "MAIL",
    ]

    private init?(end words: [String]) {
        guard let last = words.last else { return nil }
        if last == "HOST", words.dropLast().last == "VIRTUAL" {
            self = .space
        } else {
            self.init(last)
        }
    }

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
