import ArgumentParser
import Client
import Foundation
import Model

struct Proxy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "proxy",
        abstract: "A port of this machine that leads to a port of a Machine, for as long as this command runs.",
        discussion: """
            `roost proxy 15432:5432 -a my-db`, then `psql -h 127.0.0.1 -p 15432`. A private name does as well, and needs no \
            app: `roost proxy 15432:5432 my-db.internal`. Ctrl-C ends it.
            """
    )

    @OptionGroup var connection: Connection
    @Argument(help: "LOCAL:REMOTE, or one port for both.") var ports: PortPair
    @Argument(help: "A Machine's ID, or a name such as my-db.internal; else the first Machine that runs.")
    var host: String?
    @Option(name: [.customShort("b"), .long], help: "The address to listen on.") var bindAddr = "127.0.0.1"
    @Option(name: [.customShort("g"), .long], help: "A Machine of this process group.") var processGroup: String?
    @Flag(name: [.short, .long], help: "Choose the Machine from a list.") var select = false
    @Flag(name: [.short, .long], help: "Say nothing when it listens.") var quiet = false

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        try await RoostClient.atHost { client in
            let (path, place) = try await target(client)
            // Before anybody connects, so that what is wrong is said here and not to each of them.
            try await probe(path, client)
            let listener = try TCPListener(address: bindAddr, port: ports.local)
            if !quiet { print("Proxying local port \(listener.port) to remote \(place):\(ports.remote)") }
            fflush(nil)
            await withDiscardingTaskGroup { group in
                for await descriptor in listener.connections {
                    group.addTask { await Tunnel(descriptor: descriptor).run(client, path) }
                }
            }
        }
    }

    /// The path of the API that connects, and what to call the other end.
    private func target(_ client: RoostClient) async throws -> (path: String, place: String) {
        if let host, Machine.ID(host) == nil {
            guard host.contains("."), DNSName(host) != nil else {
                throw UsageError(
                    message: "\(host) is neither a Machine's ID nor a private name",
                    hint: "for example 148e21b7c65089 or my-db.internal"
                )
            }
            var query = "?name=\(queryValue(host))&port=\(ports.remote)"
            if let app = try? connection.appName() { query += "&app=\(queryValue(app))" }
            return (apiPath("connect") + query, "[\(host)]")
        }
        let app = try connection.appName()
        var choice = MachineChoice(app: app, group: processGroup)
        choice.asks = select
        let id = try await choice.running(host.flatMap { Machine.ID($0) }, client)
        return (apiPath("apps", app, "machines", id, "connect") + "?port=\(ports.remote)", "[\(id)]")
    }

    private func probe(_ path: String, _ client: RoostClient) async throws {
        let (frames, send) = AsyncStream.makeStream(of: SessionFrame.self)
        send.finish()
        do {
            _ = try await client.session(path, nil, frames: frames) { _ in throw CancellationError() }
        } catch let fault as Fault where fault.code == .unreachable {
            // It was open, and ended with us.
            return
        }
    }
}

/// `15432:5432`, or `5432` for both.
struct PortPair: ExpressibleByArgument {
    /// 0: any that is free.
    var local: Int
    var remote: Int

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false).map { Int($0) }
        guard (1...2).contains(parts.count), let first = parts[0], let last = parts[parts.count - 1],
            (0...65_535).contains(first), (1...65_535).contains(last)
        else { return nil }
        (local, remote) = (first, last)
    }
}

/// A TCP port of this machine, and who connects to it.
struct TCPListener: Sendable {
    let connections: AsyncStream<Int32>
    let port: Int

    /// - Throws: ``Fault`` `io` when somebody else has it.
    init(address text: String, port: Int) throws(Fault) {
        let isSix = text.contains(":")
        let descriptor = socket(
            isSix ? AF_INET6 : AF_INET,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
            0
        )
        guard descriptor >= 0 else { throw Self.fault("open a socket") }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var place = sockaddr_storage()
        guard let size = Self.fill(&place, text, port, isSix) else {
            close(descriptor)
            throw Fault(.invalidRequest, "\(text) is no address", hint: "for example 127.0.0.1")
        }
        let isBound = withUnsafeMutablePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                var length = size
                return bind(descriptor, address, size) == 0 && listen(descriptor, 128) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        guard isBound else {
            let fault = Self.fault("listen on \(text):\(port)")
            close(descriptor)
            throw fault
        }
        // The port stands at the same place in both kinds of address.
        self.port = withUnsafeBytes(of: place) { Int($0[2]) << 8 | Int($0[3]) }
        connections = AsyncStream { continuation in
            DispatchQueue(label: "roost.accept").async {
                while true {
                    let connection = accept(descriptor, nil, nil)
                    if connection >= 0 {
                        continuation.yield(connection)
                    } else if errno != EINTR && errno != ECONNABORTED {
                        // Out of descriptors: those that there are have to end first.
                        usleep(50_000)
                    }
                }
            }
        }
    }

    private static func fault(_ what: String) -> Fault {
        Fault(.io, "can't \(what): \(String(cString: strerror(errno)))", hint: "choose another port: 15432:5432")
    }

    private static func fill(_ place: inout sockaddr_storage, _ text: String, _ port: Int, _ isSix: Bool) -> socklen_t?
    {
        withUnsafeMutablePointer(to: &place) { pointer -> socklen_t? in
            if isSix {
                return pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                    address.pointee.sin6_family = sa_family_t(AF_INET6)
                    address.pointee.sin6_port = in_port_t(UInt16(port)).bigEndian
                    guard inet_pton(AF_INET6, text, &address.pointee.sin6_addr) == 1 else { return nil }
                    return socklen_t(MemoryLayout<sockaddr_in6>.size)
                }
            }
            return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                address.pointee.sin_family = sa_family_t(AF_INET)
                address.pointee.sin_port = in_port_t(UInt16(port)).bigEndian
                guard inet_pton(AF_INET, text, &address.pointee.sin_addr) == 1 else { return nil }
                return socklen_t(MemoryLayout<sockaddr_in>.size)
            }
        }
    }
}

/// One connection of somebody to our port, and the one to the Machine that belongs to it.
struct Tunnel: Sendable {
    let descriptor: Int32

    func run(_ client: RoostClient, _ path: String) async {
        let (frames, send) = AsyncStream.makeStream(of: SessionFrame.self)
        let room = Room.make()
        let reader = DispatchQueue(label: "roost.tunnel.read")
        reader.async { [descriptor] in
            var piece = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = read(descriptor, &piece, piece.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                room.wait()
                send.yield(.input(Array(piece[..<count])))
            }
            send.yield(.endOfInput)
        }
        let taken = frames.map { frame in
            if case .input(let bytes) = frame, !bytes.isEmpty { room.signal() }
            return frame
        }
        let alive = KeepAlive.start(send)
        defer { alive.cancel() }
        do {
            _ = try await client.session(path, nil, frames: taken) { frame in
                guard case .output(let bytes) = frame else { return }
                await write(bytes)
            }
        } catch {
            Output.warn("a connection ended: \((error as? Fault)?.message ?? "\(error)")")
        }
        send.finish()
        // Wakes whoever still reads, who may wait for room as well.
        shutdown(descriptor, Int32(SHUT_RDWR))
        for _ in 0..<8 { room.signal() }
        await withCheckedContinuation { done in reader.async { done.resume() } }
        close(descriptor)
    }

    private func write(_ bytes: [UInt8]) async {
        await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
            DispatchQueue.global().async { [descriptor] in
                if bytes.isEmpty { shutdown(descriptor, Int32(SHUT_WR)) }
                var offset = 0
                while offset < bytes.count {
                    let count = bytes.withUnsafeBytes { buffer in
                        Foundation.write(descriptor, buffer.baseAddress?.advanced(by: offset), bytes.count - offset)
                    }
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { break }
                    offset += count
                }
                done.resume()
            }
        }
    }
}
