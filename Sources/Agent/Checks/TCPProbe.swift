import Foundation
import Model

/// Whether a port accepts, found out with as little work as the kernel lets us.
enum TCPProbe {
    /// Tries IPv4, then IPv6: an app may listen on either.
    static func accepts(_ address: Machine.Address, port: Int, timeout: Duration) async -> Bool {
        guard let descriptor = await open(address, port: port, timeout: timeout) else { return false }
        close(descriptor)
        return true
    }

    /// A connection to the port, not blocking; nil when nobody takes it.
    static func open(_ address: Machine.Address, port: Int, timeout: Duration) async -> Int32? {
        if let open = await open(host: address.ipv4, family: AF_INET, port: port, timeout: timeout) { return open }
        return await open(host: address.ipv6, family: AF_INET6, port: port, timeout: timeout)
    }

    // MARK: - Private

    private static func open(host: String, family: Int32, port: Int, timeout: Duration) async -> Int32? {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, type, 0)
        guard descriptor >= 0 else { return nil }
        guard await isConnected(descriptor, host, family, port, timeout) else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    private static func isConnected(
        _ descriptor: Int32,
        _ host: String,
        _ family: Int32,
        _ port: Int,
        _ timeout: Duration
    ) async -> Bool {
        guard let result = connect(descriptor, host, family, port) else { return false }
        if result == 0 { return true }
        guard errno == EINPROGRESS else { return false }
        // On a local bridge the answer is there within microseconds; a frozen or full peer takes longer.
        let clock = ContinuousClock()
        let end = clock.now + timeout
        while true {
            var poller = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            if poll(&poller, 1, 0) > 0 {
                var error: Int32 = 0
                var size = socklen_t(MemoryLayout<Int32>.size)
                return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0
            }
            guard clock.now < end else { return false }
            try? await Task.sleep(for: .milliseconds(2))
            if Task.isCancelled { return false }
        }
    }

    /// The result of `connect`, or nil when the address can't be read.
    private static func connect(_ descriptor: Int32, _ host: String, _ family: Int32, _ port: Int) -> Int32? {
        if family == AF_INET {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(UInt16(port)).bigEndian
            guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { return nil }
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = in_port_t(UInt16(port)).bigEndian
        guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { return nil }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }
}
