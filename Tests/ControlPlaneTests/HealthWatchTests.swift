import Model
import Synchronization
import Testing

@testable import ControlPlane

@Suite("Waiting for a Machine", .timeLimit(.minutes(1)))
struct HealthWatchTests {
    private func rollout() -> Rollout {
        var rollout = Rollout(id: "1", app: "a", holder: "me", startedAt: Timestamp(milliseconds: 0))
        rollout.lines = ["processes.app": 7, "http_service.internal_port": 9, "deploy.release_command_timeout": 16]
        return rollout
    }

    private func config() -> MachineConfig {
        var config = MachineConfig(image: "x")
        config.services = [MachineConfig.Service(internalPort: 8000, checks: [MachineConfig.Check(type: .http)])]
        return config
    }

    private func fault(_ fleet: FakeFleet, limit: Duration = .seconds(30)) async throws -> Fault {
        let watch = HealthWatch(fleet: fleet, rollout: rollout(), past: 20)
        return try #require(await #expect(throws: Fault.self) { try await watch.wait(fleet.id, limit: limit) })
    }

    @Test("ends as soon as the Machine is ready with its new configuration")
    func ready() async throws {
        let fleet = FakeFleet(config())
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try await HealthWatch(fleet: fleet, rollout: rollout()).wait(fleet.id, limit: .seconds(30))
            }
            group.addTask {
                fleet.run(ready: false)
                fleet.run(ready: true)
            }
        }
    }

    @Test("a crash loop: the exit code, what the log says of the cause, and the line that starts it")
    func crash() async throws {
        let fleet = FakeFleet(config())
        fleet.write("Traceback (most recent call last):")
        fleet.write("ModuleNotFoundError: No module named 'nosuchmodule'")
        fleet.run(ready: false)
        fleet.end(code: 3, attempt: 2)
        let fault = try await fault(fleet)
        #expect(fault.code == .rolloutFailed)
        #expect(fault.message.contains("ended with exit code 3"))
        #expect(fault.message.hasSuffix("ModuleNotFoundError: No module named 'nosuchmodule'"))
        #expect(fault.hint?.contains("fly.toml:7") == true)
    }

    @Test("an app that may not write is told where it may")
    func notWritable() async throws {
        let fleet = FakeFleet(config())
        fleet.write("PermissionError: [Errno 13] Permission denied: 'uploads'")
        fleet.end(code: 1)
        #expect(try await fault(fleet).hint?.contains("may not write to \"uploads\"") == true)
    }

    @Test("an app on loopback is told so within seconds, with the line to change")
    func loopback() async throws {
        let fleet = FakeFleet(config())
        fleet.run(ready: false)
        fleet.state.withLock { $0.listeners = ["127.0.0.1:8000"] }
        let fault = try await fault(fleet)
        #expect(fault.message.contains("listens on 127.0.0.1:8000"))
        #expect(fault.hint == "let it listen on 0.0.0.0:8000: change fly.toml:7")
    }

    @Test("when the time is up: what the check says, or what / was answered with")
    func timedOut() async throws {
        let fleet = FakeFleet(config())
        fleet.run(ready: false)
        fleet.change {
            let zero = Timestamp(milliseconds: 0)
            $0.status.checks = [.init(name: "c", status: .critical, output: "503 not yet", updatedAt: zero)]
        }
        #expect(try await fault(fleet, limit: .milliseconds(300)).message.hasSuffix("check c says: 503 not yet"))
        fleet.change { $0.status.gate = .init(output: "GET / on port 8000: reset", isError: false) }
        #expect(try await fault(fleet, limit: .milliseconds(300)).message.hasSuffix("GET / on port 8000: reset"))
    }

    // MARK: - The release command

    private final class Story: Sendable {
        private let told = Mutex<[String]>([])
        var lines: [String] { told.withLock { $0 } }
        func tell(_ event: RolloutEvent) {
            if case .line(let text) = event { told.withLock { $0.append(text) } }
        }
    }

    private func command(_ fleet: FakeFleet, _ story: Story, timeout: Duration) -> ReleaseCommand {
        let order = MachineOrder(
            id: fleet.id,
            app: "a",
            name: "r",
            region: "local",
            config: MachineConfig(image: "x"),
            release: 1
        )
        return ReleaseCommand(
            fleet: fleet,
            rollout: rollout(),
            order: order,
            words: "python migrate.py",
            timeout: timeout,
            note: { story.tell($0) }
        )
    }

    @Test("its lines are told while it runs, each once, and those of its last moment too")
    func releaseLines() async throws {
        let (fleet, story) = (FakeFleet(), Story())
        let exit = try await withThrowingTaskGroup(of: Machine.Exit?.self) { group in
            group.addTask { try await command(fleet, story, timeout: .seconds(30)).run() }
            group.addTask {
                while fleet.state.withLock({ $0.readers.isEmpty }) { await Task.yield() }
                for number in 0..<3 { fleet.write("step \(number)") }
                while story.lines.count < 3 { await Task.yield() }
                fleet.state.withLock { $0.lines.append("last") }
                fleet.end(code: 4)
                return nil
            }
            var exit: Machine.Exit?
            while let one = try await group.next() { exit = exit ?? one }
            return exit
        }
        #expect(exit?.code == 4)
        #expect(story.lines == ["step 0", "step 1", "step 2", "last"])
    }

    @Test("a time-out says its last line and which line of the file to change")
    func releaseTimeout() async throws {
        let (fleet, story) = (FakeFleet(), Story())
        fleet.write("migrating step 7")
        let fault = await #expect(throws: Fault.self) {
            try await command(fleet, story, timeout: .milliseconds(200)).run()
        }
        #expect(fault?.code == .releaseCommandFailed)
        #expect(
            fault?.message
                == "release_command \"python migrate.py\" did not end within 200ms; its last line: migrating step 7"
        )
        #expect(fault?.hint?.hasSuffix("raise release_command_timeout: fly.toml:16") == true)
        #expect(story.lines == ["migrating step 7"])
    }
}
