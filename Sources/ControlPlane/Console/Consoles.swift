package import Logging
package import Model
import ServiceLifecycle
import Store
import Toolkit

/// Programs that people run inside Machines, and the throw-away Machines of `roost console`.
package struct Consoles: Service {
    private let rollouts: Rollouts
    private let sessions: any MachineSessions
    private let open: OpenSessions
    private let logger: Logger
    /// The shell of a console's Machine has to be there so long after its start.
    private static let startLimit = Duration.seconds(60)

    package init(rollouts: Rollouts, sessions: any MachineSessions, open: OpenSessions, logger: Logger) {
        self.rollouts = rollouts
        self.sessions = sessions
        self.open = open
        self.logger = logger
    }

    /// Removes the throw-away Machines of a daemon that crashed: their terminals ended with it.
    package func run() async throws {
        let left = try await rollouts.store.machines.list { _, _ in }.filter { $0.group == Machine.consoleGroup }
        for machine in left {
            logger.notice("machine of a console removed", metadata: ["machine.id": "\(machine.id)"])
            await destroy(machine.id)
        }
        try? await gracefulShutdown()
    }

    /// Runs a program in a Machine that is there; `wake` starts one that sleeps.
    func open(_ machine: Machine, _ order: SessionOrder, wake: Bool) async throws -> any MachineSession {
        if wake, machine.status.state.process == nil || machine.status.state.name == "suspended" {
            try await rollouts.fleet.start(machine.id)
        }
        return open.counting(try await sessions.open(machine.id, order), in: machine.id)
    }

    /// Opens a connection to a port of a Machine.
    func connect(_ machine: Machine, port: Int) async throws -> any MachineSession {
        open.counting(try await sessions.connect(machine.id, port: port), in: machine.id)
    }

    /// Makes a Machine of the release in service that does nothing, and runs a program in it.
    ///
    /// It goes with the session: whoever opens one ends it.
    func openThrowAway(_ app: App, _ order: SessionOrder) async throws -> any MachineSession {
        guard let version = app.currentRelease,
            let release = try await rollouts.store.releases.get(Release.key(app.name, version))?.value
        else {
            throw Fault(.invalidState, "\(app.name) has no release yet", hint: "deploy it first: roost deploy FOLDER")
        }
        let id = Machine.ID.random()
        var order = order
        if order.command.isEmpty, let usual = release.config.consoleCommand { order.command = try Words.split(usual) }
        do {
            _ = try await rollouts.fleet.create(self.order(id, release))
            try await withTimeout(Self.startLimit, "the start of the console's Machine") {
                try await rollouts.fleet.start(id)
            }
            return ThrowAwaySession(inner: try await sessions.open(id, order)) { await destroy(id) }
        } catch {
            await destroy(id)
            throw error
        }
    }

    // MARK: - Private

    private func order(_ id: Machine.ID, _ release: Release) -> MachineOrder {
        let region = release.config.region(onHostIn: rollouts.settings.region)
        let group = release.config.defaultGroup
        var config = release.config.machineConfig(
            group: group,
            image: Image.reference(app: release.app, digest: release.image),
            region: region
        )
        config.`init` = MachineConfig.Init(exec: ["/bin/sleep", "2147483647"])
        config.services = []
        config.checks = [:]
        config.mounts = []
        config.restart = MachineConfig.Restart(policy: .no)
        config.stopConfig = MachineConfig.Stop(signal: .kill, timeout: "1s")
        config.autoDestroy = true
        config.metadata[MachineConfig.groupKey] = Machine.consoleGroup
        config.metadata[MachineConfig.releaseKey] = String(release.version)
        config.metadata[MachineConfig.secretsKey] = release.secrets.map { String($0) }
        if let guest = release.sizes?[group] { config.guest = guest }
        return MachineOrder(
            id: id,
            app: release.app,
            name: "console-\(id.text.prefix(4))",
            region: region,
            config: config,
            release: release.version
        )
    }

    private func destroy(_ id: Machine.ID) async {
        do {
            try await rollouts.fleet.stop(id, then: .destroyed)
        } catch let fault as Fault where fault.code == .machineNotFound {
            return
        } catch {
            // The next start of the daemon does it.
            logger.warning("machine of a console not removed", error: error, metadata: ["machine.id": "\(id)"])
        }
    }
}

/// A session whose Machine goes with it.
private struct ThrowAwaySession: MachineSession {
    let inner: any MachineSession
    let remove: @Sendable () async -> Void

    func next() async throws -> SessionFrame? { try await inner.next() }

    func take(_ frame: SessionFrame) async throws { try await inner.take(frame) }

    func end() async {
        await inner.end()
        await remove()
    }
}
