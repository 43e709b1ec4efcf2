import Foundation
package import Logging
package import Model
import Synchronization
package import Toolkit

/// Runs Machines with runc or crun, each under a conmon of its own.
///
/// Nothing that it knows is in memory alone: a new daemon finds all in the kernel and in the run folder.
package struct OCIRuntime: RuntimeDriver {
    package let paths: HostPaths
    package let options: Options
    package let exits: AsyncStream<SandboxExit>

    let cgroups: Cgroups
    let network: HostNetwork
    let buildNetwork: HostNetwork
    let buildSlots = BuildSlots()
    let lanes = Lanes<Machine.ID>()
    let watcher: ExitWatcher
    let seccomp = SeccompCache()
    let userNamespaces = UserNamespaceTrial()
    let sizes: SizeKeeper
    let logger: Logger

    /// What an operator or a test may choose.
    package struct Options: Sendable {
        /// The OCI runtime's program; nil: by the host's cgroups.
        package var runtime: String?
        package var cgroupRoot = "/sys/fs/cgroup"
        package var seccompProfile = "/usr/share/containers/seccomp.json"
        /// What Machines ask for names; nil: this host's own resolver.
        package var machineNameservers: [String]?
        /// What builds ask for names; nil: what the host asks.
        package var nameservers: [String]?
        /// Private addresses and blocks that builds may reach; all others of the kind are closed to them.
        package var openToBuilds: [String] = []
        /// The same for Machines.
        package var openToMachines: [String] = []
        /// The most processes and threads of one Machine.
        package var pidsLimit = 1024
        /// The most bytes that a Machine's root file system takes in; 0: as many as the disk has.
        ///
        /// > Source: Fly.io, "Machine root file systems": 8 GB.
        package var rootLimit: Int64 = 8 << 30
        /// Whether each Machine has users of its own where the host can; else root inside is the host's, without its rights.
        package var ownUsers = true
        /// A log longer than that becomes the old log, in bytes.
        package var logLimit = 10 << 20
        /// A tiny first process that reaps orphans and passes signals on; nil: one of the host's, if it has any.
        ///
        /// Without it the app is process 1 of its namespace, to which the kernel sends no signal that it does not handle.
        package var initProgram: String?
        /// Tells this host from others of the same network; it decides the addresses when they are first chosen.
        package var hostName = ProcessInfo.processInfo.hostName

        package init() {}
    }

    /// Touches nothing: `prepareHost` does.
    package init(paths: HostPaths, options: Options = Options(), logger: Logger = Logger(label: "roost.runtime")) {
        self.paths = paths
        self.options = options
        self.logger = logger
        let cgroups = Cgroups(root: options.cgroupRoot, instance: paths.instance)
        self.cgroups = cgroups
        sizes = SizeKeeper(cgroups: cgroups, paths: paths)
        network = HostNetwork(paths: paths, hostName: options.hostName)
        buildNetwork = HostNetwork(paths: paths, hostName: options.hostName, mark: ".build")
        watcher = ExitWatcher { id in ExitReader.read(MachineFolders(paths, id), id, cgroups) }
        exits = watcher.exits
    }

    /// Addresses for this host's Machines.
    ///
    /// - Throws: ``Fault`` `hostUnfit` before the first `prepareHost`.
    package func addressPlan() throws(Fault) -> AddressPlan { try network.plan() }

    package func prepareHost() async throws {
        _ = try tools()
        guard cgroups.mode != .missing else {
            throw Fault(
                .hostUnfit,
                "no control groups are mounted at \(options.cgroupRoot)",
                hint: "mount -t cgroup2 none \(options.cgroupRoot)"
            )
        }
        for folder in [paths.state, paths.run] { try Durable.makeFolder(folder) }
        try Durable.makeFolder(paths.machines, mode: 0o700)
        if options.ownUsers {
            // Root of a Machine with users of its own gets to its own root file system, and can list nothing on the way: all
            // else that is there is closed by its own mode.
            for folder in [paths.state, paths.machines] { try Self.letPass(folder) }
        }
        for folder in [
            "\(paths.state)/builds", "\(paths.run)/machines", "\(paths.run)/builds", sockets,
            "\(paths.run)/addresses", "\(paths.run)/build-addresses",
        ] {
            try Durable.makeFolder(folder, mode: 0o700)
        }
        let nameservers = nameservers
        if nameservers.isEmpty {
            logger.warning("the host names no dns server that machines could reach")
        }
        let (_, unguarded) = try await network.prepare(
            nameservers: nameservers,
            builds: buildNetwork,
            openToBuilds: options.openToBuilds,
            openToMachines: options.openToMachines
        )
        if let unguarded {
            logger.warning("kernel can't filter bridges", metadata: ["error": "\(unguarded)"])
        }
        if let reason = userNamespaces.decide(paths, options, try tools().runtime) {
            logger.warning("machines have the host's users", metadata: ["reason": "\(reason)"])
        }
        try await removeAbandonedBuilds()
    }

    package func limit(to reach: Reach) async throws { try await network.limit(to: reach) }

    package func provision(_ id: Machine.ID, address: Machine.Address) async throws {
        try await lanes.run(id) { () throws(Fault) in
            let folders = MachineFolders(paths, id)
            try KernelFile.makeFolder(folders.state, mode: 0o700)
            try KernelFile.makeFolder(folders.run, mode: 0o700)
            // Written when all was done: a start then needs no program to find out that nothing is left to do.
            let mark = "\(folders.state)/network"
            let wanted = userNamespaces.areWanted
            if network.isProvisioned(id), !runs(id), (network.users(id) != nil) != wanted { try network.remove(id) }
            let note = AddressPlan.note(address)
            if network.isProvisioned(id), network.hasLink(id), KernelFile.read(mark) == note { return }
            try network.provision(id, address: address, ownUsers: wanted)
            try Durable.write(Data(note.utf8), to: mark, mode: 0o600)
        }
    }

    private static func letPass(_ folder: String) throws(Fault) {
        var status = stat()
        guard stat(folder, &status) == 0, chmod(folder, status.st_mode & 0o7777 | 0o001) == 0 else {
            throw Durable.fault(errno, "open up", folder)
        }
    }

    private func runs(_ id: Machine.ID) -> Bool {
        RunRecord.read(MachineFolders(paths, id).record)?.processLives == true
    }

    /// Removes bridge, firewall table and cgroups of the instance, once no Machine is left.
    ///
    /// - Throws: ``Fault`` `invalidState` naming Machines that still have a network namespace.
    package func removeHostNetwork() async throws {
        let left = network.provisioned()
        guard left.isEmpty else {
            throw Fault(
                .invalidState,
                "\(left.count) Machines still have a network: \(left.prefix(5).map(\.text))",
                hint: "destroy them first"
            )
        }
        try await network.remove(builds: buildNetwork)
        cgroups.removeSlice()
    }

    /// Destroys each Machine that this host has anything of, then what they shared; volumes and images stay.
    package func removeEverything() async throws {
        for id in try await Set(list().keys).union(storedMachines()).sorted() { try await destroy(id) }
        try await removeAbandonedBuilds()
        try await removeHostNetwork()
        try await removeTrees([
            paths.machines, "\(paths.state)/builds", "\(paths.run)/machines", "\(paths.run)/builds", sockets,
            runtimeRoot, "\(paths.run)/addresses", "\(paths.run)/build-addresses",
        ])
    }

    // MARK: - Shared by the verbs

    /// The OCI runtime's own state; ours alone, so that no other program on the host sees our sandboxes.
    var runtimeRoot: String { "\(paths.run)/oci" }

    var sockets: String { "\(paths.run)/s" }

    var nameservers: [String] { options.nameservers ?? Nameservers.ofHost() }

    /// Who answers Machines: one server, since musl asks all that it is told of at once and believes the first.
    func machineNameservers() throws(Fault) -> [String] {
        if let given = options.machineNameservers { return given }
        return [HostNetwork.hasIPv6 ? NameHome.resolver : try network.plan().gateway.ipv4]
    }

    /// The resolver's addresses on this host.
    package func resolverAddresses() throws(Fault) -> [String] {
        let gateway = try network.plan().gateway
        return HostNetwork.hasIPv6 ? [NameHome.resolver, gateway.ipv6, gateway.ipv4] : [gateway.ipv4]
    }

    /// Where the edge takes what Machines send to private addresses of apps; nil on a host without IPv6.
    package func flycastAddress() throws(Fault) -> String? {
        HostNetwork.hasIPv6 ? try network.plan().gateway.ipv6 : nil
    }

    /// The device of the Machines' bridge.
    package var bridge: String { network.bridge }

    /// Machines with a folder on the disk.
    func storedMachines() -> [Machine.ID] {
        KernelFile.names(in: paths.machines).compactMap { Machine.ID($0) }
    }

    /// - Throws: ``Fault`` `toolMissing`.
    func tools() throws(Fault) -> SandboxTools {
        try SandboxTools.find(mode: cgroups.mode, options)
    }

    /// Removes folders, whatever is in them; nothing that is mounted below them is emptied.
    func removeTrees(_ folders: [String]) async throws {
        let id = Machine.ID.random()
        try await lanes.run(id) { () throws(Fault) in try Self.removeTrees(folders) }
        lanes.forget(id)
    }

    /// By `rm`, which gets down into folders deeper than any path can name.
    static func removeTrees(_ folders: [String]) throws(Fault) {
        let there = folders.filter { KernelFile.exists($0) }
        guard !there.isEmpty else { return }
        let outcome = try Spawn.run(["/bin/rm", "-rf", "--one-file-system", "--"] + there, limit: .seconds(600))
        guard outcome.code == 0 else { throw Fault(.io, "can't remove \(there): \(outcome.output)") }
    }
}
