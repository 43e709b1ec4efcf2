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
                return try startBlocking(sandbox, folders)
            } catch {
                // The first fault says what went wrong; what can't be cleared now is cleared by the next start.
                try? clearBlocking(sandbox.id)
                throw error
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

    private func startBlocking(_ sandbox: Sandbox, _ folders: MachineFolders) throws(Fault) -> Machine.Process {
        guard !sandbox.network || network.isProvisioned(sandbox.id) else {
            throw Fault(.invalidState, "Machine \(sandbox.id) has no network namespace", hint: "provision it first")
        }
        let tools = try tools()
        try makeRoot(sandbox, folders)
        try writeConfig(
            sandbox,
            folders,
            namespace: sandbox.network ? network.namespacePath(sandbox.id) : nil,
            initProgram: tools.initProgram
        )
        let monitor = Monitor(
            program: tools.monitor,
            runtime: tools.runtime,
            runtimeRoot: runtimeRoot,
            sockets: sockets,
            folders: folders,
            logLimit: options.logLimit * 8
        )
        let started = try monitor.create(sandbox.id)
        guard let stat = ProcessStat.live(started.pid), let monitorStat = ProcessStat.live(started.monitor) else {
            throw Fault(.toolFailed, "the sandbox of Machine \(sandbox.id) ended before its start")
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
        do throws(Fault) {
            try cgroups.adoptMonitor(started.monitor)
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

    /// Fresh folders and the overlay on them.
    func makeRoot(_ sandbox: Sandbox, _ folders: MachineFolders, upper: String? = nil) throws(Fault) {
        try KernelFile.makeFolder(folders.state, mode: 0o700)
        try KernelFile.makeFolder(folders.run, mode: 0o700)
        let upper = upper ?? folders.upper
        // Made by us with all bits, since the daemon's umask must not decide what users inside may enter.
        for folder in [upper, folders.work, folders.rootfs] where !KernelFile.exists(folder) {
            try KernelFile.makeFolder(folder, mode: 0o755)
            guard chmod(folder, 0o755) == 0 else { throw Durable.fault(errno, "open up", folder) }
        }
        try Overlay(layers: sandbox.layers, upper: upper, work: folders.work).mount(at: folders.rootfs)
        let temporary = "\(folders.rootfs)/tmp"
        if !KernelFile.exists(temporary) {
            try KernelFile.makeFolder(temporary, mode: 0o777)
            guard chmod(temporary, 0o1777) == 0 else { throw Durable.fault(errno, "open up", temporary) }
        }
    }

    /// The bundle's configuration and the files that it shows inside.
    func writeConfig(
        _ sandbox: Sandbox,
        _ folders: MachineFolders,
        namespace: String?,
        initProgram: String?
    ) throws(Fault) {
        try CommandLookup.check(sandbox, rootfs: folders.rootfs)
        let user = try SandboxUser.resolve(
            sandbox.user,
            passwd: RootedFile.read(root: folders.rootfs, "etc/passwd"),
            group: RootedFile.read(root: folders.rootfs, "etc/group")
        )
        let etc = EtcFiles(hostname: sandbox.hostname, address: sandbox.address, nameservers: nameservers)
        try KernelFile.create(folders.hosts, Array(etc.hosts.utf8))
        try KernelFile.create(folders.hostname, Array(etc.hostnameFile.utf8))
        try KernelFile.create(folders.resolv, Array(etc.resolv.utf8))
        let config = BundleConfig(
            sandbox,
            .init(
                rootfs: folders.rootfs,
                user: user,
                seccomp: try seccomp.filter(BundleConfig.capabilities(of: user), profile: options.seccompProfile),
                cgroupsPath: cgroups.path(sandbox.id),
                networkNamespace: namespace,
                limitsSwap: cgroups.limitsSwap,
                limits: .current(),
                pidsLimit: options.pidsLimit,
                files: [
                    (folders.hosts, "/etc/hosts"), (folders.hostname, "/etc/hostname"),
                    (folders.resolv, "/etc/resolv.conf"),
                ],
                initProgram: initProgram,
                showsCgroups: cgroups.mode == .unified
            )
        )
        try KernelFile.create(folders.config, Array(try JSON.encode(config)), mode: 0o600)
    }
}
