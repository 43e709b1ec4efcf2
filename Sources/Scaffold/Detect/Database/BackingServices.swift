/// Finds what an app talks to beside its database.
///
/// A dependency alone is no service: it counts when the code imports it and something says where it is.
enum BackingServices {
    typealias Kind = Facts.BackingService.Kind

    static func find(
        _ code: AppCode,
        _ variables: [Facts.Variable],
        _ context: ScanContext,
        database: Facts.Database.Engine?
    ) -> [Facts.BackingService] {
        let compose = ComposeFiles(context)
        return rows.compactMap { row in
            if row.kind == .elasticsearch, database == .elasticsearch { return nil }
            return find(row, code, variables, compose, context)
        }
    }

    /// What an image of a Compose file runs.
    static func kind(ofImage image: String) -> Kind? { rows.first { isImage(image, $0) }?.kind }

    /// What an address leads to, by its scheme.
    static func kind(ofAddress text: String) -> Kind? { rows.first { isAddress(text, $0) }?.kind }

    /// What a variable is about, by the words of its name.
    static func kind(ofName name: String) -> Kind? {
        let words = name.uppercased().split { !$0.isLetter && !$0.isNumber }
        return rows.first { row in words.contains(where: row.words.contains) }?.kind
    }

    // MARK: - Private

    private struct Row {
        var kind: Kind
        /// What is imported.
        var modules: [String]
        /// Extras and packages that bring it without an import of its own.
        var dependencies: [String]
        var schemes: [String]
        var images: [String]
        /// Parts of the names of variables.
        var words: Set<Substring>
    }

    private static let rows = [
        Row(
            kind: .redis,
            modules: [
                "redis", "aioredis", "arq", "fastapi_limiter", "aiocache", "redis_om", "rq", "coredis", "fastapi_cache",
                "limits",
            ],
            dependencies: ["redis", "aioredis", "arq", "rq"],
            schemes: ["redis", "rediss", "redis+sentinel"],
            images: ["redis", "valkey", "keydb", "dragonfly"],
            words: ["REDIS", "VALKEY", "REDISURL"]
        ),
        Row(
            kind: .rabbitmq,
            modules: ["pika", "aio_pika", "aiormq", "faststream.rabbit", "kombu"],
            dependencies: ["pika", "aio-pika", "aiormq"],
            schemes: ["amqp", "amqps", "pyamqp"],
            images: ["rabbitmq"],
            words: ["RABBITMQ", "RABBIT", "AMQP", "CLOUDAMQP"]
        ),
        Row(
            kind: .memcached,
            modules: ["pymemcache", "aiomcache", "pylibmc", "bmemcached"],
            dependencies: ["pymemcache", "aiomcache", "pylibmc"],
            schemes: ["memcached"],
            images: ["memcached"],
            words: ["MEMCACHED", "MEMCACHE", "MEMCACHIER"]
        ),
        Row(
            kind: .elasticsearch,
            modules: ["elasticsearch", "elasticsearch_dsl", "opensearchpy"],
            dependencies: ["elasticsearch", "opensearch-py"],
            schemes: [],
            images: ["elasticsearch", "opensearch"],
            words: ["ELASTICSEARCH", "ELASTIC", "OPENSEARCH", "ES"]
        ),
        Row(
            kind: .objectStorage,
            modules: [
                "boto3", "aioboto3", "aiobotocore", "minio", "miniopy_async", "s3fs", "google.cloud.storage",
                "azure.storage",
            ],
            dependencies: ["minio"],
            schemes: ["s3", "gs"],
            images: ["minio", "garage", "seaweedfs"],
            words: ["S3", "MINIO", "BUCKET", "GCS", "R2", "SPACES"]
        ),
        Row(
            kind: .kafka,
            modules: ["aiokafka", "kafka", "confluent_kafka", "faust", "faststream.kafka"],
            dependencies: ["aiokafka", "kafka-python", "confluent-kafka"],
            schemes: ["kafka"],
            images: ["kafka", "redpanda"],
            words: ["KAFKA", "BOOTSTRAP", "REDPANDA"]
        ),
        Row(
            kind: .nats,
            modules: ["nats", "faststream.nats"],
            dependencies: ["nats-py"],
            schemes: ["nats"],
            images: ["nats"],
            words: ["NATS"]
        ),
    ]

    private static func find(
        _ row: Row,
        _ code: AppCode,
        _ variables: [Facts.Variable],
        _ compose: ComposeFiles,
        _ context: ScanContext
    ) -> Facts.BackingService? {
        var evidence: [Facts.Evidence] = []
        for module in code.modules where code.isReached(module) || evidence.isEmpty {
            if let item = module.imports.first(where: { imported($0, row) }) {
                evidence.append(.init(Place(module.path, item.line), "import of \(item.target)"))
            }
        }
        let isImported = !evidence.isEmpty
        let addresses = code.modules.flatMap { module in
            module.strings.filter { isAddress($0.value, row) }.map {
                Facts.Evidence(Place(module.path, $0.line), "an address of it")
            }
        }
        let names = named(row, variables)
        let images = compose.services.filter { service in isImage(service.image, row) }
            .map { Facts.Evidence(Place($0.file, $0.line), "image \($0.image.withoutControls)") }
        let depends = context.facts.dependencies.contains { dependency in
            dependency.group == nil
                && (row.dependencies.contains(dependency.name) || dependency.extras.contains(row.kind.rawValue))
        }
        let isConfigured = !addresses.isEmpty || !names.isEmpty || !images.isEmpty
        // An address in the code or a variable of its own is use enough for what Celery and others connect to.
        guard isConfigured, isImported || (depends && (!addresses.isEmpty || !names.isEmpty)) || !addresses.isEmpty
        else { return nil }
        if row.kind == .objectStorage, !isImported { return nil }
        var service = Facts.BackingService(row.kind)
        service.variable = names.first?.name
        let told = names.compactMap { variable in variable.place.map { Facts.Evidence($0, variable.name) } }
        service.evidence = Array((addresses.prefix(1) + told.prefix(1) + images.prefix(1) + evidence.prefix(1)))
        return service
    }

    private static func imported(_ item: PythonModule.Import, _ row: Row) -> Bool {
        item.level ?? 0 == 0 && row.modules.contains { item.target == $0 || item.target.hasPrefix($0 + ".") }
    }

    private static func isAddress(_ text: String, _ row: Row) -> Bool {
        row.schemes.contains { text.hasPrefix($0 + "://") }
    }

    private static func isImage(_ image: String, _ row: Row) -> Bool {
        let name = TreePath.name(of: image).prefix { $0 != ":" && $0 != "@" }.lowercased()
        let others = ["exporter", "commander", "insight", "ui", "zookeeper", "manager", "dashboards"]
        return row.images.contains { name.contains($0) } && !others.contains { name.contains($0) }
    }

    /// Variables named for it, those that hold an address first.
    private static func named(_ row: Row, _ variables: [Facts.Variable]) -> [Facts.Variable] {
        let endings: [Substring] = [
            "URL", "URI", "DSN", "SERVERS", "ENDPOINT", "HOST", "HOSTS", "ADDRESS", "SERVER", "IP", "BUCKET",
        ]
        let ranked = variables.compactMap { variable -> (rank: Int, variable: Facts.Variable)? in
            let parts = variable.name.uppercased().split { !$0.isLetter && !$0.isNumber }
            guard parts.contains(where: row.words.contains), !parts.contains("TEST"), let last = parts.last else {
                return nil
            }
            return (endings.firstIndex(of: last) ?? endings.count, variable)
        }
        return ranked.sorted {
            ($0.rank, $0.variable.name.count, $0.variable.name) < ($1.rank, $1.variable.name.count, $1.variable.name)
        }
        .map(\.variable)
    }
}
