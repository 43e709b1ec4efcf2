import Foundation
import Toolkit

/// A disk in memory, which is full before long.
enum SmallDisk {
    /// Makes it, and runs `body` with the place for images on it.
    static func with(_ megabytes: Int, _ body: (String) async throws -> Void) async throws {
        let folder = try TemporaryFolder()
        try await Command("mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", folder.path]).checked()
        do {
            try await body("\(folder.path)/images")
        } catch {
            try await Command("umount", ["-l", folder.path]).checked()
            throw error
        }
        try await Command("umount", ["-l", folder.path]).checked()
    }
}
