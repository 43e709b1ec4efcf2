import NIOCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Sockets for those who are behind one network device alone.
enum DeviceSocket {
    /// A bound socket that hears its device alone: every instance on a host has the same address of the resolver.
    ///
    /// - Parameters:
    ///   - kind: `SOCK_STREAM` or `SOCK_DGRAM`.
    ///   - target: address and port.
    ///   - device: nil hears all.
    /// - Returns: the descriptor, for whoever closes it.
    /// - Throws: `IOError`, for example while the device has no such address.
    static func bound(_ kind: Int32, to target: SocketAddress, device: String?) throws -> Int32 {
        let isIPv6 = target.protocol == .inet6
        #if os(Linux)
        let flags = Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        #else
        let flags: Int32 = 0
        #endif
        let descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, kind | flags, 0)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        func set(_ level: Int32, _ name: Int32, _ value: Int32) -> Bool {
            var value = value
            return setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
        }
        // The next edge begins before the present one ends.
        var isDone = set(SOL_SOCKET, SO_REUSEADDR, 1) && set(SOL_SOCKET, SO_REUSEPORT, 1)
        if isIPv6 { isDone = isDone && set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        #if os(Linux)
        if let device {
            isDone =
                isDone && setsockopt(descriptor, SOL_SOCKET, SO_BINDTODEVICE, device, socklen_t(device.utf8.count)) == 0
        }
        #endif
        // What comes in bursts waits for its turn rather than being lost.
        if kind == Int32(SOCK_DGRAM.rawValue) { _ = set(SOL_SOCKET, SO_RCVBUF, 1 << 20) }
        isDone = isDone && target.withSockAddr { bind(descriptor, $0, socklen_t($1)) == 0 }
        guard isDone else {
            let code = errno
            close(descriptor)
            throw IOError(errnoCode: code, reason: "bind \(target)")
        }
        return descriptor
    }
}
