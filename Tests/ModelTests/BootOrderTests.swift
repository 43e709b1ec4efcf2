import Model
import Testing

@Suite("What starts first after the host has")
struct BootOrderTests {
    private func machine(
        _ app: String,
        group: String = "app",
        _ number: Int = 1,
        _ change: (inout MachineConfig) -> Void = { _ in }
    ) throws -> Machine {
        var config = MachineConfig(image: "roost/\(app)@sha256:0")
        config.metadata = [MachineConfig.groupKey: group]
        change(&config)
        return Machine(
            id: try #require(Machine.ID("0000000000000\(number)")),
            name: app,
            app: app,
            region: "local",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: .init(instance: "i", config: config)
        )
    }

    private func serving(_ change: (inout MachineConfig.Service) -> Void = { _ in }) -> MachineConfig.Service {
        var service = MachineConfig.Service()
        change(&service)
        return service
    }

    @Test("what others need, then what has to be up, then workers, then what a request starts anyway")
    func weights() throws {
        let sleepy = try machine("a-sleepy") { $0.services = [serving { $0.autostop = .suspend }] }
        let worker = try machine("b-worker", group: "worker")
        let steady = try machine("c-steady") { $0.services = [serving()] }
        let least = try machine("d-least") {
            $0.services = [serving { ($0.autostop, $0.minMachinesRunning) = (.stop, 1) }]
        }
        let unwoken = try machine("e-unwoken") {
            $0.services = [serving { ($0.autostop, $0.autostart) = (.stop, false) }]
        }
        let database = try machine("f-database") { $0.mounts = [.init(name: "data", path: "/data")] }
        let tryout = try machine("g-redis") { $0.openTo = "a-sleepy" }
        let sorted = BootOrder.sorted([sleepy, worker, steady, least, unwoken, database, tryout])
        #expect(
            sorted.map(\.app) == ["f-database", "g-redis", "c-steady", "d-least", "e-unwoken", "b-worker", "a-sleepy"]
        )
    }

    @Test("one of each group comes before the second of any")
    func copies() throws {
        let web = try (1...3).map { try machine("a", $0) { $0.services = [serving()] } }
        let other = try machine("b", 4) { $0.services = [serving()] }
        let worker = try machine("a", group: "worker", 5)
        let sorted = BootOrder.sorted(web.reversed() + [other, worker])
        #expect(sorted.map(\.id) == [web[0], other, worker, web[1], web[2]].map(\.id))
    }

    @Test("the order does not depend on that of the records")
    func stable() throws {
        let all = try (1...6).map { try machine("app\($0 % 2)", $0) { $0.services = [serving()] } }
        #expect(BootOrder.sorted(all).map(\.id) == BootOrder.sorted(all.reversed()).map(\.id))
        #expect(BootOrder.sorted([]).isEmpty)
    }

    @Test("one that waits for its turn starts when that comes, or when somebody asks, once")
    func lifecycle() throws {
        let now = Timestamp(milliseconds: 1_000_000)
        let waiting = Machine.State.awaitingBoot(now)
        #expect(waiting.awaitsBootSince == now)
        #expect(Machine.State.restarting(at: now, attempt: 1).awaitsBootSince == nil)
        var turn = Lifecycle(state: waiting)
        #expect(try turn.handle(.retryDue(at: now), restart: .init(), now: now) == [.launch])
        #expect(turn.state == .starting(attempt: 1))
        var asked = Lifecycle(state: waiting)
        #expect(try asked.handle(.start, restart: .init(), now: now) == [.launch])
        #expect(try asked.handle(.retryDue(at: now), restart: .init(), now: now) == [])
        var stopped = Lifecycle(state: waiting)
        #expect(try stopped.handle(.stop(then: .stopped), restart: .init(), now: now) == [])
        #expect(stopped.state == .stopped(nil))
        #expect(try stopped.handle(.retryDue(at: now), restart: .init(), now: now) == [])
    }

    @Test("a first try after the host's start that fails is tried again by the restart policy")
    func triedAgain() throws {
        let now = Timestamp(milliseconds: 1_000_000)
        var life = Lifecycle(state: .awaitingBoot(now))
        _ = try life.handle(.retryDue(at: now), restart: .init(), now: now)
        let effects = try life.handle(.launchFailed("no network yet"), restart: .init(), now: now)
        guard case .restarting(let due, attempt: 1) = life.state else {
            Issue.record("\(life.state) is no second try")
            return
        }
        #expect(effects.contains(.retry(at: due)))
    }
}

@Suite("References to images, and metadata")
struct ImageReferenceTests {
    @Test("what is made can be taken apart", arguments: ["sha256:0", "sha256:" + String(repeating: "a", count: 64)])
    func reference(digest: String) {
        let reference = Image.reference(app: "notes", digest: digest)
        #expect(reference == "roost/notes@\(digest)")
        #expect(Image.digest(in: reference) == digest)
        #expect(Image.digest(in: digest) == digest)
        #expect(MachineConfig(image: reference).imageDigest == digest)
    }

    @Test("a name without a digest has none")
    func named() {
        #expect(Image.digest(in: "docker.io/library/nginx:latest") == nil)
        #expect(MachineConfig(image: "").imageDigest.isEmpty)
    }

    @Test(
        "deploys look after their own Machines only",
        arguments: [
            (["fly_platform_version": "v2", "fly_process_group": "app"], true),
            (["fly_platform_version": "v2"], true),
            (["fly_process_group": "app"], false),
            (["fly_platform_version": "v1", "fly_process_group": "app"], false),
            (["fly_platform_version": "v2", "fly_process_group": "fly_app_release_command"], false),
            (["fly_platform_version": "v2", "fly_process_group": "fly_app_console"], false),
            ([:], false),
        ]
    )
    func managed(metadata: [String: String], isManaged: Bool) {
        #expect(MachineConfig.isManaged(metadata) == isManaged)
    }

    @Test("an app stands in its primary region, else in its host's")
    func region() {
        var config = AppConfig()
        #expect(config.region(onHostIn: "fra") == "fra")
        config.primaryRegion = "ams"
        #expect(config.region(onHostIn: "fra") == "ams")
    }
}
