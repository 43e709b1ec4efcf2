#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// How many files this process may have open.
package enum OpenFiles {
    /// The limit in force; nil when the system does not say.
    package static func limit() -> Int? { current().map { Int(clamping: $0.rlim_cur) } }

    /// Raises the limit as far as the system lets this process, at most to `most`: what a shell gives its programs is
    /// often 1,024.
    package static func raise(to most: Int) {
        guard var limit = current() else { return }
        let wanted = min(limit.rlim_max, rlim_t(most))
        guard wanted > limit.rlim_cur else { return }
        limit.rlim_cur = wanted
        _ = setrlimit(resource, &limit)
    }

    // MARK: - Private

    #if canImport(Glibc)
    private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
    private static let resource = RLIMIT_NOFILE
    #endif

    private static func current() -> rlimit? {
        var limit = rlimit()
        return getrlimit(resource, &limit) == 0 ? limit : nil
    }
}
