import CLinux
import Glibc
import Model
import Synchronization
import Toolkit

/// Whether Machines of this host get user namespaces: found out once, by trying.
final class UserNamespaceTrial: Sendable {
    private let wanted = Mutex(false)

    var areWanted: Bool { wanted.withLock { $0 } }

    /// Decides it; the reason when they don't get any although they should.
    func decide(_ paths: HostPaths, _ options: OCIRuntime.Options, _ runtime: String) -> String? {
        guard options.ownUsers else {
            wanted.withLock { $0 = false }
            return nil
        }
        let trial = Self.run(paths.machines, runtime: runtime)
        wanted.withLock { $0 = trial == .works }
        if case .fails(let reason) = trial { return reason }
        return nil
    }

    /// Makes what a Machine's start makes, in a folder that is there, and leaves nothing.
    static func run(_ folder: String, runtime: String) -> HostFacts.Trial {
        // crun takes control groups of version 2 alone, where this was never seen to work.
        guard runtime.hasSuffix("runc") else { return .fails("not tried with \(runtime)") }
        if let closed = closedFolder(on: folder) {
            return .fails("root of a Machine can't get through \(closed) to its files: chmod o+x \(closed)")
        }
        let root = "\(folder)/.roost-trial-users-\(getpid())"
        defer {
            try? MappedMounts.removeAll("\(root)/mapped")
            roost_unmount_lazily("\(root)/merged")
            try? OCIRuntime.removeTrees([root])
        }
        do throws(Fault) {
            for name in ["", "/lower", "/upper", "/work", "/merged"] {
                try KernelFile.makeFolder(root + name, mode: 0o700)
            }
            try KernelFile.create("\(root)/lower/file", [])
            let range = UserRange(instance: folder, number: 0)
            return try UserNamespace.make(range) { holder throws(Fault) in
                guard let users = UserNamespace(owning: "/proc/\(holder)/ns/net"), users.range == range else {
                    return .fails("the kernel does not tell whose a network namespace is")
                }
                try users.give("\(root)/upper")
                try Overlay(layers: ["\(root)/lower"], upper: "\(root)/upper", work: "\(root)/work").mount(
                    at: "\(root)/merged",
                    mapped: MappedMounts(folder: "\(root)/mapped", users: users)
                )
                var status = stat()
                guard stat("\(root)/merged/file", &status) == 0, status.st_uid == range.base else {
                    return .fails("overlays show no mapped owners: Linux 5.19 or newer does")
                }
                return .works
            }
        } catch {
            return .fails(error.message)
        }
    }

    /// A folder above it that not everybody may pass; itself is the runtime's to open.
    private static func closedFolder(on path: String) -> String? {
        var parts = path.split(separator: "/").dropLast()
        while !parts.isEmpty {
            let folder = "/" + parts.joined(separator: "/")
            var status = stat()
            if stat(folder, &status) == 0, status.st_mode & 0o001 == 0 { return folder }
            parts.removeLast()
        }
        return nil
    }
}
