import Agent
import ControlPlane
import Logging
import Model
import Runtime
import ServiceLifecycle
import Store
import Toolkit

/// What all else of `serve` stands on: the store, the host's sandboxes, images and keys, and the agent of its Machines.
struct HostBase {
    let config: HostConfig
    let logger: Logger
    let store: SQLiteStore
    let identity: HostIdentity
    let runtime: OCIRuntime
    let images: Workshop
    let room: DiskGuard
    let keys: HostKeys
    let secrets: SecretLedger
    let agent: LocalAgent
    let volumes: VolumeStore
    /// What numbers call the host.
    let label: String
    /// The API inside Machines.
    let guestDoors: GuestDoors

    /// Opens the store, makes the host ready, and takes over what runs on it.
    init(_ config: HostConfig, _ logger: Logger) async throws {
        self.config = config
        self.logger = logger
        store = try SQLiteStore(config.paths)
        identity = try await HostIdentity.load(config, store, logger)
        runtime = try await Self.runtime(config, logger)
        room = DiskGuard(folder: config.paths.state, limits: config.disk, logger: logger)
        images = try await Workshop(config: config, runtime: runtime, room: room, logger: logger)
        (keys, secrets) = try await Self.secrets(config, store, logger)
        var host = HostServices.make(config, runtime, store, images, Prober(), logger)
        host.identify(identity)
        label = host.label
        volumes = try host.keepVolumes(config.paths)
        host.secrets = { [all = MachineSecrets(ledger: secrets, opener: keys.opener)] in try await all.values(for: $0) }
        guestDoors = host.openDoors(config.paths, logger)
        agent = LocalAgent(host: host)
        try await runtime.endAbandonedSessions()
        // Nobody may ask anything of this host before what runs on it is known.
        try await agent.adopt()
    }

    var services: [any Service] { [agent, guestDoors, room] }

    // MARK: - Private

    private static func runtime(_ config: HostConfig, _ logger: Logger) async throws -> OCIRuntime {
        var options = OCIRuntime.Options()
        if let limit = config.rootLimit { options.rootLimit = limit }
        options.openToBuilds = config.build.networks
        options.openToMachines = config.network.reach
        let runtime = OCIRuntime(paths: config.paths, options: options, logger: logger)
        try await runtime.prepareHost()
        return runtime
    }

    /// The host's keys, and the secrets that are sealed to them.
    private static func secrets(
        _ config: HostConfig,
        _ store: SQLiteStore,
        _ logger: Logger
    ) async throws -> (HostKeys, SecretLedger) {
        let keys = HostKeys(folder: config.paths.keys)
        try keys.prepare()
        let files = AppEnvironment(folder: config.paths.environment)
        let secrets = SecretLedger(store: store, keys: keys, files: files)
        for (app, fault) in await secrets.takeInAll() {
            logger.error("file of secrets not taken in", error: fault, metadata: ["app": "\(app)"])
        }
        return (keys, secrets)
    }
}
