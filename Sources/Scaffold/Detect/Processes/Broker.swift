import Model

/// Tells what carries the messages between an app and its workers.
struct Broker {
    private let context: ScanContext
    private let resolver: NameResolver

    init(_ context: ScanContext, _ resolver: NameResolver) {
        self.context = context
        self.resolver = resolver
    }

    /// By the object's own arguments and settings, then by what is beside the app.
    func kind(of queue: CodeProcesses.Queue) -> String? {
        if let known = Self.kind(ofName: queue.call.function) { return known }
        let given = [queue.call["broker"], queue.call["broker_url"], queue.call["url"], queue.call["backend"]]
            .compactMap { $0 }
        for value in given + (queue.call.function.contains("Celery") ? [] : queue.call.arguments) {
            if let found = kind(of: value, in: queue.scope) { return found }
        }
        for module in resolver.modules {
            for assign in module.assigns
            where assign.target.hasSuffix(".broker_url") || Self.names.contains(assign.target) {
                let scope = NameResolver.Scope(module.path, assign.scope)
                if let value = assign.value, let found = kind(of: value, in: scope) { return found }
            }
            for call in module.calls {
                if let value = call["broker_url"],
                    let found = kind(of: value, in: NameResolver.Scope(module.path, call.scope))
                {
                    return found
                }
            }
        }
        return usual
    }

    /// What the libraries and the services beside the app leave to choose from.
    var usual: String? {
        if let celery = context.facts.dependencies.first(where: { $0.name == "celery" }) {
            for extra in celery.extras {
                if let found = Self.kind(ofName: extra) { return found }
            }
        }
        let kinds = context.facts.services.map(\.kind)
        let images = ComposeFiles(context).services.map { $0.image.lowercased() }
        if kinds.contains(.rabbitmq) || images.contains(where: { $0.contains("rabbitmq") }) { return "amqp" }
        let hasRedis = kinds.contains(.redis) || images.contains { $0.contains("redis") || $0.contains("valkey") }
        return hasRedis || context.depends(on: "redis") ? "redis" : nil
    }

    /// `redis`, `amqp`, `sqs` by an address or a name.
    static func kind(ofName text: String) -> String? {
        let lower = text.lowercased()
        for (mark, kind) in [
            ("redis", "redis"), ("valkey", "redis"), ("amqp", "amqp"), ("rabbit", "amqp"), ("pyamqp", "amqp"),
            ("sqs", "sqs"),
            ("listqueue", "redis"), ("pubsubbroker", "redis"), ("nats", "nats"), ("kafka", "kafka"),
            ("pubsub", "pubsub"),
            ("sqla+", "sql"), ("db+", "sql"), ("aiopika", "amqp"), ("aio_pika", "amqp"),
        ] where lower.contains(mark) { return kind }
        return nil
    }

    // MARK: - Private

    private static let names: Set<String> = [
        "broker_url", "CELERY_BROKER_URL", "BROKER_URL", "celery_broker_url", "CELERY_BROKER", "broker",
    ]

    private func kind(of value: PythonValue, in scope: NameResolver.Scope) -> String? {
        if let text = resolver.text(value, in: scope), let found = Self.kind(ofName: text) { return found }
        for name in resolver.variables(in: value, scope: scope) {
            if let found = Self.kind(ofName: name)
                ?? context.facts.environment.first(where: { $0.name == name })?.defaultValue.flatMap(Self.kind(ofName:))
            {
                return found
            }
        }
        if case .formatted(let text) = value { return Self.kind(ofName: text) }
        return value.name.flatMap { Self.kind(ofName: $0.split(separator: ".").last.map(String.init) ?? "") }
    }
}
