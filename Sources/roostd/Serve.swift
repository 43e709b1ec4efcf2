import Agent
import ArgumentParser
import ControlPlane
import Foundation
import Logging
import Model
import Runtime
import ServiceLifecycle
import Store
import Toolkit
import UnixSignals

/// The brain of a host: API, roll-outs, the agent of its Machines.
///
/// Requests never pass through it.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the API, the roll-outs and this host's Machines."
    )

    @OptionGroup var flags: HostFlags

    func run() async throws {
        let config = try HostConfig.load(flags)
        let logger = try Roostd.logger("serve", config)
        try makeFolders(config.paths)
        let lock = try InstanceLock(path: "\(config.paths.state)/serve.lock")
        defer { lock.release() }

        // conmon leaves a file named `oom` in its working folder when a Machine runs out of memory.
        guard chdir(config.paths.run) == 0 else { throw Durable.fault(errno, "enter", config.paths.run) }
        let store = try SQLiteStore(path: config.paths.database)
        let runtime = OCIRuntime(paths: config.paths, logger: logger)
        try await runtime.prepareHost()
        let images = try await Workshop(config: config, runtime: runtime, logger: logger)
        let prober = Prober()
        let agent = LocalAgent(
            host: HostServices.make(config, runtime, store, images, prober, logger)
        )
        // Nobody may ask anything of this host before what runs on it is known.
        try await agent.adopt()

        let edges = EdgeLink(store: store, domain: config.domain, fleet: agent, logger: logger)
        let rollouts = Rollouts(
            store: store,
            fleet: agent,
            edges: edges,
            settings: images.rolloutSettings(config),
            journal: RolloutJournal(folder: config.paths.rollouts),
            logger: logger,
            build: images.build
        )
        var apps = Apps(
            store: store,
            fleet: agent,
            edges: edges,
            rollouts: rollouts,
            domain: config.domain,
            logger: logger
        )
        apps.environment = AppEnvironment(folder: config.paths.environment)
        let machines = Machines(store: store, fleet: agent, edges: edges)
        let api = API(
            apps: apps,
            machines: machines,
            rollouts: rollouts,
            sources: images.sources,
            socketPath: config.paths.apiSocket,
            logger: logger
        )
        let listener = EdgeListener(link: edges, socketPath: config.paths.edgeSocket, logger: logger)

        // In the order in which they need each other; they stop the other way round.
        let services: [any Service] = [
            agent, edges, listener, rollouts, apps, api.service(),
            Autostop(store: store, machines: machines, edges: edges, logger: logger),
            LogRotation(runtime: runtime, logger: logger),
        ]
        logger.notice("serving", metadata: ["host": "\(config.host)", "api.socket": "\(config.paths.apiSocket)"])
        try await Self.group(services, logger).run()
        try await prober.shutdown()
    }

    // MARK: - Private

    private static func group(_ services: [any Service], _ logger: Logger) -> ServiceGroup {
        var configuration = ServiceGroupConfiguration(
            services: services.map {
                .init(
                    service: $0,
                    successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup
                )
            },
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: Roostd.quiet(logger)
        )
        configuration.maximumGracefulShutdownDuration = .seconds(5)
        return ServiceGroup(configuration: configuration)
    }

    private func makeFolders(_ paths: HostPaths) throws {
        guard geteuid() == 0 else {
            throw Fault(.hostUnfit, "roostd serve needs root: it makes namespaces and mounts", hint: "roost doctor")
        }
        // What Machines write and what users deploy is nobody else's business.
        for folder in [
            paths.state, paths.run, paths.images, paths.machines, paths.volumes, paths.rollouts, paths.environment,
        ] {
            try Durable.makeFolder(folder, mode: 0o700)
        }
    }
}

/// Keeps two daemons off one state folder; the kernel lets go of it when the process ends, however it does.
struct InstanceLock {
    private let descriptor: Int32

    /// - Throws: ``Fault`` `invalidState` when another daemon has it.
    init(path: String) throws(Fault) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Durable.fault(errno, "open", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw Fault(.invalidState, "another roostd serve runs with this state", hint: "\(path) is locked by it")
        }
    }

    func release() {
        close(descriptor)
    }
}
