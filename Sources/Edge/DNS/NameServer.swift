import Foundation
package import Logging
import Model
import NIOCore
import NIOPosix
import ServiceLifecycle

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// The resolver of a host's Machines: private names from the last that `serve` said, all others from elsewhere.
///
/// Needs nothing but its ``NameBook`` to work, as the edge needs nothing but its routes.
package struct NameServer: Service {
    /// What the host's owner may choose.
    package struct Settings: Sendable {
        /// Whom to ask about public names; nil: whom the host asks.
        package var upstreams: [String]?
        /// Machines' IPv4 addresses are told too.
        package var answersIPv4 = true
        /// Where the host says whom it asks.
        package var resolvConf = "/etc/resolv.conf"
        /// The port of those servers; another one only in tests.
        package var upstreamPort = 53
        /// How long one server is waited for.
        package var patience = Duration.milliseconds(1500)

        package init() {}
    }

    private let book: NameBook
    private let settings: Settings
    private let logger: Logger

    package init(book: NameBook, settings: Settings = Settings(), logger: Logger) {
        self.book = book
        self.settings = settings
        self.logger = logger
    }

    /// Answers at the addresses that the book names, as soon as the host has them, until the process is to end.
    package func run() async throws {
        // A thread of its own: questions are short, and nothing else of the edge waits behind them.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let desk = try await loop.submit { [book, settings, logger] in
            NIOLoopBound(NameDesk(book, settings, loop: loop, logger: logger), eventLoop: loop)
        }.get()
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { await self.keepCopy() }
            tasks.addTask { await self.listen(on: loop, desk) }
            try? await gracefulShutdown()
            tasks.cancelAll()
        }
        try? await group.shutdownGracefully()
    }

    // MARK: - Private

    private static let copyInterval = Duration.milliseconds(200)
    static let lookInterval = Duration.milliseconds(250)

    private func keepCopy() async {
        for await _ in book.follow() {
            try? await NIOThreadPool.singleton.runIfActive { [book] in book.save() }
            try? await Task.sleep(for: Self.copyInterval)
        }
    }

    /// Has the sockets that the book asks for, and makes them anew when the bridge is another one.
    private func listen(on loop: any EventLoop, _ desk: NIOLoopBound<NameDesk>) async {
        var open: [NamePlace: [any Channel]] = [:]
        var told: Set<String> = []
        while !Task.isCancelled {
            let home = book.index.home
            let device = home.device.map { Int(if_nametoindex($0)) }
            let wanted =
                device == 0 ? [] : home.listen.map { NamePlace(address: $0, home: home, deviceNumber: device) }
            for place in open.keys where !wanted.contains(place) {
                for channel in open.removeValue(forKey: place) ?? [] { try? await channel.close() }
            }
            for place in wanted where open[place] == nil {
                do {
                    open[place] = try await place.open(on: loop, desk)
                    told.remove(place.address)
                    logger.notice("answering names", metadata: ["address": "\(place.address)"])
                } catch {
                    // The bridge may not have its address yet.
                    guard told.insert(place.address).inserted else { continue }
                    logger.warning(
                        "can't answer names yet",
                        metadata: ["address": "\(place.address)", "error": "\(error)"]
                    )
                }
            }
            try? await Task.sleep(for: Self.lookInterval)
        }
        for channel in open.values.flatMap(\.self) { try? await channel.close() }
    }
}

/// An address at which the resolver answers.
private struct NamePlace: Hashable {
    var address: String
    var device: String?
    /// Another one after the bridge was made anew.
    var deviceNumber: Int?
    var port: Int

    init(address: String, home: NameHome, deviceNumber: Int?) {
        self.address = address
        device = home.device
        self.deviceNumber = deviceNumber
        port = home.port
    }

    /// UDP and TCP.
    func open(on loop: any EventLoop, _ desk: NIOLoopBound<NameDesk>) async throws -> [any Channel] {
        let datagrams = DatagramBootstrap(group: loop)
            .channelOption(.datagramVectorReadMessageCount, value: 32)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 32 * 1024))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NameDatagrams(desk.value))
                }
            }
        let udp = try await datagrams.withBoundSocket(try socket(Int32(SOCK_DGRAM.rawValue))).get()
        do {
            let streams = ServerBootstrap(group: loop)
                .serverChannelOption(.backlog, value: 128)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(NameStream(desk.value))
                    }
                }
            return [udp, try await streams.withBoundSocket(try socket(Int32(SOCK_STREAM.rawValue))).get()]
        } catch {
            try? await udp.close()
            throw error
        }
    }

    private func socket(_ kind: Int32) throws -> Int32 {
        try DeviceSocket.bound(kind, to: try SocketAddress(ipAddress: address, port: port), device: device)
    }
}
