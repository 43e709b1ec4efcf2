import Glibc
import Logging
package import Model
import Toolkit

extension OCIRuntime {
    package func start(_ sandbox: Sandbox) async throws -> Machine.Process {
        try await lanes.run(sandbox.id) { () throws(Fault) in
            let folders = MachineFolders(paths, sandbox.id)
            if let record = RunRecord.read(folders.record), record.processLives {
                watcher.watch(sandbox.id, record.process, monitorTicks: record.monitorTicks)
                return record.process
            }
            try clearBlocking(sandbox.id)
            do throws(Fault) {
                return try startOrClear(sandbox, folders)
            } catch  where RuntimeWords.isCutOff(error) {
                logger.notice("start cut off, tried again", error: error, metadata: ["machine.id": "\(sandbox.id)"])
                return try startOrClear(sandbox, folders)
            }
        }
    }

    /// By a root file system of its own, which is gone afterwards.
    package func vet(_ sandbox: Sandbox) async throws {
        let id = sandbox.id
        defer { lanes.forget(id) }
        try await lanes.run(id) { () throws(Fault) in
            let folders = MachineFolders(build: id, paths)
            let result = Result { () throws(Fault) in
                try makeRoot(sandbox, folders)
                try CommandLookup.check(sandbox, rootfs: folders.rootfs)
            }
            try Overlay.unmount(folders.rootfs)
            try Self.removeTrees([folders.state, folders.run])
            try result.get()
        }
    }

    // MARK: - Private

    private func startOrClear(_ sandbox: Sandbox, _ folders: MachineFolders) throws(Fault) -> Machine.Process {
        do throws(Fault) {
            return try startBlocking(sandbox, folders)
        } catch {
            // The first fault says what went wrong; what can't be cleared now is cleared by the next start.
            try? clearBlocking(sandbox.id)
            throw error
        }
    }

    private func startBlocking(_ sandbox: Sandbox, _ folders: MachineFolders) throws(Fault) -> Machine.Process {
        guard !sandbox.network || network.isProvisioned(sandbox.id) else {
            throw Fault(.invalidState, "Machine \(sandbox.id) has no network namespace", hint: "provision it first")
        }
        let tools = try tools()
        let users = sandbox.network ? network.users(sandbox.id) : nil
        try limitDisk(folders, sandbox.rootLimit ?? options.rootLimit)
        try makeRoot(sandbox, folders, users: users)
        if !sandbox.secrets.isEmpty { try MemoryFolder.ensure(folders.run) }
        let namespace = sandbox.network ? network.namespacePath(sandbox.id) : nil
        var sandbox = sandbox
        if let users { sandbox.mounts = try map(sandbox.mounts, folders, users) }
        var told = sandbox
        told.env.merge(sandbox.secrets) { $1 }
        let size = try sizes.prepare(sandbox.id, sandbox.guest, swapMiB: sandbox.swapMiB, folders)
        let place = NamespacePlace(network: namespace, users: users, size: size)
        let servers = try machineNameservers()
        try writeConfig(told, folders, place, nameservers: servers, initProgram: tools.initProgram)
        let monitor = Monitor(
            program: tools.monitor,
            runtime: tools.runtime,
            runtimeRoot: runtimeRoot,
            sockets: sockets,
            folders: folders,
            logLimit: options.logLimit * 8
        )
        let started = try monitor.create(sandbox.id)
        users?.openStreams(of: started.pid)
        // The sandbox has mounts of its own by now.
        try MappedMounts.removeAll(folders.mappedMounts)
        if !sandbox.secrets.isEmpty { try forgetSecrets(sandbox, folders, place, tools) }
        guard let stat = ProcessStat.live(started.pid), let monitorStat = ProcessStat.live(started.monitor) else {
            throw Fault(.toolFailed, "the sandbox of Machine \(sandbox.id) \(RuntimeWords.endedBefore)")
        }
        let process = Machine.Process(
            pid: started.pid,
            startTicks: stat.startTicks,
            monitorPID: started.monitor,
            startedAt: .now()
        )
        let record = RunRecord(process: process, monitorTicks: monitorStat.startTicks, address: sandbox.address)
        // Before the process runs: a crash from here on leaves a record that says whose it is.
        try record.write(folders.record)
        if let owner = sandbox.owner {
            try KernelFile.create(folders.owner, Array(try JSON.encode(owner)), mode: 0o600)
        }
        do throws(Fault) {
            try cgroups.adoptMonitor(started.monitor, of: sandbox.id)
        } catch {
            logger.warning(
                "monitor stays in the daemon's control group",
                error: error,
                metadata: ["machine.id": "\(sandbox.id)"]
            )
        }
        let outcome = try Spawn.run([tools.runtime, "--root", runtimeRoot, "start", sandbox.id.text])
        guard outcome.code == 0 else { throw RuntimeWords.fault(outcome.output) }
        watcher.watch(sandbox.id, process, monitorTicks: monitorStat.startTicks)
        return process
    }

    /// Writes the configuration anew without the secrets, which the process has by now.
    private func forgetSecrets(
        _ sandbox: Sandbox,
        _ folders: MachineFolders,
        _ place: NamespacePlace,
        _ tools: SandboxTools
    ) throws(Fault) {
        let config = try bundle(sandbox, folders, place, initProgram: tools.initProgram)
        let bytes = Array(try JSON.encode(config))
        try KernelFile.create(folders.config, bytes, mode: 0o600)
        // crun keeps a copy of its own.
        let copy = "\(runtimeRoot)/\(sandbox.id)/config.json"
        if KernelFile.exists(copy) { try KernelFile.create(copy, bytes, mode: 0o600) }
    }

    /// Has what a Machine writes to its root file system lie in a file system of its own, as large as it may become.
    private func limitDisk(_ folders: MachineFolders, _ bytes: Int64) throws(Fault) {
        guard bytes > 0 else { return }
        try KernelFile.makeFolder(folders.state, mode: 0o700)
        do throws(Fault) {
            try folders.rootDisk(bytes: bytes).mount()
        } catch  where error.code == .hostUnfit {
            // Told by the doctor too; a Machine without a limit is better than none.
            logger.warning("root file system has no limit", error: error)
        }
    }

    /// Fresh folders and the overlay on them.
    func makeRoot(
        _ sandbox: Sandbox,
        _ folders: MachineFolders,
        upper: String? = nil,
        users: UserNamespace? = nil
    ) throws(Fault) {
        try KernelFile.makeFolder(folders.state, mode: 0o700)
        try KernelFile.makeFolder(folders.run, mode: 0o700)
        let upper = upper ?? folders.upper
        // Made by us with all bits, since the daemon's umask must not decide what users inside may enter.
        for folder in [folders.disk, upper, folders.work, folders.rootfs] where !KernelFile.exists(folder) {
            try KernelFile.makeFolder(folder, mode: 0o755)
            guard chmod(folder, 0o755) == 0 else { throw Durable.fault(errno, "open up", folder) }
        }
        if let users {
            try users.give(upper)
            // Root inside, whom the group lets pass, looks the root file system up by its path; nobody else shall.
            guard chown(folders.state, 0, users.range.base) == 0, chmod(folders.state, 0o710) == 0 else {
                throw Durable.fault(errno, "open up", folders.state)
            }
        }
        try Overlay(layers: sandbox.layers, upper: upper, work: folders.work).mount(
            at: folders.rootfs,
            mapped: users.map { MappedMounts(folder: folders.mappedLayers, users: $0) }
        )
        let temporary = "\(folders.rootfs)/tmp"
        if !KernelFile.exists(temporary) {
            try KernelFile.makeFolder(temporary, mode: 0o777)
            guard chmod(temporary, 0o1777) == 0 else { throw Durable.fault(errno, "open up", temporary) }
            try users?.give(temporary)
        }
    }

    /// The same folders of the host, with a Machine's users as their owners; files that were made for this start become its.
    private func map(
        _ mounts: [Sandbox.Mount],
        _ folders: MachineFolders,
        _ users: UserNamespace
    ) throws(Fault) -> [Sandbox.Mount] {
        let mapped = MappedMounts(folder: folders.mappedMounts, users: users)
        var all = mounts
        for index in all.indices {
            if GuestFiles.made(all[index].source, paths) {
                try users.give(all[index].source)
            } else {
                all[index].source = try mapped.add(all[index].source)
            }
        }
        return all
    }

    /// What of the host a sandbox joins or sees instead of something of its own.
    struct NamespacePlace {
        /// Nil: one of its own with nothing in it.
        var network: String?
        /// Nil: the host's.
        var users: UserNamespace?
        /// What it sees of its size; nil: the host's.
        var size: SeenSize?
    }

    /// The bundle's configuration and the files that it shows inside.
    func writeConfig(
        _ sandbox: Sandbox,
        _ folders: MachineFolders,
        _ place: NamespacePlace,
        nameservers: [String],
        initProgram: String?
    ) throws(Fault) {
        try CommandLookup.check(sandbox, rootfs: folders.rootfs)
        var etc = EtcFiles(
            hostname: sandbox.hostname,
            address: sandbox.address,
            aliases: sandbox.hosts,
            nameservers: nameservers
        )
        if let dns = sandbox.dns { etc.dns = dns }
        try KernelFile.create(folders.hosts, Array(etc.hosts.utf8))
        try KernelFile.create(folders.hostname, Array(etc.hostnameFile.utf8))
        try KernelFile.create(folders.resolv, Array(etc.resolv.utf8))
        // The place of the first program in the folder, which nobody can make inside.
        if let door = sandbox.door { try KernelFile.create("\(door)/init", []) }
        for file in [folders.hosts, folders.hostname, folders.resolv] { try place.users?.give(file) }
        let config = try bundle(sandbox, folders, place, initProgram: initProgram)
        try KernelFile.create(folders.config, Array(try JSON.encode(config)), mode: 0o600)
    }

    private func bundle(
        _ sandbox: Sandbox,
        _ folders: MachineFolders,
        _ place: NamespacePlace,
        initProgram: String?
    ) throws(Fault) -> BundleConfig {
        let user = try SandboxUser.resolve(
            sandbox.user,
            passwd: RootedFile.read(root: folders.rootfs, "etc/passwd"),
            group: RootedFile.read(root: folders.rootfs, "etc/group")
        )
        let hasNamespaces = KernelFile.exists("/proc/self/ns/cgroup")
        return BundleConfig(
            sandbox,
            .init(
                rootfs: folders.rootfs,
                user: user,
                seccomp: try seccomp.filter(BundleConfig.capabilities(of: user), profile: options.seccompProfile),
                cgroupsPath: cgroups.path(sandbox.id),
                networkNamespace: place.network,
                users: place.users.map { .init(path: $0.path, range: $0.range) },
                limitsSwap: cgroups.limitsSwap,
                limits: .current(),
                pidsLimit: options.pidsLimit,
                files: [
                    (folders.hosts, "/etc/hosts"), (folders.hostname, "/etc/hostname"),
                    (folders.resolv, "/etc/resolv.conf"),
                ] + (place.size?.files ?? []),
                cpus: place.size?.cpus,
                initProgram: initProgram,
                showsCgroups: cgroups.mode == .unified || place.size != nil && hasNamespaces,
                hasCgroupNamespaces: hasNamespaces
            )
        )
    }
}
