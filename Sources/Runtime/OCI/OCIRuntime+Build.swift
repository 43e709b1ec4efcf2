import Dispatch
import Glibc
import Model
import Toolkit

extension OCIRuntime {
    /// Runs a build step in a sandbox of its own, without a monitor, to its end.
    ///
    /// Cancelling kills it. The sandbox's `guest` limits its memory and CPU; its `address` is not looked at. With `network`
    /// it reaches the outside, and no Machine.
    ///
    /// - Parameters:
    ///   - sandbox: what to run; its ID is a new random one.
    ///   - upper: an empty folder that takes all writes to the root file system, in an overlay's form (removed files are
    ///     character devices 0:0), and stays. Nil: they are thrown away.
    ///   - onLine: told each line of both outputs.
    /// - Returns: the exit code, or 128 + the signal; 137 also for want of memory.
    /// - Throws: ``Fault`` when the step could not be run at all.
    package func runToEnd(
        _ sandbox: Sandbox,
        upper: String? = nil,
        onLine: @Sendable @escaping (String) async throws -> Void
    ) async throws -> Int32 {
        var sandbox = sandbox
        let slot = try buildSlots.take()
        defer { buildSlots.give(back: slot) }
        sandbox.address = try addressPlan().buildAddress(slot: slot)
        let result: Result<Int32, any Error>
        do {
            result = .success(try await run(sandbox, upper: upper, onLine: onLine))
        } catch {
            result = .failure(error)
        }
        try await removeBuild(sandbox.id, upper: upper)
        return try result.get()
    }

    /// A network namespace for one build that is no sandbox of ours.
    package struct BuildNetwork: Sendable {
        package let path: String
        let id: Machine.ID
        let slot: Int
    }

    /// Makes a network namespace for a build that is no sandbox of ours.
    ///
    /// They reach the outside, and nothing of the host, its Machines and its private neighbours. One that
    /// nobody removed goes with the next `prepareHost`.
    package func makeBuildNetwork() async throws -> BuildNetwork {
        let id = Machine.ID.random()
        let slot = try buildSlots.take()
        do {
            let address = try addressPlan().buildAddress(slot: slot)
            try await lanes.run(id) { () throws(Fault) in try buildNetwork.provision(id, address: address) }
        } catch {
            buildSlots.give(back: slot)
            throw error
        }
        return BuildNetwork(path: buildNetwork.namespacePath(id), id: id, slot: slot)
    }

    /// Ends a build's network; what is gone already is no error.
    package func removeBuildNetwork(_ network: BuildNetwork) async throws {
        defer { buildSlots.give(back: network.slot) }
        try await lanes.run(network.id) { () throws(Fault) in try buildNetwork.remove(network.id) }
        lanes.forget(network.id)
    }

    /// Removes what build steps of a daemon that crashed have left.
    func removeAbandonedBuilds() async throws {
        for id in cgroups.buildsLeft() { try cgroups.removeBuild(id) }
        let names = ["\(paths.run)/builds", "\(paths.state)/builds"].flatMap { KernelFile.names(in: $0) }
        for id in Set(names.compactMap { Machine.ID($0) }).union(buildNetwork.provisioned()) {
            try await removeBuild(id, upper: nil)
        }
    }

    // MARK: - Private

    private func run(
        _ sandbox: Sandbox,
        upper: String?,
        onLine: @Sendable @escaping (String) async throws -> Void
    ) async throws -> Int32 {
        let id = sandbox.id
        let folders = MachineFolders(build: id, paths)
        let prepared = sandbox
        try await lanes.run(id) { () throws(Fault) in
            if prepared.network { try buildNetwork.provision(id, address: prepared.address) }
            try makeRoot(prepared, folders, upper: upper)
            try writeConfig(
                prepared,
                folders,
                NamespacePlace(network: prepared.network ? buildNetwork.namespacePath(id) : nil),
                nameservers: nameservers,
                initProgram: nil
            )
        }
        let command = Command(
            try tools().runtime,
            ["--root", runtimeRoot, "--log", folders.errors, "run", "--bundle", folders.run, id.text]
        )
        let code = try await withTaskCancellationHandler {
            try await command.stream(onLine)
        } onCancel: {
            // The runtime's own end would leave the sandbox running, with our pipe in its hands.
            DispatchQueue.global().async { [cgroups] in try? cgroups.killAll(id) }
        }
        try Task.checkCancellation()
        if code != 0, let words = KernelFile.read(folders.errors), words.contains("level=error") {
            throw RuntimeWords.fault(words)
        }
        return code
    }

    /// Starts no program through a task: this one may have been cancelled.
    private func removeBuild(_ id: Machine.ID, upper: String?) async throws {
        let folders = MachineFolders(build: id, paths)
        try await lanes.run(id) { () throws(Fault) in
            try clearBlocking(id, folders, upper: upper)
            if let upper { Self.removeMountPoints(upper) }
            try Self.removeTrees([folders.state, folders.run])
            try buildNetwork.remove(id)
        }
        lanes.forget(id)
    }

    /// Takes the empty files away on which the runtime has mounted ours: the image shall not have them.
    private static func removeMountPoints(_ upper: String) {
        for name in ["hosts", "hostname", "resolv.conf"] {
            var status = stat()
            let path = "\(upper)/etc/\(name)"
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size == 0 else { continue }
            unlink(path)
        }
        // Succeeds only for an empty one.
        rmdir("\(upper)/etc")
    }
}
