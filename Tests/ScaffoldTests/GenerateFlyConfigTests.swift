import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Generated fly.toml")
struct GenerateFlyConfigTests {
    @Test("the golden facts give the golden file")
    func golden() {
        var options = FlyConfigOptions()
        options.region = "iad"
        options.migrateScript = "migrate.py"
        let generated = FlyConfigGenerator.make(GoldenFacts.make(), options)
        #expect(generated.files.first?.text == Self.goldenText)
        #expect(generated.notes.isEmpty)
        #expect(generated.needed == ["DATABASE_URL (secret)"])
    }

    @Test("every combination is read without an error or a warning")
    func read() throws {
        for shape in GenerateShapes.all + GenerateShapes.hostile {
            for profile in FlyProfile.allCases {
                for script in [nil, "migrate.py"] {
                    var options = FlyConfigOptions()
                    options.profile = profile
                    options.region = profile == .staging ? nil : "fra"
                    options.migrateScript = script
                    let (config, warnings) = try Self.read(shape.facts, options)
                    #expect(warnings.isEmpty, "\(shape.name): \(warnings)")
                    try config.check()
                    #expect(config.httpService != nil)
                    #expect(config.killSignal == .term)
                    if config.processes.count > 1 { #expect(config.httpService?.processes == ["web"]) }
                }
            }
        }
    }

    @Test("profiles differ in size, load and rest")
    func profiles() throws {
        let rows: [(FlyProfile, MachineConfig.Autostop, Int, Int, Int, Int)] = [
            (.development, .stop, 0, 25, 50, 512), (.staging, .stop, 1, 100, 150, 512),
            (.production, .suspend, 2, 200, 250, 1024),
        ]
        for (profile, autostop, least, soft, hard, memory) in rows {
            let config = try Self.config(GoldenFacts.make(), profile)
            let service = try #require(config.httpService?.settings)
            #expect(service.autostop == autostop)
            #expect(service.minMachinesRunning == least)
            #expect(service.concurrency == .init(type: .requests, softLimit: soft, hardLimit: hard))
            #expect(config.guest(for: "app")?.memoryMiB == memory)
        }
    }

    @Test(
        "memory is raised to what one worker needs",
        arguments: [(160, 1, 1024), (2048, 2, 2304), (6000, 4, 6144), (12_000, 6, 12_288)]
    )
    func memory(worker: Int, cpus: Int, memory: Int) throws {
        var facts = GoldenFacts.make()
        facts.traits.workerMiB = worker
        let config = try Self.config(facts, .production)
        #expect(config.guest(for: "app") == .init(cpuKind: .shared, cpus: cpus, memoryMiB: memory))
        #expect(config.httpService?.settings.autostop == (memory > 2048 ? .stop : .suspend))
    }

    @Test("what the pool holds bounds the requests")
    func pool() throws {
        var facts = GoldenFacts.make()
        facts.database?.poolSize = 5
        facts.database?.maxOverflow = 5
        let concurrency = try Self.config(facts, .production).httpService?.settings.concurrency
        #expect(concurrency == .init(type: .requests, softLimit: 32, hardLimit: 40))
    }

    @Test(
        "migrations that run already are not run by a release",
        arguments: [
            (Facts.Migrations.Runner.Kind.lifespan, false, false), (.entrypoint, true, false),
            (.entrypoint, false, true),
            (.prestart, true, false), (.compose, true, true), (.ci, false, true), (.release, true, true),
        ]
    )
    func release(kind: Facts.Migrations.Runner.Kind, hasDockerfile: Bool, isReleased: Bool) throws {
        var facts = GoldenFacts.make()
        facts.migrations?.runBy = [.init(kind, Place("start.sh", 3))]
        facts.existing.dockerfile = hasDockerfile ? "Dockerfile" : nil
        let generated = FlyConfigGenerator.make(facts)
        #expect(
            try Self.config(facts, .production).deploy.releaseCommand
                == (isReleased ? ["alembic", "upgrade", "head"] : nil)
        )
        #expect(generated.notes.contains { $0.hasPrefix("no release command") } != isReleased)
    }

    @Test("a folder to run migrations in becomes part of the command")
    func folder() throws {
        var facts = GoldenFacts.make()
        facts.migrations?.workingDirectory = "db it's"
        let words = try #require(try Self.config(facts, .production).deploy.releaseCommand)
        #expect(words == ["sh", "-c", #"cd 'db it'\''s' && exec alembic upgrade head"#])
    }

    @Test("workers get groups, and singletons a note")
    func groups() throws {
        let facts = FactsSamples.named("celery-beat")
        let config = try Self.config(facts, .production)
        #expect(config.groups == ["beat", "web", "worker"])
        #expect(config.processes["web"] == [])
        #expect(config.processes["worker"] == ["celery", "-A", "app.tasks", "worker", "--loglevel=info"])
        #expect(config.httpService?.processes == ["web"])
        #expect(FlyConfigGenerator.make(facts).notes.contains { $0.contains("beat may run only once") })
        #expect(try Self.config(FactsSamples.named("celery-flower"), .production).groups == ["web", "worker"])
    }

    @Test("a file that has to stay brings a volume, and one Machine", arguments: files)
    func volumes(_ row: FileRow) throws {
        let (file, variable, destination, isSet) = (row.file, row.variable, row.destination, row.isSet)
        var facts = FactsSamples.named("sqlite-and-uploads")
        facts.writePaths = []
        facts.database?.file = file
        facts.database?.variable = variable
        let generated = FlyConfigGenerator.make(facts)
        let config = try Self.config(facts, .production)
        #expect(config.mounts.first?.destination == destination)
        #expect(config.deploy.strategy == .rolling)
        #expect(config.deploy.releaseCommand == nil)
        #expect(config.httpService?.settings.minMachinesRunning == 1)
        #expect((config.env[variable ?? ""] == "sqlite+aiosqlite:////data/app.db") == isSet)
        #expect(!generated.needed.contains { $0.hasPrefix("DATABASE_URL") })
        #expect(file == ":memory:" || !generated.notes.isEmpty)
    }

    @Test("no volume hides the app's own code: what it writes there is said to be lost")
    func amongCode() throws {
        var facts = FactsSamples.named("sqlite-and-uploads")
        facts.database = nil
        (facts.writePaths, facts.writesAmongCode) = (["app"], ["app"])
        let generated = FlyConfigGenerator.make(facts)
        #expect(try Self.config(facts, .production).mounts.isEmpty)
        #expect(generated.notes.contains { $0.contains("writes to app is not kept") })
        facts.writePaths = ["app", "app/up"]
        #expect(try Self.config(facts, .production).mounts.map(\.destination) == ["/app/app/up"])
    }

    @Test("uploads bring a volume for their folder")
    func uploads() throws {
        let facts = FactsSamples.named("everything")
        let config = try Self.config(facts, .production)
        #expect(config.mounts.map(\.destination) == ["/app/var/uploads"])
        let image = try #require(DockerfileGenerator.make(facts).files.first?.text)
        #expect(image.contains("--owner=10001 --group=10001 /app/var/uploads"))
    }

    @Test("without a path to ask, an open port has to do")
    func port() throws {
        var facts = GoldenFacts.make()
        facts.health = Facts.Health()
        let config = try Self.config(facts, .production)
        #expect(config.httpService?.settings.checks.isEmpty == true)
        #expect(config.checks["port"]?.settings.type == .tcp)
        #expect(config.checks["port"]?.settings.port == 8000)
    }

    @Test("what runs within the web process keeps its Machine running")
    func inProcess() throws {
        let service = try #require(
            try Self.config(FactsSamples.named("scheduler-in-process"), .production).httpService?.settings
        )
        #expect(service.autostop == .off)
        #expect(!service.autostart)
        #expect(service.minMachinesRunning == 1)
    }

    @Test("a Dockerfile elsewhere is named from the folder of the file")
    func dockerfile() throws {
        var facts = GoldenFacts.make()
        facts.existing.dockerfile = "backend/docker/Dockerfile"
        facts.existing.dockerContext = "backend"
        facts.existing.dockerTarget = "prod"
        #expect(try Self.config(facts, .production).build.dockerfile == "docker/Dockerfile")
        #expect(try Self.config(facts, .production).build.target == "prod")
    }

    @Test("names become names", arguments: [("My Shop!", "my-shop"), ("--a--", "a"), ("é", "app"), ("", "app")])
    func names(given: String, name: String) {
        #expect(FlyValues.name(given) == name)
    }

    @Test(
        "workers fit processors and memory",
        arguments: [
            (0.5, 4096, 160, 1), (1, 1024, 160, 1), (2, 1024, 160, 2), (4, 512, 160, 2), (64, 65_536, 96, 8),
            (8, 64, 160, 1),
        ]
    )
    func workers(cpus: Double, memory: Int, worker: Int, count: Int) {
        #expect(WorkerCount.fitting(cpus: cpus, memoryMiB: memory, perWorkerMiB: worker) == count)
    }

    @Test("each layer of a shutdown waits longer than the one within")
    func ladder() {
        for ladder in [ShutdownLadder(), ShutdownLadder(longRequests: true)] {
            #expect(ladder.serverSeconds < ladder.masterSeconds)
            #expect(ladder.masterSeconds < ladder.killSeconds)
            #expect(ladder.killSeconds <= 120)
        }
        #expect(ShutdownLadder(limitSeconds: 10).serverSeconds == 8)
        #expect(ShutdownLadder(longRequests: true, limitSeconds: 30).serverSeconds == 20)
    }

    struct FileRow: Sendable {
        var file: String?
        var variable: String?
        var destination: String?
        var isSet = false
    }

    private static let files: [FileRow] = [
        FileRow(file: "data/notes.db", variable: "DATABASE_URL", destination: "/app/data"),
        FileRow(file: "/var/lib/x/a.db", variable: nil, destination: "/var/lib/x"),
        FileRow(file: "./app.db", variable: "DATABASE_URL", destination: "/data", isSet: true),
        FileRow(file: nil, variable: "DB", destination: "/data", isSet: true),
        FileRow(file: "app.db", variable: nil, destination: nil),
        FileRow(file: ":memory:", variable: "DATABASE_URL", destination: nil),
    ]

    // MARK: - Private

    private static func config(_ facts: Facts, _ profile: FlyProfile) throws -> AppConfig {
        var options = FlyConfigOptions()
        options.profile = profile
        return try read(facts, options).0
    }

    private static func read(_ facts: Facts, _ options: FlyConfigOptions) throws -> (AppConfig, [ConfigIssue]) {
        let text = FlyConfigGenerator.make(facts, options).files.first?.text ?? ""
        let (config, warnings) = try AppConfig.read(TOML.parse(text, file: "fly.toml"), file: "fly.toml", regions: [])
        return (config, warnings)
    }

    private static let goldenText = """
        # Generated by roost
        app = "fastapi-app"
        primary_region = "iad"
        kill_signal = "SIGTERM"
        kill_timeout = 30

        [build]
          dockerfile = "Dockerfile"

        [deploy]
          strategy = "rolling"
          release_command = "python migrate.py"
          release_command_timeout = "10m"

        [env]
          WEB_CONCURRENCY = "1"
          FORWARDED_ALLOW_IPS = "*"

        [http_service]
          internal_port = 8000
          force_https = true
          auto_stop_machines = "suspend"
          auto_start_machines = true
          min_machines_running = 2

          [http_service.concurrency]
            type = "requests"
            soft_limit = 200
            hard_limit = 250

          [[http_service.checks]]
            grace_period = "20s"
            interval = "15s"
            timeout = "5s"
            method = "GET"
            path = "/readyz"

        [[vm]]
          memory = "1gb"
          cpu_kind = "shared"
          cpus = 1

        """
}
