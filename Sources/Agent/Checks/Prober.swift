import Foundation
package import Model
import NIOCore
import NIOPosix
import Toolkit

/// Asks Machines whether they are well, over the private side, never through the edge.
///
/// Follows no redirects, and never uses a connection again: its process may be another one by then.
package struct Prober: Sendable {
    package init() {}

    /// What a probe found.
    package struct Result: Equatable, Sendable {
        package var passed: Bool
        package var output: String
    }

    /// Asks once, and says what came of it.
    package func probe(_ named: MachineConfig.NamedCheck, at address: Machine.Address) async -> Result {
        switch named.check.type {
        case .tcp, .unknown:
            let open = await TCPProbe.accepts(address, port: named.port, timeout: named.check.timeout.duration)
            return Result(passed: open, output: open ? "connected" : "port \(named.port) does not accept connections")
        case .http: return await http(named, at: address)
        }
    }

    /// The status of the answer to `GET /`, which alone is waited for; nil, with the reason, when there was none.
    package func status(
        port: Int,
        at address: Machine.Address,
        timeout: Duration
    ) async -> (status: Int?, output: String) {
        let question = Question(method: "GET", path: "/", headers: [:], port: port, wantsBody: false)
        do {
            let answer = try await ask(question, at: address, timeout: timeout)
            return (answer.status, answer.status.map { "\($0)" } ?? "no answer")
        } catch {
            return (nil, Self.words(error, timeout))
        }
    }

    /// The whole body of the answer to a GET request.
    ///
    /// - Throws: ``Fault`` for any answer but 200, for one of more than `limit` bytes, and for none in time.
    func fetch(
        path: String,
        port: Int,
        at address: Machine.Address,
        timeout: Duration,
        limit: Int
    ) async throws(Fault) -> [UInt8] {
        let fields = ["accept": "text/plain; version=0.0.4"]
        let question = Question(method: "GET", path: path, headers: fields, port: port, wantsBody: true)
        do {
            let answer = try await ask(question, at: address, timeout: timeout, keeping: limit)
            guard answer.status == 200 else { throw Fault(.toolFailed, "the answer is \(answer.status ?? 0)") }
            return try answer.whole()
        } catch let fault as Fault where fault.code != .timedOut {
            throw fault
        } catch {
            throw Fault(.toolFailed, Self.words(error, timeout))
        }
    }

    // MARK: - Private

    private struct Question {
        var method: String
        var path: String
        var headers: [String: String]
        var port: Int
        var wantsBody: Bool

        func bytes(host: String) -> ByteBuffer {
            var fields = ["user-agent": "roost-check", "connection": "close", "host": "\(host):\(port)"]
            if ["POST", "PUT", "PATCH"].contains(method) { fields["content-length"] = "0" }
            for (name, value) in headers { fields[name.lowercased()] = value }
            let lines = fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }
            return ByteBuffer(string: "\(method) \(path) HTTP/1.1\r\n\(lines.joined())\r\n")
        }
    }

    private func http(_ named: MachineConfig.NamedCheck, at address: Machine.Address) async -> Result {
        let check = named.check
        let question = Question(
            method: check.method,
            path: check.path,
            headers: check.headers,
            port: named.port,
            wantsBody: check.method != "HEAD"
        )
        do {
            let answer = try await ask(question, at: address, timeout: check.timeout.duration)
            let status = answer.status ?? 0
            return Result(passed: (200..<300).contains(status), output: "\(status) \(answer.body)")
        } catch let fault as Fault where fault.code == .timedOut {
            return Result(passed: false, output: Self.words(fault, check.timeout.duration))
        } catch {
            let output = "\(check.method) \(check.path) on port \(named.port): "
            return Result(passed: false, output: output + Self.words(error, check.timeout.duration))
        }
    }

    /// Over IPv4, or where that is refused over IPv6: an app may listen on either.
    private func ask(
        _ question: Question,
        at address: Machine.Address,
        timeout: Duration,
        keeping limit: Int? = nil
    ) async throws -> ProbeReader {
        var reader = ProbeReader(isHead: !question.wantsBody)
        if let limit { reader.keepsWhole(upTo: limit) }
        let fresh = reader
        return try await ask(question, at: address, timeout: timeout, fresh)
    }

    private func ask(
        _ question: Question,
        at address: Machine.Address,
        timeout: Duration,
        _ reader: ProbeReader
    ) async throws -> ProbeReader {
        try await withTimeout(timeout, "the check") {
            do {
                let channel = try await Self.connect(address.ipv4, question.port, timeout)
                return try await Self.exchange(question.bytes(host: address.ipv4), channel, reader)
            } catch let error as IOError {
                do {
                    let channel = try await Self.connect(address.ipv6, question.port, timeout)
                    return try await Self.exchange(question.bytes(host: "[\(address.ipv6)]"), channel, reader)
                } catch is IOError {
                    throw error
                }
            }
        }
    }

    private typealias Wire = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    private static func connect(_ host: String, _ port: Int, _ timeout: Duration) async throws -> Wire {
        let address = try SocketAddress(ipAddress: host, port: port)
        return try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connectTimeout(.nanoseconds(timeout.milliseconds * 1_000_000))
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
            .connect(to: address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    // A few pieces ahead at most, for what comes may have no end.
                    try Wire(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 4))
                    )
                }
            }
    }

    private static func exchange(
        _ bytes: ByteBuffer,
        _ channel: Wire,
        _ reader: ProbeReader
    ) async throws -> ProbeReader {
        try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(bytes)
            var reader = reader
            for try await piece in inbound {
                if try reader.feed(piece.readableBytesView) { return reader }
            }
            try reader.end()
            return reader
        }
    }

    private static func words(_ error: any Error, _ timeout: Duration) -> String {
        switch error {
        case let fault as Fault where fault.code == .timedOut: "no answer in \(GoDuration(timeout).text)"
        case let fault as Fault: fault.message
        case ChannelError.connectTimeout: "no answer in \(GoDuration(timeout).text)"
        case let error as IOError where error.errnoCode == ECONNREFUSED: "the connection was refused"
        case let error as IOError where error.errnoCode == ECONNRESET: "the app reset the connection"
        case let error as IOError where error.errnoCode == EHOSTUNREACH: "the Machine can't be reached"
        default: "\(error)"
        }
    }
}
