import Foundation
import Model

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// An ICMPv6 echo: whether a network stack answers at an address, and how fast, whatever else runs there.
///
/// > Source: RFC 4443, section 4.
enum Echo {
    /// How long the answer took; nil where none came.
    ///
    /// Blocks until then.
    ///
    /// - Throws: ``Fault`` `toolFailed` where the kernel gives no socket for it.
    static func time(to address: String, limit: Duration) throws(Fault) -> Duration? {
        let descriptor = socket(AF_INET6, kind, Int32(IPPROTO_ICMPV6))
        guard descriptor >= 0 else { throw fault("open a socket for an echo") }
        defer { close(descriptor) }
        var goal = sockaddr_in6()
        goal.sin6_family = sa_family_t(AF_INET6)
        guard inet_pton(AF_INET6, address, &goal.sin6_addr) == 1 else { return nil }
        // From then on the kernel passes on what comes from there alone.
        let connected = withUnsafePointer(to: &goal) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
        let mark = [UInt8.random(in: 0...255), UInt8.random(in: 0...255), 0, 1]
        let request = [128, 0, 0, 0] + mark + Array("roost".utf8)
        let start = ContinuousClock.now
        guard connected == 0, send(descriptor, request, request.count, 0) == request.count else { return nil }
        var answer = [UInt8](repeating: 0, count: 1500)
        while let left = rest(of: limit, since: start) {
            var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wanted, 1, left) > 0 else { continue }
            let count = recv(descriptor, &answer, answer.count, 0)
            if count >= 8, answer[0] == 129, Array(answer[4..<8]) == mark { return start.duration(to: .now) }
        }
        return nil
    }

    // MARK: - Private

    #if canImport(Glibc)
    private static let kind = Int32(SOCK_RAW.rawValue)
    #else
    private static let kind = SOCK_RAW
    #endif

    /// In milliseconds, one at least; nil once it is over.
    private static func rest(of limit: Duration, since start: ContinuousClock.Instant) -> Int32? {
        let left = limit - start.duration(to: .now)
        guard left > .zero else { return nil }
        return Int32(clamping: max(1, Int64(left / .milliseconds(1))))
    }

    private static func fault(_ what: String) -> Fault {
        Fault(.toolFailed, "can't \(what): \(String(cString: strerror(errno)))")
    }
}
