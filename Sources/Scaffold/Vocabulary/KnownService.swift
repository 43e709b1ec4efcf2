/// What an image of others runs, told by its name; that of one's own and of those that nobody knows is nil.
enum KnownService: Sendable {
    case database, cache, broker, proxy
    /// Beside them: a mail catcher, a collector, a page to look into a database.
    case tool

    /// - Parameter text: an image with or without its registry and tag, `docker.io/library/nginx:1.29`.
    init?(image text: String) {
        let path = text.lowercased().prefix { $0 != "@" }
        let name = String((path.split(separator: "/").last ?? "").prefix { $0 != ":" })
        if let known = Self.names[name] {
            self = known
        } else if name == "server", path.contains("mssql") {
            self = .database
        } else if name.hasPrefix("postgres-") {
            self = .database
        } else if name.hasPrefix("redis-") {
            self = .cache
        } else {
            return nil
        }
    }

    /// Whether a name says that what is built or run under it is a database, a broker or a proxy, and no app.
    static func isMentioned(in text: String) -> Bool {
        let lower = text.lowercased()
        return ["postgres", "mysql", "mongo", "redis", "nginx", "rabbitmq", "adminer"].contains { lower.contains($0) }
    }

    // MARK: - Private

    private static let names: [String: KnownService] = {
        let lists: [(KnownService, [String])] = [
            (
                .database,
                [
                    "postgres", "postgresql", "postgis", "pgvector", "timescaledb", "timescaledb-ha", "edgedb",
                    "cockroach", "mysql", "mariadb", "percona", "mssql", "sqlserver", "oracle", "mongo", "mongodb",
                    "couchdb", "cassandra", "scylla", "neo4j", "influxdb", "clickhouse", "clickhouse-server",
                    "elasticsearch", "opensearch", "meilisearch", "typesense", "qdrant", "weaviate", "milvus", "chroma",
                ]
            ),
            (
                .cache,
                ["redis", "redis-stack", "redis-stack-server", "valkey", "keydb", "dragonfly", "memcached"]
            ),
            (
                .broker,
                [
                    "rabbitmq", "kafka", "cp-kafka", "redpanda", "zookeeper", "nats", "activemq", "pulsar", "mosquitto",
                ]
            ),
            (
                .proxy,
                [
                    "nginx", "nginx-unprivileged", "nginx-proxy", "nginx-proxy-manager", "traefik", "caddy", "haproxy",
                    "httpd", "envoy", "docker-socket-proxy",
                ]
            ),
            (
                .tool,
                [
                    "adminer", "pgadmin4", "phpmyadmin", "mongo-express", "redisinsight", "mailhog", "mailpit",
                    "mailcatcher", "maildev", "minio", "localstack", "prometheus", "grafana", "jaeger", "loki",
                    "otel-collector", "vault", "consul", "etcd",
                ]
            ),
        ]
        return Dictionary(lists.flatMap { kind, names in names.map { ($0, kind) } }) { first, _ in first }
    }()
}
