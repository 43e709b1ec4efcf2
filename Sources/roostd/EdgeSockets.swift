import ArgumentParser
import Edge
import Foundation
import Model
import Toolkit

/// Opens the edge's addresses and becomes another program, which keeps them open for one edge after the other.
///
/// While no edge runs, connections wait in the kernel's queue rather than being refused.
struct ListenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "listen",
        abstract: "Open the edge's addresses, then run a program that starts edges (scripts/keep.sh)."
    )

    @OptionGroup var flags: HostFlags
    @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.") var command: [String] = []

    func run() throws {
        guard let program = command.first else { throw ValidationError("nothing to run; write it after --") }
        let config = try HostConfig.load(flags)
        var sockets: [EdgeServer.Configuration.InheritedSocket] = []
        for text in config.listen + config.listenTLS {
            let (host, port) = try ListenFlag.parse(text)
            for _ in 0..<EdgeSockets.loops {
                guard let descriptor = try EdgeSockets.open(host, port) else { continue }
                sockets.append(.init(descriptor: descriptor, address: .init(host: host, port: port)))
            }
        }
        setenv(EdgeSockets.variable, EdgeSockets.text(sockets), 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) }
        arguments.append(nil)
        execvp(program, arguments)
        throw Fault(.io, "cannot run \(program): \(String(cString: strerror(errno)))")
    }
}

/// The edge's listening sockets as one process hands them on to the next.
enum EdgeSockets {
    /// `3=127.0.0.1:8080 4=[::1]:8080`.
    static let variable = "ROOST_SOCKETS"

    /// Event loops of an edge, and sockets to each address: the kernel spreads connections over them.
    static let loops = min(max(ProcessInfo.processInfo.activeProcessorCount, 1), 2)

    /// Those that this process was started with; text that is none is passed over.
    static func inherited(_ environment: [String: String]) -> [EdgeServer.Configuration.InheritedSocket] {
        (environment[variable] ?? "").split(separator: " ").compactMap { word in
            let parts = word.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let descriptor = Int32(parts[0]), descriptor > 2, isListening(descriptor),
                let (host, port) = try? ListenFlag.parse(String(parts[1]))
            else { return nil }
            return .init(descriptor: descriptor, address: .init(host: host, port: port))
        }
    }

    static func text(_ sockets: [EdgeServer.Configuration.InheritedSocket]) -> String {
        sockets.map { socket in
            let host = socket.address.host.contains(":") ? "[\(socket.address.host)]" : socket.address.host
            return "\(socket.descriptor)=\(host):\(socket.address.port)"
        }.joined(separator: " ")
    }

    /// A listening socket that children inherit; nil where the host does not know the family of addresses.
    static func open(_ host: String, _ port: Int) throws(Fault) -> Int32? {
        let isIPv6 = host.contains(":")
        let descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if descriptor < 0, errno == EAFNOSUPPORT { return nil }
        guard descriptor >= 0 else { throw Durable.fault(errno, "open a socket for", host) }
        for option in [SO_REUSEADDR, SO_REUSEPORT] { set(descriptor, SOL_SOCKET, option) }
        if isIPv6 { set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY) }
        guard try bind(descriptor, host, port, isIPv6) == 0, listen(descriptor, 1024) == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw Fault(
                .io,
                "cannot listen on \(host) port \(port): \(reason)",
                hint: "another program may use the port; ports below 1024 need root"
            )
        }
        return descriptor
    }

    // MARK: - Private

    private static func isListening(_ descriptor: Int32) -> Bool {
        var value: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) == 0 && value == 1
    }

    private static func set(_ descriptor: Int32, _ level: Int32, _ option: Int32) {
        var one: Int32 = 1
        setsockopt(descriptor, level, option, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func bind(_ descriptor: Int32, _ host: String, _ port: Int, _ isIPv6: Bool) throws(Fault) -> Int32 {
        let number = in_port_t(port).bigEndian
        if isIPv6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = number
            guard inet_pton(AF_INET6, host, &address.sin6_addr) == 1 else { throw notAnAddress(host) }
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Foundation.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
                }
            }
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = number
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { throw notAnAddress(host) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    private static func notAnAddress(_ host: String) -> Fault {
        Fault(.invalidConfig, "listen: \"\(host)\" is no IP address", hint: "for example 127.0.0.1:8080")
    }
}
