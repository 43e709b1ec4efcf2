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

    @Test("a release that has proven itself before need not run as long as a new one")
    func proven() async throws {
        let fleet = FakeFleet()
        fleet.run(ready: true)
        var watch = HealthWatch(fleet: fleet, rollout: rollout())
        watch.mostStay = .milliseconds(200)
        let start = ContinuousClock.now
        try await watch.wait(fleet.id, limit: .seconds(30))
        // Without a service it would be ten seconds.
        #expect(start.duration(to: .now) < .seconds(9))
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

    @Test("when the time is up and nothing listens: which port, and where to set it")
    func nothingListens() async throws {
        let fleet = FakeFleet(config())
        fleet.run(ready: false)
        let fault = try await fault(fleet, limit: .milliseconds(300))
        #expect(
            fault.message
                == "Machine \(fleet.id) was not healthy within 300ms ([deploy] wait_timeout): nothing listens on port 8000"
        )
        #expect(fault.hint == "set internal_port to the app's port: fly.toml:9")
    }

    @Test("an app on another port is told both, and both lines that could be changed")
    func elsewhere() async throws {
        let fleet = FakeFleet(config())
        fleet.run(ready: false)
        fleet.state.withLock { $0.listeners = ["0.0.0.0:5000"] }
        let fault = try await fault(fleet)
        #expect(fault.message == "the app listens on 0.0.0.0:5000, but requests go to port 8000")
        #expect(fault.hint?.contains("fly.toml:9") == true && fault.hint?.contains("fly.toml:7") == true)
    }

    @Test("one that ran out of memory is told how much it had, and the lines that give it more")
    func outOfMemory() async throws {
        let fleet = FakeFleet(config())
        fleet.change {
            $0.spec.config.guest.memoryMiB = 512
            let zero = Timestamp(milliseconds: 0)
            $0.status.state = .stopped(.init(code: 137, outOfMemory: true, requested: false, at: zero))
        }
        let fault = try await fault(fleet)
        #expect(fault.message == "Machine \(fleet.id) ran out of memory (512 MB)")
        #expect(fault.hint?.contains("memory = \"1024mb\"") == true)
    }

    @Test(
        "a shell's words for a command are put into sentences",
        arguments: [(Int32(126), "may not be executed"), (127, "was not found")]
    )
    func command(code: Int32, what: String) async throws {
        let fleet = FakeFleet(config())
        fleet.run(ready: false)
        // The next try would end the same way.
        fleet.end(code: code, attempt: 1)
        let fault = try await fault(fleet)
        #expect(fault.message.hasSuffix("ended with exit code \(code): a command that it starts \(what)"))
        #expect(fault.hint == "its last lines stand above; it is started by fly.toml:7")
    }

    @Test("an end by a signal, of a group with a name of its own")
    func signal() async throws {
        var config = config()
        config.metadata = [MachineConfig.groupKey: "worker"]
        let fleet = FakeFleet(config)
        fleet.change {
            let zero = Timestamp(milliseconds: 0)
            let exit = Machine.Exit(code: 139, outOfMemory: false, requested: false, at: zero)
            $0.status.state = .stopped(exit)
        }
        let fault = try await fault(fleet)
        #expect(fault.message.hasPrefix("the program of group \"worker\" in Machine \(fleet.id) ended with signal 11"))
        #expect(fault.hint?.hasSuffix("[processes] worker") == true)
    }

    @Test("one that could not be started at all says the runtime's reason")
    func notStarted() async throws {
        let fleet = FakeFleet(config())
        fleet.change { $0.status.state = .failed(reason: "no space left") }
        #expect(try await fault(fleet).message == "Machine \(fleet.id) could not start: no space left")
    }

    @Test("one that is destroyed meanwhile is waited for no longer")
    func gone() async throws {
        let fleet = FakeFleet(config())
        fleet.change { $0.status.state = .destroyed }
        #expect(try await fault(fleet).message.contains("went away while the roll-out waited"))
    }

    @Test("what the log says again and again, and does not mend itself, ends the wait")
    func hopeless() async throws {
        let fleet = FakeFleet(config())
        fleet.run(ready: false)
        for _ in 0..<20 { fleet.write("PermissionError: [Errno 13] Permission denied: '/var/lib/x'") }
        async let writing: Void = {
            for _ in 0..<50 {
                try? await Task.sleep(for: .milliseconds(200))
                fleet.write("PermissionError: [Errno 13] Permission denied: '/var/lib/x'")
            }
        }()
        let fault = try await fault(fleet)
        #expect(fault.message.contains("says again and again: PermissionError"))
        #expect(fault.hint?.contains("may not write to \"/var/lib/x\"") == true)
        _ = await writing
    }

    @Test("lines of an earlier start are no reason")
    func oldLines() async throws {
        let fleet = FakeFleet(config())
        for _ in 0..<50 { fleet.write("ModuleNotFoundError: No module named 'x'") }
        fleet.run(ready: false)
        let watch = HealthWatch(fleet: fleet, rollout: rollout())
        let fault = await #expect(throws: Fault.self) { try await watch.wait(fleet.id, limit: .seconds(4)) }
        // Only when the time is up, where the last lines are looked at for advice.
        #expect(fault?.message.contains("was not healthy within 4s") == true)
    }

    // MARK: - The release command

    private final class Story: Sendable {
        private let told = Mutex<[String]>([])
        var lines: [String] { told.withLock { $0 } }
        func tell(_ event: RolloutEvent) {
            if case .line(let text) = event { told.withLock { $0.append(text) } }
        }
    }

    private func command(_ fleet: FakeFleet, _ story: Story, timeout: Duration) -> CommandRun {
        let order = MachineOrder(
            id: fleet.id,
            app: "a",
            name: "r",
            region: "local",
            config: MachineConfig(image: "x"),
            release: 1
        )
        let errand = Errand(
            name: "release_command",
            command: ["python", "migrate.py"],
            group: Machine.releaseCommandGroup,
            timeout: timeout,
            timeoutKey: "release_command_timeout"
        )
        return CommandRun(fleet: fleet, rollout: rollout(), order: order, errand: errand, note: { story.tell($0) })
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
