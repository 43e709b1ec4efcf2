import CLinux
import Glibc
import Model
import Toolkit

/// The user namespace of a Machine: root inside is a user outside who may do nothing, and what the kernel counts by user is
/// the Machine's own.
///
/// It is that which owns the Machine's network namespace, so one file keeps both, and the kernel is the only one to say
/// whether there is one, and whose.
final class UserNamespace: Sendable {
    let descriptor: Int32
    let range: UserRange

    /// The one that owns a network namespace; nil when that is the host's, or ours.
    init?(owning path: String) {
        let descriptor = roost_owner_namespace(path)
        guard descriptor >= 0 else { return nil }
        let user = roost_namespace_user(descriptor)
        guard roost_is_own_user_namespace(descriptor) == 0, user > 0, let base = UInt32(exactly: user) else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
        range = UserRange(base: base)
    }

    deinit { close(descriptor) }

    /// Where a program that this process starts finds it, as long as this value lives.
    var path: String { "/proc/\(getpid())/fd/\(descriptor)" }

    /// Makes one with a network namespace, both of which last as long as something of `body`'s keeps them.
    ///
    /// `body` gets the number of a process in them.
    static func make<Result>(
        _ range: UserRange,
        _ body: (Int32) throws(Fault) -> Result
    ) throws(Fault) -> Result {
        var hold: Int32 = -1
        let holder = roost_hold_namespaces(range.base, UserRange.count, &hold)
        guard holder > 0 else {
            let fault = Durable.fault(errno, "make", "a user namespace")
            throw Fault(.hostUnfit, fault.message, hint: "sysctl user.max_user_namespaces=65536")
        }
        defer { roost_release_namespaces(holder, hold) }
        return try body(holder)
    }

    /// Lets a process in it open the pipes that it writes to by their names, `/dev/stdout` and the like: they are the host's.
    ///
    /// Nobody finds a pipe without a name but who may look into such a process.
    func openStreams(of pid: Int32) {
        for stream in ["/proc/\(pid)/fd/1", "/proc/\(pid)/fd/2"] {
            var status = stat()
            guard stat(stream, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else { continue }
            chmod(stream, 0o622)
        }
    }

    /// Gives a file or folder of the host's to the Machine's root.
    func give(_ path: String) throws(Fault) {
        guard chown(path, range.base, range.base) == 0 else { throw Durable.fault(errno, "give away", path) }
    }
}
