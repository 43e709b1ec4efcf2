import Model
import Toolkit

/// How a layer's archive is packed, told by its first bytes and not by what anyone says of it.
enum Compression: Sendable {
    case none
    case gzip
    case zstd

    static func of(_ archive: String) throws(Fault) -> Compression {
        switch try FileTree.start(of: archive, count: 4) {
        case let bytes where bytes.starts(with: [0x1f, 0x8b]): .gzip
        case [0x28, 0xb5, 0x2f, 0xfd]: .zstd
        default: .none
        }
    }

    /// Writes the plain archive to a new file; does nothing for one that is plain already.
    ///
    /// The limit counts the files of the layer: a few kilobytes can be made to fill any disk.
    func undo(_ archive: String, into plain: String, limit: Int64) async throws {
        let program: String
        switch self {
        case .none: return
        case .gzip: program = "gzip"
        case .zstd: program = "zstd"
        }
        guard let path = Command.find(program) else {
            throw Fault(.toolMissing, "the layer is packed with \(program), which is not installed")
        }
        // `ulimit -f` counts blocks of 512 bytes in this shell.
        // Beside its files an archive has a head of each, and blocks are filled up.
        let most = limit + limit / 8 + 64 << 20
        let script = "ulimit -f \(most / 512); exec \"$1\" -dc <\"$2\" >\"$3\""
        let outcome = try await Command("/bin/sh", ["-c", script, "sh", path, archive, plain]).run()
        guard outcome.code == 0 else {
            if outcome.error.contains("No space left on device") {
                throw Fault(.diskFull, "unpack \(archive): no space left on device")
            }
            // SIGXFSZ, as the shell tells it.
            if outcome.code == 153 { throw DiskWatch.tooLarge("a layer of the image", limit) }
            throw Fault(.corrupt, "the layer \(archive) could not be unpacked: \(outcome.error)")
        }
    }
}
