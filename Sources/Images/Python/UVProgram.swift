import Glibc
import Model
import Synchronization
import Toolkit

/// The host's uv: asked for its version once, until the file changes.
final class UVProgram: Sendable {
    private let known = Mutex<(file: String, version: String)?>(nil)

    func version(at path: String) async throws -> String {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw Fault(.toolMissing, "uv is not at \(path)", hint: "roost doctor says what this host lacks")
        }
        let time = status.st_mtim
        let file = "\(path) \(status.st_ino) \(status.st_size) \(time.tv_sec) \(time.tv_nsec)"
        if let known = known.withLock({ $0 }), known.file == file { return known.version }
        let version = try await Command(path, ["--version"]).checked().split(separator: "\n").first.map(String.init)
        guard let version, version.hasPrefix("uv ") else { throw Fault(.toolFailed, "\(path) is not uv") }
        known.withLock { $0 = (file, version) }
        return version
    }
}
