import Foundation

/// A program that goes on beside the test.
enum Background {
    /// Starts it in a session of its own, with both outputs appended to a file.
    ///
    /// Not through `Process`: that takes a program for ended only when all its descendants have closed the descriptors
    /// that they inherit.
    ///
    /// - Returns: its process ID; it stays a zombie when it ends, until `hasEnded` is asked.
    static func start(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        output: String
    ) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        for descriptor in Int32(3)..<200 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // POSIX_SPAWN_SETSID, which glibc's headers show only with _GNU_SOURCE. Threads of a pool block signals, and a
        // program would inherit that: nothing but SIGKILL could end it.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, 0x80 | Int16(POSIX_SPAWN_SETSIGMASK))
        let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        var pairs = all.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer {
            for pointer in words + pairs { free(pointer) }
        }
        var pid: Int32 = 0
        let code = posix_spawn(&pid, program, &actions, &attributes, &words, &pairs)
        guard code == 0 else { throw Failure("\(program): \(String(cString: strerror(code)))") }
        return pid
    }

    /// Whether it has ended; reaps it then.
    static func hasEnded(_ pid: Int32) -> Bool {
        var status: Int32 = 0
        return waitpid(pid, &status, WNOHANG) != 0
    }
}
