import Model
import Store
import Toolkit

/// Commands of `fly.toml` that a roll-out runs once, each in a Machine of its own without volumes, services and checks.
extension StepRunner {
    func releaseCommand(_ id: Machine.ID, _ release: Release) async throws {
        guard let command = release.config.deploy.releaseCommand else { return }
        try await prepareDatabase(id, "release_command", command, release)
    }

    /// As the release command, for an app that has never had a release.
    func seedCommand(_ id: Machine.ID, _ release: Release) async throws {
        guard let command = release.config.deploy.seedCommand else { return }
        try await prepareDatabase(id, "seed_command", try Words.split(command), release)
    }

    /// Takes away what a step that is recorded as done has left: until then a command's Machine says how it ended, so that no
    /// daemon runs it twice.
    func clear(_ step: Rollout.Step) async throws {
        switch step {
        case .releaseCommand(let id), .seedCommand(let id): try await destroy(id)
        default: return
        }
    }

    /// Runs the tests that the configuration has for a Machine of that group, one after the other.
    ///
    /// - Throws: ``Fault`` `rolloutFailed` with the exit code of the first that fails.
    func machineChecks(_ id: Machine.ID, _ group: String, _ release: Release) async throws {
        let checks = release.config.machineTests(for: group)
        guard !checks.isEmpty, rollout.phase == .rolling, let address = try await machine(id)?.status.address else {
            return
        }
        for check in checks {
            try await clearTests()
            let errand = Errand(
                name: "machine check",
                command: check.command,
                group: Machine.testGroup,
                timeout: release.config.deploy.waitTimeout.duration,
                timeoutKey: "wait_timeout",
                environment: [
                    "FLY_TEST_COMMAND": "1", "FLY_TEST_MACHINE_IP": address.ipv6, "FLY_TEST_MACHINE_IPV4": address.ipv4,
                ]
            )
            let exit = try await run(errand, Machine.ID.random(), release) { config in
                if let entrypoint = check.entrypoint { config.`init`.entrypoint = entrypoint }
                if let signal = check.killSignal { config.stopConfig.signal = signal }
                if let timeout = check.killTimeout { config.stopConfig.timeout = timeout }
                guard let image = check.image else { return }
                guard let pull else { throw Fault(.invalidConfig, "\(errand.title): this host pulls no images") }
                config.image = "roost/\(release.app)@\(try await pull(release.app, image))"
            }
            try await clearTests()
            guard exit.code != 0 else { continue }
            throw Fault(
                .rolloutFailed,
                "\(errand.title) of Machine \(id) ended with \(exit.code)",
                hint: "its output stands above"
            )
        }
    }

    // MARK: - Private

    private func prepareDatabase(
        _ id: Machine.ID,
        _ name: String,
        _ command: [String],
        _ release: Release
    ) async throws {
        let errand = Errand(
            name: name,
            command: command,
            group: Machine.releaseCommandGroup,
            timeout: release.config.deploy.releaseCommandTimeout.duration,
            timeoutKey: "release_command_timeout",
            environment: ["RELEASE_COMMAND": "1"]
        )
        let exit = try await run(errand, id, release) { config in
            if let guest = release.config.deploy.releaseCommandVM { config.guest = guest }
        }
        guard exit.code == 0 else {
            let cause = exit.outOfMemory ? "ran out of memory" : "ended with \(exit.code)"
            throw Fault(
                .releaseCommandFailed,
                "\(errand.title) \(cause)",
                hint: "nothing that runs was changed; its output stands above"
            )
        }
    }

    /// Makes a Machine for a command, waits for its end, and takes it away.
    private func run(
        _ errand: Errand,
        _ id: Machine.ID,
        _ release: Release,
        _ adapt: (inout MachineConfig) async throws -> Void
    ) async throws -> Machine.Exit {
        var config = try await config(release.config.defaultGroup, release)
        config.`init`.cmd = errand.command
        config.services = []
        config.checks = [:]
        config.mounts = []
        config.restart = MachineConfig.Restart(policy: .no)
        config.env.merge(errand.environment) { $1 }
        config.metadata[MachineConfig.groupKey] = errand.group
        try await adapt(&config)
        let order = MachineOrder(
            id: id,
            app: release.app,
            name: errand.name.replacing(/[ _]/, with: "-"),
            region: release.config.region(onHostIn: region),
            config: config,
            release: release.version
        )
        var run = CommandRun(fleet: fleet, rollout: rollout, order: order, errand: errand, note: note)
        if let state = try await machine(id)?.status.state { run.isBegun = state != .created }
        return try await run.run()
    }

    /// Takes away tests that a crash has left.
    private func clearTests() async throws {
        for machine in try await store.machines.list("\(rollout.app)/") where machine.group == Machine.testGroup {
            try await destroy(machine.id)
        }
    }
}
