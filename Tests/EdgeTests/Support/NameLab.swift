import Foundation
import Logging
import Model
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
import Testing

@testable import Edge

/// A resolver on loopback, and a server of public names that says what a test wants.
struct NameLab: Sendable {
    let port: Int
    let book: NameBook
    let upstream: FakeNames

    /// Runs both for as long as `body` takes; askers at 127.0.0.1 are in network 1.
    static func with(
        upstreams: [String] = ["127.0.0.1"],
        _ body: @escaping @Sendable (NameLab) async throws -> Void
    ) async throws {
        let upstream = try await FakeNames()
        var settings = NameServer.Settings()
        settings.upstreams = upstreams
        settings.upstreamPort = upstream.port
        settings.patience = .milliseconds(300)
        let book = NameBook(path: nil, logger: Logger(label: "test"))
        let port = try await FakeNames.freePort()
        let home = NameHome(region: "fra", listen: ["127.0.0.1"], port: port)
        let asker = NamedMachine(
            id: try #require(Machine.ID("148e21b7c65081")),
            address: .init(ipv4: "127.0.0.1", ipv6: "fdaa:0:1::2"),
            region: "fra"
        )
        _ = book.take(
            NameChanges(base: 0, revision: 1, home: home, apps: [NamedApp(app: "shop", network: 1, machines: [asker])])
        )
        let group = ServiceGroup(
            services: [NameServer(book: book, settings: settings, logger: Logger(label: "test"))],
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            let lab = NameLab(port: port, book: book, upstream: upstream)
            try await eventually("the resolver answers") {
                // Until it listens, the kernel refuses the question.
                (try? await lab.ask("shop.internal", DNSType.a)) != nil
            }
            do {
                try await body(lab)
            } catch {
                Issue.record(error)
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        try await upstream.close()
    }

    /// One question by UDP; nil when nothing comes back in time.
    func ask(_ name: String, _ type: UInt16, edns: Int? = 1232) async throws -> DNSReply? {
        let query = DNSQuery(
            id: .random(in: 0...UInt16.max),
            name: try #require(DNSName(name)),
            type: type,
            edns: edns.map { .init(udpSize: $0) }
        )
        guard let bytes = try await send(query.bytes) else { return nil }
        let reply = try #require(DNSReply(bytes))
        #expect(reply.answers(query))
        return reply
    }

    /// Any bytes by UDP, and what comes back.
    func send(_ bytes: [UInt8], limit: Duration = .seconds(3)) async throws -> [UInt8]? {
        try await UDPSocket.exchange(bytes, port: port, limit: limit)
    }
}

/// A client's socket.
enum UDPSocket {
    static func exchange(_ bytes: [UInt8], port: Int, limit: Duration) async throws -> [UInt8]? {
        let channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(
            host: "127.0.0.1",
            port: port
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<AddressedEnvelope<ByteBuffer>, AddressedEnvelope<ByteBuffer>>(
                    wrappingChannelSynchronously: channel
                )
            }
        }
        let target = try SocketAddress(ipAddress: "127.0.0.1", port: port)
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(.init(remoteAddress: target, data: ByteBuffer(bytes: bytes)))
            return try await withThrowingTaskGroup(of: [UInt8]?.self) { tasks in
                tasks.addTask {
                    for try await one in inbound { return Array(one.data.readableBytesView) }
                    return nil
                }
                tasks.addTask {
                    try await Task.sleep(for: limit)
                    return nil
                }
                defer { tasks.cancelAll() }
                return try await tasks.next() ?? nil
            }
        }
    }
}

/// A server of public names, by UDP and TCP.
final class FakeNames: Sendable {
    /// What it says to a question; several by UDP, one by TCP, none at all.
    typealias Script = @Sendable (_ question: DNSQuery, _ isStream: Bool) -> [[UInt8]]

    let port: Int
    private let channels: [any Channel]
    private let state = Mutex<(script: Script, asked: [(DNSQuery, Bool)])>((script: { _, _ in [] }, asked: []))

    init() async throws {
        let port = try await Self.freePort()
        let box = Box()
        let group = MultiThreadedEventLoopGroup.singleton
        let udp = try await DatagramBootstrap(group: group).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Datagrams(box)) }
        }.bind(host: "127.0.0.1", port: port).get()
        let tcp = try await ServerBootstrap(group: group).childChannelInitializer { channel in
            channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Streams(box)) }
        }.bind(host: "127.0.0.1", port: port).get()
        (self.port, channels) = (port, [udp, tcp])
        box.owner.withLock { $0 = self }
    }

    func close() async throws { for channel in channels { try await channel.close() } }

    func say(_ script: @escaping Script) { state.withLock { $0 = (script, []) } }

    /// The questions since the last `say`.
    var asked: [(question: DNSQuery, isStream: Bool)] { state.withLock(\.asked) }

    /// An answer with one address.
    static func address(_ question: DNSQuery, _ last: UInt8 = 1, lifetime: UInt8 = 60) -> [UInt8] {
        var bytes = DNSQuery(id: question.id, name: question.name, type: question.type).bytes
        (bytes[2], bytes[7]) = (0x81, 1)
        return bytes + [0xc0, 12, 0, UInt8(question.type), 0, 1, 0, 0, 0, lifetime, 0, 4, 192, 0, 2, last]
    }

    /// An answer of nothing but its code.
    static func code(_ question: DNSQuery, _ code: UInt8, flags: UInt8 = 0) -> [UInt8] {
        var bytes = DNSQuery(id: question.id, name: question.name, type: question.type).bytes
        (bytes[2], bytes[3]) = (0x81 | flags, code)
        return bytes
    }

    /// One that is free for both.
    static func freePort() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(
            host: "127.0.0.1",
            port: 0
        ).get()
        let port = channel.localAddress?.port ?? 0
        try await channel.close()
        return port
    }

    fileprivate func answers(_ bytes: [UInt8], isStream: Bool) -> [[UInt8]] {
        guard case .query(let question) = DNSQuery.read(bytes) else { return [] }
        let script = state.withLock { state in
            state.asked.append((question, isStream))
            return state.script
        }
        return script(question, isStream)
    }

    fileprivate final class Box: Sendable {
        let owner = Mutex<FakeNames?>(nil)

        func answers(_ bytes: [UInt8], isStream: Bool) -> [[UInt8]] {
            owner.withLock(\.self)?.answers(bytes, isStream: isStream) ?? []
        }
    }

    private final class Datagrams: ChannelInboundHandler, Sendable {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>
        typealias OutboundOut = AddressedEnvelope<ByteBuffer>

        private let box: Box

        init(_ box: Box) { self.box = box }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = unwrapInboundIn(data)
            for answer in box.answers(Array(envelope.data.readableBytesView), isStream: false) {
                let out = AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: answer))
                context.writeAndFlush(wrapOutboundOut(out), promise: nil)
            }
        }
    }

    private final class Streams: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let box: Box

        init(_ box: Box) { self.box = box }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var bytes = unwrapInboundIn(data)
            bytes.moveReaderIndex(forwardBy: 2)
            for answer in box.answers(Array(bytes.readableBytesView), isStream: true) {
                var out = ByteBuffer()
                out.writeInteger(UInt16(answer.count))
                out.writeBytes(answer)
                context.writeAndFlush(wrapOutboundOut(out), promise: nil)
            }
        }
    }
}
