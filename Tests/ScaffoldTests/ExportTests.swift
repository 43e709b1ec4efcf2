import Model
import Scaffold
import Testing
import Toolkit

/// What is right today where common advice is not.
@Suite("Exports")
struct ExportTests {
    @Test("the same input gives the same bytes, whatever the target", arguments: ExportTarget.allCases)
    func stable(target: ExportTarget) throws {
        let input = ExportInput(facts: FactsSamples.named("everything"), config: ConfigSamples.full)
        #expect(try Exporter.export(target, input) == Exporter.export(target, input))
    }

    @Test("no file has a secret's value, a latest tag, curl in a check, or the deprecated worker class")
    func neverThese() throws {
        for item in ExportCases.all where !item.name.hasPrefix("hostile") {
            for target in ExportTarget.allCases {
                guard let made = try? Exporter.export(target, item.input) else { continue }
                for file in made.files {
                    for word in [
                        ":latest", "changeme", "123456789012", "uvicorn.workers", "2n+1", "X-XSS", "fastapi run",
                    ] {
                        #expect(!file.text.contains(word), "\(item.name) \(file.path): \(word)")
                    }
                    #expect(!file.text.contains("proxy_add_x_forwarded_for"), "\(item.name)")
                    #expect(file.text.hasSuffix("\n") && !file.text.hasSuffix("\n\n"), "\(item.name) \(file.path)")
                }
            }
        }
    }

    @Test(
        "PostgreSQL's volume goes by its major version",
        arguments: [(16, "/var/lib/postgresql/data"), (18, "/var/lib/postgresql")]
    )
    func postgresVolume(major: Int, path: String) throws {
        var facts = FactsSamples.named("sqlmodel-alembic")
        facts.database?.majorVersion = major
        let file = try compose(ExportInput(facts: facts))
        #expect(file["services"]?["db"]?["image"]?.words == ["postgres:\(major)"])
        #expect(file["services"]?["db"]?["volumes"]?.words == ["db:\(path)"])
    }

    @Test(
        "a database's address has the scheme of its driver",
        arguments: [
            ("sqlmodel-alembic", "postgresql+asyncpg://app:"), ("tortoise-aerich", "postgres://app:"),
            ("celery-beat", "postgresql+psycopg2://app:"), ("cron-and-sql-files", "postgresql://app:"),
            ("factory", "mysql+aiomysql://app:"), ("pdm-mysql", "mysql://app:"), ("src-layout", "mongodb://app:"),
        ]
    )
    func addresses(name: String, start: String) throws {
        let file = try compose(ExportInput(facts: FactsSamples.named(name)))
        let address = try #require(file["x-app"]?["environment"]?["DATABASE_URL"]?.words.first)
        #expect(address.hasPrefix(start) && address.contains(":?set "), "\(address)")
    }

    @Test("a project that takes its address in parts gets it in parts")
    func addressParts() throws {
        let file = try compose(ExportInput(facts: FactsSamples.named("workspace-member")))
        let values = try #require(file["x-app"]?["environment"])
        #expect(values["POSTGRES_SERVER"]?.words == ["db"] && values["POSTGRES_DB"]?.words == ["app"])
        #expect(values["POSTGRES_PASSWORD"]?.words == ["${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD}"])
        #expect(values["SECRET_KEY"]?.words == ["${SECRET_KEY:?set SECRET_KEY}"])
        #expect(values["FIRST_SUPERUSER"]?.words == ["${FIRST_SUPERUSER:?set FIRST_SUPERUSER}"])
        #expect(values["DATABASE_URL"] == nil)
    }

    @Test("only the proxy publishes ports, and only the web process is asked for its health")
    func composeShape() throws {
        let file = try compose(ExportInput(facts: FactsSamples.named("celery-beat")))
        let services = try #require(file["services"]).table
        #expect(services.filter { $0.node["ports"] != nil }.map(\.key) == ["proxy"])
        #expect(file["services"]?["web"]?["healthcheck"]?["test"]?.words.first == "CMD")
        for name in ["worker", "beat", "migrate"] {
            #expect(file["services"]?[name]?["healthcheck"]?["disable"]?.value == .boolean(true), "\(name)")
        }
        #expect(file["networks"]?["data"]?["internal"]?.value == .boolean(true))
        #expect(file["services"]?["db"]?["networks"]?.words == ["data"])
        #expect(file["version"] == nil)
    }

    @Test(
        "http2 by nginx's version",
        arguments: [("1.22", true), ("1.25.0", true), ("1.25.1", false), ("1.29", false)]
    )
    func http2(version: String, isOld: Bool) throws {
        var input = ExportInput(facts: FactsSamples.named("static-templates"))
        input.options.nginxVersion = version
        let text = try Exporter.export(.nginx, input).files[0].text
        #expect(text.contains("listen 443 ssl http2;") == isOld && text.contains("http2 on;") != isOld)
    }

    @Test(
        "names are asked for again and again where nginx can do that",
        arguments: [("1.27.2", false), ("1.27.3", true)]
    )
    func resolve(version: String, isAsked: Bool) throws {
        var input = ExportInput(facts: FactsSamples.named("static-templates"))
        input.options.nginxVersion = version
        let text = try #require(try Exporter.export(.compose, input).files.first { $0.path == "nginx.conf" }?.text)
        #expect(text.contains(" resolve ") == isAsked && text.contains("resolver 127.0.0.11") == isAsked)
    }

    @Test("state in the process: one replica, Recreate, no autoscaler, one worker")
    func single() throws {
        let input = ExportInput(facts: FactsSamples.named("scheduler-in-process"))
        let manifests = try Exporter.export(.k8s, input).files[0].text
        #expect(manifests.contains("type: Recreate") && !manifests.contains("HorizontalPodAutoscaler"))
        #expect(try compose(input)["services"]?["web"]?["deploy"]?["replicas"]?.value == .integer(1))
        #expect(try Exporter.export(.cloudrun, input).files[0].text.contains("maxScale: \"1\""))
        #expect(try Exporter.export(.gunicorn, input).files[0].text.contains("\nworkers = 1\n"))
    }

    @Test("a SQLite file: a StatefulSet with a claim, a volume, and never beside the code")
    func sqlite() throws {
        let input = ExportInput(facts: FactsSamples.named("sqlite-and-uploads"))
        let manifests = try Exporter.export(.k8s, input).files[0].text
        #expect(manifests.contains("kind: StatefulSet") && manifests.contains("volumeClaimTemplates"))
        #expect(manifests.contains("mountPath: /app/data\n"))
        let beside = try Exporter.export(.compose, ExportInput(facts: FactsSamples.named("sqlite-beside-code")))
        #expect(!beside.files[0].text.contains("target: /app\n"))
        #expect(beside.notes.contains { $0.contains("beside the code") })
    }

    @Test("migrations without a lock get a Job, the wrapper with one an init container")
    func migrations() throws {
        var input = ExportInput(facts: FactsSamples.named("sqlmodel-alembic"))
        #expect(try Exporter.export(.k8s, input).files.map(\.path) == ["k8s/app.yaml", "k8s/migrate.yaml"])
        input.config = AppConfig()
        input.config?.httpService = AppConfig.Service()
        input.config?.deploy.releaseCommand = ["python", "migrate.py"]
        let made = try Exporter.export(.k8s, input)
        #expect(made.files.count == 1 && made.files[0].text.contains("initContainers"))
        input.options.migrationJob = true
        #expect(try Exporter.export(.k8s, input).files.count == 2)
    }

    @Test("what is set up to be run at each start is run by nothing else")
    func notTwice() throws {
        let made = try Exporter.export(.compose, ExportInput(facts: FactsSamples.named("factory-with-entrypoint")))
        #expect(!made.files[0].text.contains("migrate:"))
        #expect(made.notes.contains { $0.contains("entrypoint.sh:4") })
    }

    @Test("whatever a Compose file names is there: networks, volumes, secrets, services")
    func composeReferences() throws {
        for item in ExportCases.all {
            guard let made = try? Exporter.export(.compose, item.input) else { continue }
            let file = try YAML.parse(made.files[0].text, file: "compose.yaml")
            func names(_ key: String) -> Set<String> { Set(file[key]?.table.map(\.key) ?? []) }
            for entry in file["services"]?.table ?? [] {
                let (place, service) = ("\(item.name) \(entry.key)", entry.node)
                #expect(names("networks").isSuperset(of: service["networks"]?.words ?? []), "\(place)")
                #expect(names("secrets").isSuperset(of: service["secrets"]?.words ?? []), "\(place)")
                #expect(names("services").isSuperset(of: service["depends_on"]?.table.map(\.key) ?? []), "\(place)")
                for volume in service["volumes"]?.list ?? [] {
                    let short = volume.words.first.map { String($0.prefix { $0 != ":" }) }
                    let source = volume["source"]?.words.first ?? short ?? ""
                    guard !source.hasPrefix("."), !source.hasPrefix("/") else { continue }
                    #expect(names("volumes").contains(source), "\(place): \(source)")
                }
            }
        }
    }

    @Test("whatever a Pod mounts or selects is there")
    func podReferences() throws {
        for item in ExportCases.few {
            guard let made = try? Exporter.export(.k8s, item.input) else { continue }
            for object in try made.files.flatMap({ try YAML.documents($0.text, file: $0.path) }) {
                guard let spec = object["spec"]?["template"]?["spec"] else { continue }
                let claims = object["spec"]?["volumeClaimTemplates"]?.list ?? []
                let volumes =
                    (spec["volumes"]?.list ?? []).compactMap { $0["name"]?.words.first }
                    + claims.compactMap { $0["metadata"]?["name"]?.words.first }
                #expect(Set(volumes).count == volumes.count, "\(item.name)")
                for container in (spec["containers"]?.list ?? []) + (spec["initContainers"]?.list ?? []) {
                    let mounts = container["volumeMounts"]?.list.compactMap { $0["name"]?.words.first } ?? []
                    #expect(Set(volumes).isSuperset(of: mounts), "\(item.name): \(mounts)")
                }
                guard let selector = object["spec"]?["selector"]?["matchLabels"] else { continue }
                let labels = object["spec"]?["template"]?["metadata"]?["labels"]?.table ?? []
                for pair in selector.table {
                    #expect(labels.contains { $0.key == pair.key && $0.node.words == pair.node.words }, "\(item.name)")
                }
            }
        }
    }

    @Test("the shutdown ladder: server before platform, in every target")
    func ladder() throws {
        let input = ExportInput(facts: FactsSamples.named("static-templates"))
        #expect(try compose(input)["x-app"]?["stop_grace_period"]?.words == ["30s"])
        #expect(try Exporter.export(.k8s, input).files[0].text.contains("terminationGracePeriodSeconds: 40"))
        #expect(try Exporter.export(.ecs, input).files[0].text.contains("\"stopTimeout\": 30"))
        let cloudRun = try Exporter.export(.cloudrun, input).files[0].text
        #expect(cloudRun.contains("GRACEFUL_SHUTDOWN\n              value: \"8\""))
        #expect(try Exporter.export(.gunicorn, input).files[0].text.contains("graceful_timeout = 25"))
        #expect(try Exporter.export(.systemd, input).files[0].text.contains("TimeoutStopSec=30"))
    }

    @Test(
        "Fargate's sizes: the least that is enough",
        arguments: [
            (1, 512, "512", "1024"), (1, 2048, "512", "2048"), (2, 6000, "1024", "6144"), (8, 512, "4096", "8192"),
        ]
    )
    func fargate(cpus: Int, memory: Int, cpu: String, rounded: String) throws {
        var input = ExportInput(facts: FactsSamples.named("static-templates"), config: AppConfig())
        input.config?.httpService = AppConfig.Service()
        input.config?.vms = [.init(guest: .init(cpuKind: .shared, cpus: cpus, memoryMiB: memory))]
        let text = try Exporter.export(.ecs, input).files[0].text
        #expect(text.contains("\"cpu\": \"\(cpu)\"") && text.contains("\"memory\": \"\(rounded)\""), "\(text)")
    }

    @Test("what a target can't have is refused, with what to do")
    func refused() throws {
        let node = ExportInput(facts: FactsSamples.named("node"))
        #expect(throws: Fault.self) { try Exporter.export(.gunicorn, node) }
        var library = node
        library.facts.kind = .library
        #expect(throws: Fault.self) { try Exporter.export(.compose, library) }
        #expect(throws: Fault.self) { try Exporter.export(.compose, ExportInput(facts: Facts())) }
        var domain = node
        domain.options.domain = "a; b"
        #expect(throws: Fault.self) { try Exporter.export(.nginx, domain) }
        var version = node
        version.options.nginxVersion = "1.x; daemon off"
        #expect(throws: Fault.self) { try Exporter.export(.compose, version) }
        var workers = ExportInput(facts: Facts(), config: AppConfig())
        workers.config?.processes = ["worker": ["work"]]
        #expect(throws: Fault.self) { try Exporter.export(.cloudrun, workers) }
        #expect(try Exporter.export(.compose, workers).files.count == 2)
    }

    // MARK: - Private

    private func compose(_ input: ExportInput) throws -> ConfigNode {
        try YAML.parse(try Exporter.export(.compose, input).files[0].text, file: "compose.yaml")
    }
}

extension ConfigNode {
    /// A string, or the strings of a list.
    fileprivate var words: [String] {
        switch value {
        case .string(let text): [text]
        case .array(let items): items.flatMap(\.words)
        default: []
        }
    }

    fileprivate var list: [ConfigNode] {
        if case .array(let items) = value { return items }
        return []
    }

    fileprivate var table: [Entry] {
        if case .table(let entries) = value { return entries }
        return []
    }
}
