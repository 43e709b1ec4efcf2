import NIOCore
import NIOPosix
import Testing

/// One end of a raw TCP connection, to read and write bytes by hand.
final class Peer {
    typealias Wire = NIOAsyncChannel<ByteBuffer, ByteBuffer>

    struct Ended: Error {}

    /// A message as it came: head, and body without its framing.
    struct Message {
        var head: String
        var body: String

        /// The first line.
        var start: String { String(head.prefix { !$0.isNewline }) }

        var status: Int { Int(start.split(separator: " ").dropFirst().first ?? "") ?? 0 }

        /// Values of all fields of that name.
        func values(_ name: String) -> [String] {
            head.split(separator: "\r\n").dropFirst().compactMap { line in
                let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, parts[0].lowercased() == name.lowercased() else { return nil }
                return parts[1].drop { $0 == " " }.description
            }
        }

        func value(_ name: String) -> String? { values(name).first }
    }

    /// To write on another task than the one that reads.
    let writer: Writer
    private var iterator: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    private var buffer = ByteBuffer()

    init(
        _ channel: any Channel,
        _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        writer = Writer(channel: channel)
        iterator = inbound.makeAsyncIterator()
        self.outbound = outbound
    }

    struct Writer: Sendable {
        let channel: any Channel

        /// Returns once the kernel has the bytes; the stream's own writer would take in megabytes first.
        func send(_ bytes: ByteBuffer) async throws { try await channel.writeAndFlush(bytes).get() }
    }

    func send(_ text: String) async throws { try await writer.send(ByteBuffer(string: text)) }

    func send(_ bytes: ByteBuffer) async throws { try await writer.send(bytes) }

    /// Ends our half.
    func finish() { outbound.finish() }

    /// All up to and with `mark`.
    func until(_ mark: String) async throws -> String {
        while true {
            let bytes = Array(buffer.readableBytesView)
            let ends = bytes.indices.first { bytes[...$0].reversed().starts(with: mark.utf8.reversed()) }
            if let ends { return buffer.readString(length: ends + 1) ?? "" }
            try await more()
        }
    }

    func bytes(_ count: Int) async throws -> ByteBuffer {
        while buffer.readableBytes < count { try await more() }
        return buffer.readSlice(length: count) ?? ByteBuffer()
    }

    /// Takes whatever is there; nil at the end.
    func any() async throws -> ByteBuffer? {
        if buffer.readableBytes == 0 {
            do { try await more() } catch is Ended { return nil }
        }
        defer { buffer = ByteBuffer() }
        return buffer
    }

    /// Reads to the end of the connection; a reset is an end too.
    func rest() async -> String {
        while (try? await more()) != nil {}
        defer { buffer = ByteBuffer() }
        return String(buffer: buffer)
    }

    /// A request or response with its body.
    func message(bodiless: Bool = false) async throws -> Message {
        var message = Message(head: try await until("\r\n\r\n"), body: "")
        if bodiless || message.status / 100 == 1 { return message }
        if message.value("transfer-encoding") == "chunked" {
            message.body = try await chunked()
        } else if let length = message.value("content-length").flatMap({ Int($0) }) {
            message.body = String(buffer: try await bytes(length))
        } else if message.start.hasPrefix("HTTP/"), message.status != 304, message.status != 204 {
            message.body = await rest()
        }
        return message
    }

    private func chunked() async throws -> String {
        var body = ""
        while true {
            let line = try await until("\r\n")
            guard let size = Int(line.prefix { $0.isHexDigit }, radix: 16) else { throw Ended() }
            if size == 0 {
                while try await until("\r\n") != "\r\n" {}
                return body
            }
            body += String(buffer: try await bytes(size))
            _ = try await until("\r\n")
        }
    }

    private func more() async throws {
        guard var bytes = try await iterator.next(isolation: nil) else { throw Ended() }
        buffer.writeBuffer(&bytes)
    }
}

/// Connects to a port of this host.
func withClient<Result>(
    _ port: Int,
    host: String = "127.0.0.1",
    _ body: (Peer) async throws -> Result
) async throws -> Result {
    let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .channelOption(.allowRemoteHalfClosure, value: true)
        .channelOption(.socketOption(.so_rcvbuf), value: 256 * 1024)
        .connect(host: host, port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try Peer.Wire(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(
                        backPressureStrategy: .init(lowWatermark: 1, highWatermark: 2),
                        isOutboundHalfClosureEnabled: true
                    )
                )
            }
        }
    return try await channel.executeThenClose { try await body(Peer(channel.channel, $0, $1)) }
}

/// One request over a connection of its own.
func fetch(_ port: Int, _ request: String) async throws -> Peer.Message {
    try await withClient(port) { peer in
        try await peer.send(request)
        return try await peer.message()
    }
}

func get(_ path: String = "/", host: String = "notes.localhost") -> String {
    "GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n"
}

/// Whether somebody accepts connections there.
func isOpen(_ port: Int) async -> Bool {
    // No wrapper around the channel: one that was never connected must not be let go of.
    let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
    guard let channel = try? await bootstrap.connect(host: "127.0.0.1", port: port).get() else { return false }
    try? await channel.close()
    return true
}

/// A port of this host that nobody has at the moment.
func freePort() async throws -> Int {
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .bind(host: "127.0.0.1", port: 0)
        .get()
    let port = try #require(channel.localAddress?.port)
    try await channel.close()
    return port
}
