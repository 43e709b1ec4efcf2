import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// The program as a user starts it, so that a crash is one of its own and its time and memory can be measured.
enum RoostProgram {
    struct Run {
        /// 124 when it took longer than it may; 128 + the signal for a crash.
        var code: Int32
        var output: String
        var error: String
        /// Of the largest of its processes.
        var peakMiB: Int

        var isCrash: Bool { code > 2 || code < 0 }

        /// What `--json` printed.
        var facts: [String: Any] {
            let root = try? JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
            return root?["facts"] as? [String: Any] ?? [:]
        }

        var kind: String { facts["kind"] as? String ?? "?" }
        var entry: String { (facts["entry"] as? [String: Any])?["target"] as? String ?? "none" }

        var warnings: [String] {
            (facts["warnings"] as? [[String: Any]] ?? []).compactMap { $0["message"] as? String }
        }
    }

    static let path = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: ".build/debug/roost").path

    /// Why it can't be started; nil when it can.
    static var missing: String? {
        FileManager.default.isExecutableFile(atPath: path) ? nil : "no \(path): swift build makes it"
    }

    /// Runs it to its end, a minute at most.
    static func run(
        _ arguments: [String],
        in folder: String = "/",
        environment: [String: String] = [:]
    ) throws -> Run {
        let scratch = try ScratchFolder()
        let words = ["/usr/bin/env", "-C", folder, "timeout", "-k", "1", "60", path] + arguments
        let own = ["PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/root", "LANG=C.UTF-8"]
        var argv = words.map { strdup($0) } + [nil]
        var variables = (own + environment.map { "\($0.key)=\($0.value)" }).map { strdup($0) } + [nil]
        defer { for text in argv + variables { free(text) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        let flags = O_CREAT | O_WRONLY
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "\(scratch.path)/out", flags, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, "\(scratch.path)/err", flags, 0o600)
        var child: pid_t = 0
        let failure = posix_spawn(&child, words[0], &actions, nil, &argv, &variables)
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .EIO) }
        var status: Int32 = 0
        var usage = rusage()
        while wait4(child, &status, 0, &usage) < 0, errno == EINTR {}
        let signal = status & 0x7F
        return Run(
            code: signal == 0 ? (status >> 8) & 0xFF : 128 + signal,
            output: text(of: "\(scratch.path)/out"),
            error: text(of: "\(scratch.path)/err"),
            peakMiB: usage.ru_maxrss / 1_024
        )
    }

    private static func text(of path: String) -> String {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }
}
