import Foundation
import Glibc

/// Processes of this machine.
enum Processes {
    /// Whether one has these words at the start of its command line.
    static func running(_ words: String) -> Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.contains { name in
            guard Int(name) != nil, let data = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else {
                return false
            }
            return String(decoding: data, as: UTF8.self).replacing("\0", with: " ").hasPrefix(words)
        }
    }
}

/// Mounts that this process sees.
enum Mounts {
    static func below(_ path: String) -> Bool {
        let table = FileManager.default.contents(atPath: "/proc/self/mountinfo") ?? Data()
        return String(decoding: table, as: UTF8.self).contains(" \(path)")
    }
}

enum FileStatus {
    /// Whether overlayfs takes the file for a removal of what lies below it.
    static func isWhiteout(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR && status.st_rdev == 0
    }

    static func of(_ path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }
}

/// Asks until it is so.
func eventually(within limit: Duration, _ condition: () throws -> Bool) async throws {
    let end = ContinuousClock.now.advanced(by: limit)
    while try !condition() {
        guard ContinuousClock.now < end else { throw NeverSo() }
        try await Task.sleep(for: .milliseconds(20))
    }
}

struct NeverSo: Error {}
