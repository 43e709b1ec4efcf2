import Certificates
import Edge
import Foundation
import Model
import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS
import Toolkit

/// An authority for tests, and what an edge is told of the certificates that it signs.
struct TestAuthority: Sendable {
    let local: LocalAuthority
    let folder: String

    init() throws {
        folder = "/tmp/edge-ca-\(UUID().uuidString.prefix(8))"
        local = try LocalAuthority(keys: KeyFolder(folder: folder), host: "test", at: .now())
        try local.certificate.write(toFile: "\(folder)/ca.pem", atomically: true, encoding: .utf8)
    }

    /// The file that clients trust.
    var file: String { "\(folder)/ca.pem" }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    func certificate(_ hostname: String, id: String = "1") throws -> EdgeCertificate {
        let (chain, key) = try local.issue(hostname, at: .now())
        return EdgeCertificate(hostname: hostname, id: id, chain: chain, key: key)
    }
}

extension Lab {
    /// An edge that listens without TLS on the first port, with TLS on the second, and knows these names.
    static func secure<Result: Sendable>(
        _ hostnames: [String] = ["notes.localhost"],
        adjust: @escaping (inout EdgeServer.Configuration) -> Void = { _ in },
        _ body: @escaping @Sendable (Lab, TestAuthority) async throws -> Result
    ) async throws -> Result {
        let authority = try TestAuthority()
        defer { authority.remove() }
        let certificates = try hostnames.map { try authority.certificate($0) }
        let prepare: (inout Lab.Configuration) -> Void = { configuration in
            configuration.listenTLS = [.init(host: "127.0.0.1", port: 0)]
            configuration.certificates = CertificateCopy(folder: "\(authority.folder)/edge")
            adjust(&configuration)
        }
        return try await Lab.with(prepare) { lab in
            try await eventually("edge.sock is connected") { lab.serve.connections > 0 }
            try await lab.serve.secure(CertificateNews(revision: 1, put: certificates, all: hostnames))
            return try await body(lab, authority)
        }
    }

    var securePort: Int { ports[1] }
}

extension FakeServe {
    /// Sends news of certificates, and waits until the edge has taken them in.
    func secure(_ news: CertificateNews) async throws {
        try await eventually("the edge takes orders") {
            do {
                try await self.send(.certificates(news))
                return true
            } catch is Peer.Ended {
                return false
            }
        }
        try await eventually("certificates of revision \(news.revision) are in force") {
            self.reports.contains(.secured(revision: news.revision))
        }
    }
}

/// Connects with TLS; the handshake's failure is thrown.
func withSecureClient<Result>(
    _ port: Int,
    _ authority: TestAuthority,
    name: String? = "notes.localhost",
    adjust: (inout TLSConfiguration) -> Void = { _ in },
    _ body: (Peer) async throws -> Result
) async throws -> Result {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .file(authority.file)
    if name == nil { configuration.certificateVerification = .noHostnameVerification }
    adjust(&configuration)
    let context = try NIOSSLContext(configuration: configuration)
    return try await withTLS(port, context, name: name, after: Opening(), body)
}

/// As above, when something else has been said.
func withSecureClient<Result>(
    _ port: Int,
    _ authority: TestAuthority,
    after opening: Opening,
    _ body: (Peer) async throws -> Result
) async throws -> Result {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.trustRoots = .file(authority.file)
    let context = try NIOSSLContext(configuration: configuration)
    return try await withTLS(port, context, name: "notes.localhost", after: opening, body)
}

private func withTLS<Result>(
    _ port: Int,
    _ context: NIOSSLContext,
    name: String?,
    after opening: Opening,
    _ body: (Peer) async throws -> Result
) async throws -> Result {
    let done = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
    let channel = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
        .channelOption(.allowRemoteHalfClosure, value: true)
        .connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(OpeningHandler(opening, context, name))
                try pipeline.addHandler(HandshakeWatch(done))
                return try Peer.Wire(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(isOutboundHalfClosureEnabled: true)
                )
            }
        }
    return try await channel.executeThenClose { inbound, outbound in
        try await done.futureResult.get()
        return try await body(Peer(channel.channel, inbound, outbound))
    }
}

/// What is said before TLS begins.
struct Opening: Sendable {
    var bytes: [UInt8] = []
    /// The byte that has to come first from the other end; nil is none.
    var answer: UInt8?
}

/// Says what goes before TLS, then puts TLS in place.
private final class OpeningHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let opening: Opening
    private let context: NIOSSLContext
    private let name: String?
    private var isDone = false

    init(_ opening: Opening, _ context: NIOSSLContext, _ name: String?) {
        self.opening = opening
        self.context = context
        self.name = name
    }

    func channelActive(context: ChannelHandlerContext) {
        if !opening.bytes.isEmpty { context.writeAndFlush(NIOAny(ByteBuffer(bytes: opening.bytes)), promise: nil) }
        if opening.answer == nil { begin(context) }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isDone else { return context.fireChannelRead(data) }
        if Array(Self.unwrapInboundIn(data).readableBytesView) == opening.answer.map({ [$0] }) {
            begin(context)
        } else {
            context.close(promise: nil)
        }
    }

    private func begin(_ context: ChannelHandlerContext) {
        isDone = true
        do {
            let handler = try NIOSSLClientHandler(context: self.context, serverHostname: name)
            try context.pipeline.syncOperations.addHandler(handler, position: .after(self))
        } catch {
            context.fireErrorCaught(error)
        }
    }
}

/// Says how a handshake ended.
private final class HandshakeWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let done: EventLoopPromise<Void>

    init(_ done: EventLoopPromise<Void>) { self.done = done }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { done.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        done.fail(error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        done.fail(ChannelError.eof)
        context.fireChannelInactive()
    }
}
