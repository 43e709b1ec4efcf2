package import Foundation
import Glibc
package import Model
import Toolkit

/// Where the processes of one build are, so that its end is the end of all of them.
package struct BuildGroup: Sendable {
    package var id: String
    /// The `cgroup.procs` files to which the build's first process writes itself.
    package var processFiles: [String]
    /// What the build sees at `/sys/fs/cgroup`, by the names there: its own groups and nothing above them.
    ///
    /// The empty name is the whole of it.
    package var hierarchies: [String: String]
}

extension Cgroups {
    static let builds = "builds"

    /// Makes the group in which Dockerfile builds run, all of them together.
    ///
    /// - Throws: ``Fault`` `io` when the kernel refuses a limit.
    func limitBuilds(_ guest: MachineConfig.Guest) throws(Fault) {
        let bytes = "\(guest.memoryMiB << 20)"
        let quota = "\(guest.cpus * 100_000)"
        if mode == .unified {
            // The levels above have to hand the controllers down; where systemd has done so, this changes nothing.
            for level in [root, "\(root)/\(slice)", "\(root)/\(slice)/\(Self.builds)"] {
                try KernelFile.makeFolder(level, mode: 0o755)
                for controller in ["+memory", "+cpu", "+pids"] {
                    try? KernelFile.write(controller, to: "\(level)/cgroup.subtree_control")
                }
            }
            let limits = [("memory.max", bytes), ("cpu.max", "\(quota) 100000"), ("pids.max", "4096")]
            return try limit(root, limits)
        }
        try limit("\(root)/memory", [("memory.limit_in_bytes", bytes)])
        try limit("\(root)/cpu", [("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", quota)])
        try limit("\(root)/pids", [("pids.max", "4096")])
    }

    /// Makes the groups of one build, in every hierarchy: what is in one of them can be ended.
    func makeBuild(_ id: String) throws(Fault) -> BuildGroup {
        var build = BuildGroup(id: id, processFiles: [], hierarchies: [:])
        for hierarchy in hierarchies where KernelFile.exists("\(hierarchy)/cgroup.procs") {
            var folder = hierarchy
            for name in [slice, Self.builds, id] {
                let parent = folder
                folder += "/\(name)"
                try KernelFile.makeFolder(folder, mode: 0o755)
                // Empty in a new group, which then takes no process.
                for file in ["cpuset.cpus", "cpuset.mems"] where KernelFile.exists("\(folder)/\(file)") {
                    guard KernelFile.read("\(folder)/\(file)")?.first(where: { !$0.isWhitespace }) == nil,
                        let value = KernelFile.read("\(parent)/\(file)")
                    else { continue }
                    try KernelFile.write(value, to: "\(folder)/\(file)")
                }
            }
            guard mode == .unified else {
                build.processFiles.append("\(folder)/cgroup.procs")
                build.hierarchies[String(hierarchy.dropFirst(root.count + 1))] = folder
                continue
            }
            // A group that hands controllers down, as the OCI runtime wants it here, can't have processes of its own.
            try KernelFile.makeFolder("\(folder)/builder", mode: 0o755)
            build.processFiles.append("\(folder)/builder/cgroup.procs")
            build.hierarchies[""] = folder
        }
        return build
    }

    /// Ends what is in a build's groups, frozen or not, and waits until they are empty, at most two seconds.
    ///
    /// - Returns: whether they are.
    @discardableResult
    func killBuild(_ id: String) -> Bool {
        for attempt in 0..<400 {
            var isEmpty = true
            for folder in buildFolders(id).flatMap(Self.tree) {
                let text = KernelFile.read("\(folder)/cgroup.procs") ?? ""
                let pids = text.split(separator: "\n").compactMap { Int32($0) }.filter { $0 > 0 }
                guard !pids.isEmpty else { continue }
                isEmpty = false
                guard attempt % 20 == 0 else { continue }
                for pid in pids { kill(pid, SIGKILL) }
                // On version 1 a frozen process takes the signal only when it is thawed.
                for (file, word) in [("freezer.state", "THAWED"), ("cgroup.freeze", "0")] {
                    if KernelFile.exists("\(folder)/\(file)") { try? KernelFile.write(word, to: "\(folder)/\(file)") }
                }
            }
            if isEmpty { return true }
            usleep(attempt < 20 ? 500 : 5000)
        }
        return false
    }

    /// Ends what is in a build's groups, and removes them from every hierarchy.
    ///
    /// - Throws: ``Fault`` `timedOut` when something does not end, though killed.
    func removeBuild(_ id: String) throws(Fault) {
        guard killBuild(id) else { throw Fault(.timedOut, "processes of the build \(id) do not end, though killed") }
        for folder in buildFolders(id) where KernelFile.exists(folder) {
            var result: Int32 = -1
            for attempt in 0..<200 {
                result = Self.removeTree(folder)
                if result == 0 { break }
                usleep(attempt < 20 ? 500 : 5000)
            }
            guard result == 0 else { throw Fault(.io, "remove \(folder): error \(result)") }
        }
    }

    /// The builds that have groups, also of a daemon that crashed.
    func buildsLeft() -> [String] {
        Set(
            hierarchies.flatMap { hierarchy in
                let folder = "\(hierarchy)/\(slice)/\(Self.builds)"
                return KernelFile.names(in: folder).filter { KernelFile.exists("\(folder)/\($0)/cgroup.procs") }
            }
        ).sorted()
    }

    // MARK: - Private

    private func buildFolders(_ id: String) -> [String] { hierarchies.map { "\($0)/\(slice)/\(Self.builds)/\(id)" } }

    /// A group and all below it.
    private static func tree(_ folder: String) -> [String] {
        let below = KernelFile.names(in: folder).map { "\(folder)/\($0)" }
        return [folder] + below.filter { KernelFile.exists("\($0)/cgroup.procs") }.flatMap(tree)
    }

    private func limit(_ hierarchy: String, _ limits: [(file: String, value: String)]) throws(Fault) {
        let folder = "\(hierarchy)/\(slice)/\(Self.builds)"
        try KernelFile.makeFolder("\(hierarchy)/\(slice)", mode: 0o755)
        try KernelFile.makeFolder(folder, mode: 0o755)
        for (file, value) in limits { try KernelFile.write(value, to: "\(folder)/\(file)") }
    }
}

extension OCIRuntime {
    /// Limits what all Dockerfile builds of this host use together.
    ///
    /// - Parameter guest: CPUs and memory.
    /// - Throws: ``Fault`` `io` when the kernel refuses a limit.
    package func limitBuilds(_ guest: MachineConfig.Guest) throws(Fault) { try cgroups.limitBuilds(guest) }

    /// Makes the control groups of one build that is no sandbox of ours.
    package func makeBuildGroup() throws(Fault) -> BuildGroup { try cgroups.makeBuild(Machine.ID.random().text) }

    /// Ends all processes of such a build, wherever they have gone; blocks for a moment.
    package func killBuildGroup(_ id: String) { cgroups.killBuild(id) }

    /// Ends them, and removes the groups; blocks for a moment.
    package func removeBuildGroup(_ id: String) throws(Fault) { try cgroups.removeBuild(id) }

    /// The filter of system calls that builds have which are no sandboxes of ours, as JSON.
    ///
    /// - Parameter capabilities: those that the build's programs keep.
    /// - Returns: a document in the form of the OCI runtime specification.
    /// - Throws: ``Fault`` `hostUnfit` when the distribution's list is missing.
    package func buildFilter(_ capabilities: [String]) throws(Fault) -> Data {
        try JSON.encode(try seccomp.filter(capabilities, profile: options.seccompProfile))
    }

    /// The servers that builds ask for names.
    package var buildNameservers: [String] { nameservers }
}
