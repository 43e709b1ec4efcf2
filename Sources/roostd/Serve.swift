import ArgumentParser
import Certificates
import ControlPlane
import Foundation
import Logging
import Model
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
        let lock = try begin(config.paths)
        defer { lock.release() }
        // Records, logs, layers, keys: whatever the daemon does may wait for the disk, and must not hold up the rest.
        try await withTaskExecutorPreference(BlockingThreads("roost.serve")) { try await serve(config, logger) }
    }

    // MARK: - Private

    private func serve(_ config: HostConfig, _ logger: Logger) async throws {
        let base = try await HostBase(config, logger)
        let edges = try await EdgeControl(base)
        let platform = Platform(base, edges)
        await base.room.use { [rollouts = platform.rollouts] in try await rollouts.makeRoom($0) }
        let store = StoreUpkeep(store: base.store, copies: StoreCopies(config.paths), logger: logger)
        let backups = Backups(base)
        let upkeep: [any Service] = [
            Autostop(store: base.store, machines: platform.machines, edges: edges.link, logger: logger),
            Healer(store: base.store, fleet: base.agent, rollouts: platform.rollouts, logger: logger),
            ScheduleClock(store: base.store, machines: platform.machines, logger: logger),
            LogRotation(runtime: base.runtime, logger: logger), SizeUpkeep(runtime: base.runtime, logger: logger),
            VolumeSweep(volumes: platform.volumes, logger: logger), store, backups,
        ]
        var parts = platform.parts(edges, store)
        parts.backups = backups.desk
        await base.guestDoors.use(API(parts, logger: logger))
        let doors = try Self.doors(parts, config, logger)
        logger.notice("serving", metadata: ["host": "\(config.host)", "api.socket": "\(config.paths.apiSocket)"])
        // In the order in which they need each other; they stop the other way round.
        try await Self.group(base.services + edges.services + platform.services + doors + upkeep, logger).run()
        await store.finish()
        await edges.certificates.transport?.shutdown()
    }

    /// Where the API is asked: the socket, and a port where the configuration wants one.
    private static func doors(
        _ parts: API.Parts,
        _ config: HostConfig,
        _ logger: Logger
    ) throws -> [any Service] {
        var parts = parts
        let port = try NetworkPort(config)
        parts.fingerprint = port?.identity.fingerprint
        let api = API(parts, logger: logger)
        var doors: [any Service] = [api.service(socketPath: config.paths.apiSocket)]
        if let port {
            doors.append(try api.service(host: port.host, port: port.port, identity: port.identity))
            logger.notice("serving tokens", metadata: ["api.listen": "\(port.host):\(port.port)"])
        }
        return doors
    }

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

    /// What has to be so before anything is read or started.
    private func begin(_ paths: HostPaths) throws -> InstanceLock {
        // Some programs that it starts look at each number that the limit allows, so not as high as it goes.
        OpenFiles.raise(to: 1 << 16)
        try DumpLimit.set()
        try makeFolders(paths)
        let lock = try InstanceLock(path: "\(paths.state)/serve.lock")
        // conmon leaves a file named `oom` in its working folder when a Machine runs out of memory.
        guard chdir(paths.run) == 0 else { throw Durable.fault(errno, "enter", paths.run) }
        return lock
    }

    private func makeFolders(_ paths: HostPaths) throws {
        guard geteuid() == 0 else {
            throw Fault(
                .hostUnfit,
                "roostd serve needs root: it makes namespaces and mounts",
                hint: "start it as root, for example with sudo; roost doctor says what else the host needs"
            )
        }
        // What Machines write and what users deploy is nobody else's business.
        for folder in [
            paths.state, paths.run, paths.images, paths.machines, paths.volumes, paths.rollouts, paths.environment,
        ] {
            try Durable.makeFolder(folder, mode: 0o700)
        }
    }
}

/// The API's port, where the configuration wants one, with its certificate.
private struct NetworkPort {
    let host: String
    let port: Int
    let identity: APIAuthority.Identity

    init?(_ config: HostConfig) throws {
        guard let listen = config.api.listen else { return nil }
        (host, port) = try ListenFlag.parse(listen)
        if let certificate = config.api.certificate, let key = config.api.key {
            identity = APIAuthority.Identity(certificatePath: certificate, keyPath: key)
            return
        }
        let names = config.api.allNames(host: config.host, address: host)
        identity = try APIAuthority(folder: config.paths.apiTLS).identity(names: names)
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
            throw Fault(
                .invalidState,
                "another roostd serve runs with this state: it holds \(path)",
                hint: "end that one (make stop), or give this one folders of its own: ROOST_STATE and ROOST_RUN"
            )
        }
    }

    func release() {
        close(descriptor)
    }
}
