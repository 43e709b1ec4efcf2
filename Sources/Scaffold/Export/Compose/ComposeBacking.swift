import Model

/// The database and the services that a Compose file brings along.
struct ComposeBacking {
    private let plan: ExportPlan
    /// In the order of the file.
    private(set) var services: [Tree.Entry] = []
    private(set) var volumes: [String] = []
    private(set) var secrets: Tree = [:]
    /// Passwords that the user has to make up.
    private(set) var passwords: [String] = []
    /// What has to be had from elsewhere.
    private(set) var missing: [String] = []

    init(_ plan: ExportPlan) {
        self.plan = plan
        addDatabase()
        for service in plan.facts.services where !services.contains(where: { $0.key == service.kind.label }) {
            add(service.kind)
        }
    }

    /// The address of what is in the file, with the password as a variable; nil when the user has to say.
    func address(of variable: ExportPlan.Variable) -> String? {
        switch variable.purpose {
        case .app: return nil
        case .database:
            guard has("db") else { return nil }
            let (port, password) = Self.parts(plan.facts.database?.engine)
            return address(variable, at: "db", port: port, password: password)
        case .service(let kind):
            guard has(kind.label) else { return nil }
            let (port, password) = Self.parts(kind)
            return address(variable, at: kind.label, port: port, password: password)
        }
    }

    /// When what depends on a service may start.
    func condition(of service: Tree.Entry) -> String {
        guard case .table(let entries) = service.value else { return "service_started" }
        return entries.contains { $0.key == "healthcheck" } ? "service_healthy" : "service_started"
    }

    // MARK: - Database

    /// Database, user and volume have the same name in every engine.
    private static let databaseName = "app"

    private mutating func addDatabase() {
        guard let database = plan.facts.database else { return }
        // A pooled address means that somebody else runs the database.
        guard database.pooler == nil else {
            missing.append("the database behind the pooler: it stays where it is")
            return
        }
        switch database.engine {
        case .postgresql: addPostgres(major: database.majorVersion ?? 18)
        case .mysql: addMySQL(major: database.majorVersion)
        case .mongodb: addMongo(major: database.majorVersion ?? 8)
        case .elasticsearch: addElasticsearch("db", major: database.majorVersion)
        case .mssql, .oracle: missing.append("a \(database.engine.rawValue) database: there is no image to start")
        case .sqlite: break
        }
    }

    private mutating func addPostgres(major: Int) {
        let password = password("POSTGRES_PASSWORD")
        add(
            "db",
            image: "postgres:\(major)",
            [
                "environment": [
                    "POSTGRES_DB": .string(Self.databaseName), "POSTGRES_USER": .string(Self.databaseName),
                    "POSTGRES_PASSWORD_FILE": .string(password),
                ],
                "secrets": ["db_password"],
                // From 18 on the image keeps a folder for each version below it, and refuses the old place.
                "volumes": [.string("db:/var/lib/postgresql\(major >= 18 ? "" : "/data")")],
                "healthcheck": Self.check("pg_isready -q -U \(Self.databaseName) -d \(Self.databaseName)"),
            ]
        )
        volumes.append("db")
    }

    private mutating func addMySQL(major: Int?) {
        let password = password("MYSQL_PASSWORD")
        add(
            "db",
            image: "mysql:\(major.map(String.init) ?? "8.4")",
            [
                "environment": [
                    "MYSQL_DATABASE": .string(Self.databaseName), "MYSQL_USER": .string(Self.databaseName),
                    "MYSQL_PASSWORD_FILE": .string(password), "MYSQL_RANDOM_ROOT_PASSWORD": "yes",
                ],
                "secrets": ["db_password"],
                "volumes": ["db:/var/lib/mysql"],
                // Over TCP: the server that sets the database up listens on its socket alone.
                "healthcheck": Self.check("mysqladmin ping --silent -h 127.0.0.1"),
            ]
        )
        volumes.append("db")
    }

    private mutating func addMongo(major: Int) {
        let password = password("MONGO_PASSWORD")
        add(
            "db",
            image: "mongo:\(major)",
            [
                "environment": [
                    "MONGO_INITDB_ROOT_USERNAME": .string(Self.databaseName),
                    "MONGO_INITDB_ROOT_PASSWORD_FILE": .string(password),
                ],
                "secrets": ["db_password"],
                "volumes": ["db:/data/db"],
                "healthcheck": Self.check("mongosh --quiet --eval 'db.adminCommand({ping: 1}).ok'"),
            ]
        )
        volumes.append("db")
    }

    private mutating func addElasticsearch(_ name: String, major: Int?) {
        add(
            name,
            image: "elasticsearch:\(major.map { $0 >= 9 ? "9.1.0" : "8.19.0" } ?? "8.19.0")",
            [
                // Without passwords: only the app can reach it on its internal network.
                "environment": [
                    "discovery.type": "single-node", "xpack.security.enabled": "false",
                    "ES_JAVA_OPTS": "-Xms512m -Xmx512m",
                ],
                "volumes": [.string("\(name):/usr/share/elasticsearch/data")],
                "healthcheck": Self.check("curl -fsS http://127.0.0.1:9200/_cluster/health >/dev/null"),
            ]
        )
        volumes.append(name)
    }

    private mutating func password(_ variable: String) -> String {
        passwords.append(variable)
        secrets = ["db_password": ["environment": .string(variable)]]
        return "/run/secrets/db_password"
    }

    /// The address in the form that the variable wants.
    private func address(_ variable: ExportPlan.Variable, at host: String, port: Int, password: String) -> String? {
        let form = ConnectionForms(plan.facts).form(of: variable.name, for: variable.purpose, shape: variable.form)
        // Where no password is asked for, none may be given.
        guard let form, !password.isEmpty || !form.text.contains("{password}") else { return nil }
        return form.value(
            .init(
                host: host,
                port: String(port),
                user: Self.databaseName,
                password: password.isEmpty ? "" : "${\(password):?set \(password)}",
                database: Self.databaseName
            )
        )
    }

    private static func parts(_ engine: Facts.Database.Engine?) -> (port: Int, password: String) {
        switch engine {
        case .mysql: (3306, "MYSQL_PASSWORD")
        case .mongodb: (27017, "MONGO_PASSWORD")
        case .elasticsearch: (9200, "ELASTIC_PASSWORD")
        case .postgresql, .sqlite, .mssql, .oracle, nil: (5432, "POSTGRES_PASSWORD")
        }
    }

    // MARK: - Services

    private mutating func add(_ kind: Facts.BackingService.Kind) {
        switch kind {
        case .redis:
            addStore("redis", "redis:8-alpine", at: "/data", ["redis-server", "--appendonly", "yes"], "redis-cli ping")
        case .rabbitmq: addRabbit()
        case .memcached: add("memcached", image: "memcached:1-alpine", [:])
        case .elasticsearch: addElasticsearch("elasticsearch", major: nil)
        case .kafka: addKafka()
        case .nats:
            let command = ["-js", "-sd", "/data", "-m", "8222"]
            addStore(
                "nats",
                "nats:2-alpine",
                at: "/data",
                command,
                "wget -q -O /dev/null http://127.0.0.1:8222/healthz"
            )
        case .objectStorage: missing.append("object storage: a bucket of a provider, and its keys")
        }
    }

    private mutating func addStore(
        _ name: String,
        _ image: String,
        at path: String,
        _ command: [String],
        _ check: String
    ) {
        add(
            name,
            image: image,
            [
                "command": .strings(command),
                "volumes": [.string("\(name):\(path)")],
                "healthcheck": Self.check(check),
            ]
        )
        volumes.append(name)
    }

    private mutating func addRabbit() {
        passwords.append("RABBITMQ_PASSWORD")
        add(
            "rabbitmq",
            image: "rabbitmq:4-alpine",
            [
                // A fixed name: the data folder is named after it.
                "hostname": "rabbitmq",
                "environment": [
                    "RABBITMQ_DEFAULT_USER": .string(Self.databaseName),
                    "RABBITMQ_DEFAULT_PASS": .template("${RABBITMQ_PASSWORD:?set RABBITMQ_PASSWORD}"),
                ],
                "volumes": ["rabbitmq:/var/lib/rabbitmq"],
                "healthcheck": Self.check("rabbitmq-diagnostics -q ping"),
            ]
        )
        volumes.append("rabbitmq")
    }

    private mutating func addKafka() {
        add(
            "kafka",
            image: "apache/kafka:4.1.0",
            [
                "environment": [
                    "KAFKA_NODE_ID": "1",
                    "KAFKA_PROCESS_ROLES": "broker,controller",
                    "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
                    "KAFKA_ADVERTISED_LISTENERS": "PLAINTEXT://kafka:9092",
                    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
                    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
                    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
                    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
                    "KAFKA_LOG_DIRS": "/var/lib/kafka/data",
                ],
                "volumes": ["kafka:/var/lib/kafka/data"],
            ]
        )
        volumes.append("kafka")
    }

    private static func parts(_ kind: Facts.BackingService.Kind) -> (port: Int, password: String) {
        switch kind {
        case .redis: (6379, "")
        case .rabbitmq: (5672, "RABBITMQ_PASSWORD")
        case .memcached: (11211, "")
        case .elasticsearch: (9200, "")
        case .kafka: (9092, "")
        case .nats: (4222, "")
        case .objectStorage: (443, "")
        }
    }

    // MARK: - Private

    private func has(_ name: String) -> Bool { services.contains { $0.key == name } }

    private mutating func add(_ name: String, image: String, _ rest: Tree) {
        let service: Tree = ["image": .string(image)]
        services.append(
            .init(
                name,
                service.merging(rest).merging([
                    "stop_grace_period": "1m",
                    "restart": "unless-stopped",
                    "logging": ComposeExport.logging,
                    "networks": ["data"],
                ])
            )
        )
    }

    private static func check(_ command: String) -> Tree {
        [
            "test": .strings(["CMD-SHELL", command]),
            "interval": "5s", "timeout": "5s", "retries": 10, "start_period": "30s",
        ]
    }
}

extension Facts.Database {
    /// The scheme of its address, as the driver and the layer above it read it.
    var scheme: String {
        switch engine {
        case .postgresql: isTortoise ? "postgres" : "postgresql\(dialect(["asyncpg", "psycopg", "psycopg2"]))"
        case .mysql: isTortoise ? "mysql" : "mysql\(dialect(["aiomysql", "asyncmy", "pymysql", "mysqlclient"]))"
        case .mongodb: "mongodb"
        case .elasticsearch: "http"
        case .sqlite: "sqlite"
        case .mssql: "mssql"
        case .oracle: "oracle"
        }
    }

    private var isTortoise: Bool { orm == "tortoise" }

    /// SQLAlchemy takes the driver into the scheme; used without it, drivers don't know that form.
    private func dialect(_ drivers: [String]) -> String {
        guard orm?.hasPrefix("sql") == true, let driver, drivers.contains(driver) else { return "" }
        return driver == "mysqlclient" ? "+mysqldb" : "+\(driver)"
    }
}
