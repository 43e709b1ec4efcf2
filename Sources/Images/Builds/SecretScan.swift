import CLinux
import Glibc
import Model
import Toolkit

/// Looks for secrets in what a build has made, before it becomes a layer.
struct SecretScan: Sendable {
    let secrets: BuildSecrets

    /// - Throws: ``Fault`` `buildFailed` naming a file that holds a secret; never the secret.
    func check(_ folder: String) async throws {
        // What is shorter is in many files by chance.
        let wanted = secrets.values.filter { $0.value.utf8.count >= 8 }.mapValues { Array($0.utf8) }
        guard !wanted.isEmpty else { return }
        try await Blocking.run(interruptible: { interruption in
            try Self.look(folder, "", wanted, interruption)
        })
    }

    // MARK: - Private

    private static func look(
        _ root: String,
        _ path: String,
        _ wanted: [String: [UInt8]],
        _ interruption: Blocking.Interruption
    ) throws {
        for name in try FileTree.names(in: root + path) {
            let place = "\(path)/\(name)"
            guard let status = try FileTree.status(root + place) else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: try look(root, place, wanted, interruption)
            case S_IFREG:
                try interruption.check()
                guard let found = try first(of: wanted, in: root + place) else { continue }
                throw Fault(
                    .buildFailed,
                    "the build secret \(found) was written to \(place), which would be part of the image",
                    hint: "name the variable in the requirement, ${\(found)}, or an index without the secret in its URL"
                )
            default: continue
            }
        }
    }

    private static func first(of wanted: [String: [UInt8]], in path: String) throws -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw Durable.fault(errno, "open", path) }
        defer { close(descriptor) }
        let overlap = (wanted.values.map(\.count).max() ?? 1) - 1
        var buffer = [UInt8](repeating: 0, count: 4 << 20)
        var kept = 0
        while true {
            let count = buffer.withUnsafeMutableBytes { bytes in
                read(descriptor, bytes.baseAddress?.advanced(by: kept), bytes.count - kept)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Durable.fault(errno, "read", path) }
            if count == 0 { return nil }
            let filled = kept + count
            for (name, value) in wanted.sorted(by: { $0.key < $1.key }) {
                let isThere = buffer.withUnsafeBytes { bytes in
                    roost_find_bytes(bytes.baseAddress, filled, value, value.count) >= 0
                }
                if isThere { return name }
            }
            kept = min(overlap, filled)
            buffer.replaceSubrange(0..<kept, with: Array(buffer[(filled - kept)..<filled]))
        }
    }
}
