import Model
import Scaffold
import Testing
import Toolkit

/// Nothing that a project says is dropped on the way out: it is in a file, or it is named.
@Suite("Exports drop nothing")
struct ExportCoverageTests {
    /// Something that a project may have.
    struct Feature: CustomTestStringConvertible, Sendable {
        var name: String
        /// One of these has to be in a file, a note or what is needed; which one depends on the target.
        var marks: [String]
        var change: @Sendable (inout ExportInput) -> Void

        init(_ name: String, _ marks: String..., change: @escaping @Sendable (inout ExportInput) -> Void) {
            self.name = name
            self.marks = marks
            self.change = change
        }

        var testDescription: String { name }
    }

    @Test("of the facts", arguments: ofFacts)
    func facts(feature: Feature) throws {
        var base = ExportInput(facts: FactsSamples.named("static-templates"))
        base.facts.statics = []
        try check(feature, base)
    }

    @Test("of fly.toml", arguments: ofConfig)
    func config(feature: Feature) throws {
        try check(feature, ExportInput(facts: FactsSamples.named("static-templates"), config: Self.small))
    }

    @Test("of keys that only Fly acts on, read as a whole", arguments: ExportTarget.allCases)
    func rest(target: ExportTarget) throws {
        let text = """
            app = "shop"
            console_command = "/app/shell"
            host_dedication_id = "dedi-7"
            container = "sidecar"
            [experimental]
              auto_rollback = true
            [build]
              compression = "zstd"
              [build.compose]
                file = "compose.fly.yaml"
            [deploy]
              seed_command = "load-fixtures"
              [deploy.release_command_vm]
                size = "shared-cpu-2x"
                kernel_args = ["quiet"]
            [[mounts]]
              source = "uploads"
              destination = "/srv/uploads"
              snapshot_retention = 14
              auto_extend_size_threshold = 81
              auto_extend_size_increment = "3GB"
              auto_extend_size_limit = "30GB"
            [http_service]
              internal_port = 8000
              [http_service.http_options]
                idle_timeout = 77
                [http_service.http_options.response.headers]
                  X-Shop = "open"
              [http_service.tls_options]
                alpn = ["h2"]
              [[http_service.checks]]
                path = "/healthz"
                protocol = "https"
                tls_server_name = "inner.example.com"
              [[http_service.machine_checks]]
                command = ["probe-service"]
            [[services]]
              internal_port = 9000
              protocol = "udp"
              [[services.ports]]
                start_port = 5000
                end_port = 5009
            [[machine_checks]]
              command = ["probe-all"]
            [[files]]
              guest_path = "/etc/shop.conf"
              raw_value = "c2VjcmV0"
            [[statics]]
              guest_path = "/app/public"
              url_prefix = "/assets"
            [[metrics]]
              port = 9464
              path = "/metrics-here"
            [[vm]]
              size = "shared-cpu-1x"
              kernel_args = ["nosmt"]
              persist_rootfs = "always"
            """
        let root = try ConfigFormat.toml.parse(Array(text.utf8), file: "fly.toml")
        let config = try AppConfig.read(root, file: "fly.toml", regions: [Regions.local]).config
        let made = try Exporter.export(
            target,
            ExportInput(facts: FactsSamples.named("static-templates"), config: config)
        )
        let said = (made.files.map(\.text) + made.notes + made.needed).joined(separator: "\n")
        for mark in [
            "/app/shell", "dedi-7", "sidecar", "auto_rollback", "zstd", "compose.fly.yaml", "load-fixtures", "quiet",
            "snapshot_retention 14", "threshold 81", "increment 3GB", "limit 30GB", "idle_timeout 77", "X-Shop", "h2",
            "https", "inner.example.com", "probe-service", "udp", "5000", "5009", "probe-all", "/etc/shop.conf",
            "/app/public", "/assets", "9464", "/metrics-here", "nosmt", "always",
        ] {
            #expect(said.contains(mark), "\(target.rawValue) drops \(mark)")
        }
        #expect(!said.contains("c2VjcmV0"))
    }

    private func check(_ feature: Feature, _ base: ExportInput) throws {
        var changed = base
        feature.change(&changed)
        for target in ExportTarget.allCases {
            let before = try text(target, base)
            let after = try text(target, changed)
            #expect(before != after, "\(target.rawValue) says nothing of it")
            #expect(
                feature.marks.contains { after.contains($0) && !before.contains($0) },
                "\(target.rawValue): \(feature.marks)"
            )
        }
    }

    private func text(_ target: ExportTarget, _ input: ExportInput) throws -> String {
        let made = try Exporter.export(target, input)
        return (made.files.map { "\($0.path)\n\($0.text)" } + made.notes + made.needed).joined(separator: "\n")
    }

    /// The least that has a web process.
    private static let small: AppConfig = {
        var config = AppConfig()
        config.app = "shop"
        config.httpService = AppConfig.Service()
        config.httpService?.settings.internalPort = 8000
        config.httpService?.settings.forceHTTPS = true
        return config
    }()

    // MARK: - Facts

    private static let ofFacts: [Feature] = [
        Feature("worker", "app.worker.Settings") { input in
            input.facts.processes = [.init("worker", .arq, command: ["arq", "app.worker.Settings"])]
        },
        Feature("singleton", "once", "Recreate", "tasks beat", "\"tasks\" \"beat\"", "tasks, beat") { input in
            input.facts.processes = [
                .init("beat", .celeryBeat, command: ["celery", "-A", "tasks", "beat"], isSingleton: true)
            ]
        },
        Feature("optional process", "tasks flower", "tasks, flower", "\"tasks\" \"flower\"") { input in
            var flower = Facts.Process("flower", .flower, command: ["celery", "-A", "tasks", "flower"])
            flower.isOptional = true
            input.facts.processes = [flower]
        },
        Feature("work inside the web process", "sweeper runs inside") { input in
            input.facts.processes = [.init("sweeper", .inProcess, command: [], isSingleton: true)]
        },
        Feature("state in the process", "rooms (ws.py:3)") { $0.facts.traits.stateInProcess = ["rooms (ws.py:3)"] },
        Feature("PostgreSQL", "postgres") { $0.facts.database = FactsSamples.database(.postgresql, "asyncpg", nil) },
        Feature("MySQL", "mysql", "jawsdb") { $0.facts.database = FactsSamples.database(.mysql, "aiomysql", nil) },
        Feature("MongoDB", "mongo") { $0.facts.database = FactsSamples.database(.mongodb, "motor", nil) },
        Feature("Elasticsearch", "elasticsearch") {
            $0.facts.database = FactsSamples.database(.elasticsearch, nil, nil)
        },
        Feature("SQL Server", "mssql") { $0.facts.database = FactsSamples.database(.mssql, nil, nil) },
        Feature("Oracle", "oracle") { $0.facts.database = FactsSamples.database(.oracle, nil, nil) },
        Feature("SQLite", "SQLite file data/a.db") { input in
            input.facts.database = FactsSamples.database(.sqlite, nil, nil)
            input.facts.database?.file = "data/a.db"
        },
        Feature("pooler", "pooled database") { input in
            input.facts.database = FactsSamples.database(.postgresql, "asyncpg", nil)
            input.facts.database?.pooler = .transaction
        },
        Feature("Redis", "redis") { $0.facts.services = [FactsSamples.service(.redis, nil)] },
        Feature("RabbitMQ", "rabbitmq", "cloudamqp") { $0.facts.services = [FactsSamples.service(.rabbitmq, nil)] },
        Feature("memcached", "memcached", "memcachier") { $0.facts.services = [FactsSamples.service(.memcached, nil)] },
        Feature("Elasticsearch beside", "elasticsearch") {
            $0.facts.services = [FactsSamples.service(.elasticsearch, nil)]
        },
        Feature("Kafka", "kafka") { $0.facts.services = [FactsSamples.service(.kafka, nil)] },
        Feature("NATS", "nats") { $0.facts.services = [FactsSamples.service(.nats, nil)] },
        Feature("object storage", "object storage") { $0.facts.services = [FactsSamples.service(.objectStorage, nil)] },
        Feature("migrations", "upgrade head", "upgrade, head", "\"upgrade\" \"head\"", "\"upgrade\", \"head\"") {
            input in
            input.facts.migrations = FactsSamples.alembic()
        },
        Feature("migrations in the app", "in-app") { $0.facts.migrations = .init(.inApp, command: []) },
        Feature(
            "migrations that an entrypoint runs",
            "run at each start of the app (entrypoint.sh:4)",
            "migrations with alembic"
        ) {
            input in
            input.facts.existing.dockerfile = "Dockerfile"
            input.facts.migrations = FactsSamples.alembic()
            input.facts.migrations?.runBy = [.init(.entrypoint, Place("entrypoint.sh", 4))]
        },
        Feature("static files", "files below /static (assets)") { input in
            input.facts.statics = [.init(path: "/static", directory: "assets", kind: "StaticFiles")]
        },
        Feature("front end", "the front end in web") { input in
            input.facts.frontend = .init(directory: "web", isServed: false, packageManager: "npm")
        },
        Feature("WebSockets", "WebSockets", "3600s") { $0.facts.traits.websockets = true },
        Feature("streams", "streamed answers", "proxy_buffering off") { $0.facts.traits.streaming = true },
        Feature("uploads", "uploads", "client_max_body_size 100m") { $0.facts.traits.uploads = true },
        Feature("written folders", "var/cache") { $0.facts.writePaths = ["var/cache"] },
        Feature("secret", "API_TOKEN") { $0.facts.environment = [FactsSamples.variable("API_TOKEN", secret: true)] },
        Feature("optional secret", "SENTRY_DSN") { input in
            input.facts.environment = [FactsSamples.variable("SENTRY_DSN", secret: true, required: false)]
        },
        Feature("required setting", "SHOP_NAME") { $0.facts.environment = [FactsSamples.variable("SHOP_NAME")] },
        Feature("health path", "/livez") { $0.facts.health.live = "/livez" },
        Feature("other apps", "apps in one, two") { input in
            input.facts.roots = [.init(folder: "one", framework: .fastapi), .init(folder: "two", framework: .flask)]
        },
    ]

    // MARK: - fly.toml

    private static let ofConfig: [Feature] = [
        Feature("region", "primary_region ams") { $0.config?.primaryRegion = "ams" },
        Feature("image", "registry.example.com/shop:7") { $0.config?.build.image = "registry.example.com/shop:7" },
        Feature("Dockerfile", "deploy/Dockerfile.web") { $0.config?.build.dockerfile = "deploy/Dockerfile.web" },
        Feature("stage", "stage-three") { $0.config?.build.target = "stage-three" },
        Feature("build argument", "EDITION=full", "EDITION: full") { $0.config?.build.args = ["EDITION": "full"] },
        Feature("ignorefile", "deploy/ignored") { $0.config?.build.ignorefile = "deploy/ignored" },
        Feature("builder", "heroku/builder:24") { $0.config?.build.builder = "heroku/builder:24" },
        Feature("buildpacks", "gcr.io/buildpack") { $0.config?.build.buildpacks = ["gcr.io/buildpack"] },
        Feature("variable", "LOG_FORMAT") { $0.config?.env = ["LOG_FORMAT": "json"] },
        Feature("strategy", "strategy bluegreen") { $0.config?.deploy.strategy = .bluegreen },
        Feature("max_unavailable", "max_unavailable 0.5") { $0.config?.deploy.maxUnavailable = 0.5 },
        Feature("wait_timeout", "wait_timeout 9m", "progressDeadlineSeconds: 540") {
            $0.config?.deploy.waitTimeout = "9m"
        },
        Feature("release command", "prepare db", "prepare, db", "\"prepare\" \"db\"", "\"prepare\", \"db\"") { input in
            input.config?.deploy.releaseCommand = ["prepare", "db"]
        },
        Feature("its timeout", "command_timeout 7m", "Seconds: 420", "StartSec=420") { input in
            input.config?.deploy.releaseCommand = ["prepare"]
            input.config?.deploy.releaseCommandTimeout = "7m"
        },
        Feature("its size", "2 shared CPUs, 1024 MiB", "1024Mi", "1024M", "\"memory\": 2048") { input in
            input.config?.deploy.releaseCommand = ["prepare"]
            input.config?.deploy.releaseCommandVM = .init(cpuKind: .shared, cpus: 2, memoryMiB: 1024)
        },
        Feature("process group", "crunch numbers", "crunch, numbers", "\"crunch\" \"numbers\"", "\"numbers\"") {
            input in
            input.config?.processes = ["app": [], "cruncher": ["crunch", "numbers"]]
            input.config?.httpService?.processes = ["app"]
        },
        Feature("host name", "shop.example.com") { $0.config?.httpService?.hostnames = ["shop.example.com"] },
        Feature("port", "9123") { $0.config?.httpService?.settings.internalPort = 9123 },
        Feature("autostop", "auto_stop_machines suspend") { $0.config?.httpService?.settings.autostop = .suspend },
        Feature("no autostart", "never started by a request") { $0.config?.httpService?.settings.autostart = false },
        Feature("least Machines", "running 3", "replicas: 3", "Replicas: 3", "Scale: \"3\"", "\"quantity\": 3") {
            input in
            input.config?.httpService?.settings.minMachinesRunning = 3
        },
        Feature("concurrency", "hard_limit 44") { input in
            input.config?.httpService?.settings.concurrency = .init(type: .requests, softLimit: 33, hardLimit: 44)
        },
        Feature("plain HTTP", "force_https off") { $0.config?.httpService?.settings.forceHTTPS = false },
        Feature("check", "/healthz/ready") { input in
            input.config?.httpService?.settings.checks = [httpCheck]
        },
        Feature("method of a check", "method POST") { input in
            var check = httpCheck
            check.method = "POST"
            input.config?.httpService?.settings.checks = [check]
        },
        Feature("header of a check", "X-Probe") { input in
            var check = httpCheck
            check.headers = ["X-Probe": "yes"]
            input.config?.httpService?.settings.checks = [check]
        },
        Feature("second check", "further check (tcp") { input in
            input.config?.httpService?.settings.checks = [httpCheck, .init(type: .tcp)]
        },
        Feature("service beside HTTP", "7101") { input in
            var service = AppConfig.Service()
            service.settings.internalPort = 7001
            service.settings.ports = [.init(port: 7101, handlers: [])]
            input.config?.services = [service]
        },
        Feature("check of its own", "check metrics-port (tcp on port 9191)") { input in
            input.config?.checks = ["metrics-port": .init(settings: .init(type: .tcp, port: 9191))]
        },
        Feature("size", "4 shared CPUs, 4096 MiB", "4096") { input in
            input.config?.vms = [.init(guest: .init(cpuKind: .shared, cpus: 4, memoryMiB: 4096))]
        },
        Feature("CPUs of its own", "2 performance CPUs", "cpu: \"2000m\"", "cpu: \"2\"", "\"cpu\": \"2048\"") { input in
            input.config?.vms = [.init(guest: .init(cpuKind: .performance, cpus: 2, memoryMiB: 4096))]
        },
        Feature("mount", "/srv/uploads") {
            $0.config?.mounts = [.init(source: "uploads", destination: "/srv/uploads")]
        },
        Feature("second mount", "/srv/spare") { input in
            input.config?.mounts = [
                .init(source: "uploads", destination: "/srv/uploads"),
                .init(source: "spare", destination: "/srv/spare"),
            ]
        },
        Feature("restart", "4 tries", "on-failure:4", "StartLimitBurst=5") { input in
            input.config?.restarts = [.init(settings: .init(policy: .onFailure, maxRetries: 4))]
        },
        Feature("signal", "SIGQUIT") { $0.config?.killSignal = .quit },
        Feature("time to stop", "1m23s", "\"83s\"", "Seconds: 93", "\"stopTimeout\": 83", "StopSec=83") { input in
            input.config?.killTimeout = "83s"
        },
        Feature("swap", "swap_size_mb 384", "896M", "SwapMax=384M") { $0.config?.swapSizeMB = 384 },
        Feature("entrypoint", "/bin/wrapper") { $0.config?.overrides.entrypoint = ["/bin/wrapper"] },
        Feature("command", "serve-all") { $0.config?.overrides.cmd = ["serve-all"] },
        Feature("exec", "/bin/only") { $0.config?.overrides.exec = ["/bin/only"] },
    ]

    private static let httpCheck: MachineConfig.Check = {
        var check = MachineConfig.Check(type: .http)
        check.path = "/healthz/ready"
        return check
    }()
}
