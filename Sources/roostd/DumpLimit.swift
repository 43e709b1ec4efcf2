import Foundation
import Model
import Toolkit

/// Keeps this process, which opens secrets, and all that it starts out of core dumps.
enum DumpLimit {
    /// One byte, not none: what the kernel pipes to a program ignores every limit but that one.
    ///
    /// > Source: Linux `fs/coredump.c`, `do_coredump`; `core(5)`.
    static func set() throws(Fault) {
        var limit = rlimit(rlim_cur: 1, rlim_max: 1)
        guard setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit) == 0 else {
            throw Durable.fault(errno, "set", "the limit of core dumps")
        }
    }
}
