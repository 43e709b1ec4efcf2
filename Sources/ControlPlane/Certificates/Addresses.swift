import Foundation
import Model

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Addresses of this host, and of names, as text.
package enum Addresses {
    /// Those of this host that the Internet could reach it by.
    package static func ofHost() -> [String] {
        var first: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&first) == 0 else { return [] }
        defer { freeifaddrs(first) }
        var all: [String] = []
        var next = first
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard let address = entry.ifa_addr, let text = text(address), isPublic(text), !all.contains(text) else {
                continue
            }
            all.append(text)
        }
        return all.sorted()
    }

    /// The host's own address of a family, by which it would call the Internet; nil where it has none.
    ///
    /// Nothing is sent for it.
    package static func own(isIPv6: Bool) -> String? {
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_socktype = kind
        var first: UnsafeMutablePointer<addrinfo>?
        // Of blocks for documentation, which nobody has (RFC 5737, RFC 3849).
        guard getaddrinfo(isIPv6 ? "2001:db8::1" : "192.0.2.1", "9", &hints, &first) == 0, let goal = first else {
            return nil
        }
        defer { freeaddrinfo(goal) }
        let descriptor = socket(goal.pointee.ai_family, kind, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard connect(descriptor, goal.pointee.ai_addr, goal.pointee.ai_addrlen) == 0 else { return nil }
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                getsockname(descriptor, address, &size) == 0 ? text(address) : nil
            }
        }
    }

    #if canImport(Glibc)
    private static let kind = Int32(SOCK_DGRAM.rawValue)
    #else
    private static let kind = SOCK_DGRAM
    #endif

    /// What a host name leads to; blocks, for as long as the resolver takes.
    static func of(_ hostname: String) -> [String] {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var first: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(hostname, nil, &hints, &first) == 0 else { return [] }
        defer { freeaddrinfo(first) }
        var all: [String] = []
        var next = first
        while let entry = next?.pointee {
            next = entry.ai_next
            if let address = entry.ai_addr, let text = text(address), !all.contains(text) { all.append(text) }
        }
        return all.sorted()
    }

    /// Neither loopback nor private, neither link-local nor shared by a provider's customers.
    ///
    /// > Source: the IANA's registries of special-purpose addresses; RFC 6598.
    static func isPublic(_ text: String) -> Bool {
        if text.contains(":") {
            guard let first = Int(text.prefix { $0 != ":" }, radix: 16) else { return false }
            return (0x2000...0x3fff).contains(first)
        }
        let parts = text.split(separator: ".").compactMap { Int($0) }
        guard parts.count == 4 else { return false }
        return switch (parts[0], parts[1]) {
        case (0, _), (10, _), (127, _), (169, 254), (192, 168), (224..., _): false
        case (172, 16...31), (100, 64...127): false
        default: true
        }
    }

    private static func text(_ address: UnsafeMutablePointer<sockaddr>) -> String? {
        let family = Int32(address.pointee.sa_family)
        guard family == AF_INET || family == AF_INET6 else { return nil }
        let size = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = getnameinfo(
            address,
            socklen_t(size),
            &buffer,
            socklen_t(buffer.count),
            nil,
            0,
            NI_NUMERICHOST
        )
        guard code == 0 else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
