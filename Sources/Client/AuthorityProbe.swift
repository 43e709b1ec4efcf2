import Foundation
import Model
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Toolkit

/// The certificates that a port shows to whoever connects, believed by nobody yet.
package enum AuthorityProbe {
    /// An authority: its certificate in PEM, and its fingerprint, `sha256:` and 64 hex digits.
    package struct Authority: Equatable, Sendable {
        package var pem: String
        package var fingerprint: String
    }

    /// The authority of an `https://` address: the last certificate that it shows.
    ///
    /// Nothing is sent to it but the handshake.
    ///
    /// - Throws: ``Fault`` `unreachable` when nobody answers in TLS.
    package static func authority(of url: String) async throws -> Authority {
        guard let parts = URL(string: url), let host = parts.host() else {
            throw Fault(.invalidRequest, "\(url) is no address")
        }
        let seen = Seen()
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .noHostnameVerification
        let context = try NIOSSLContext(configuration: configuration)
        let name = IPAddress(host) == nil ? host : nil
        do {
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.seconds(10))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let handler = try NIOSSLClientHandler(
                            context: context,
                            serverHostname: name,
                            customVerificationCallback: { certificates, verdict in
                                seen.take(certificates)
                                verdict.succeed(.failed)
                            }
                        )
                        try channel.pipeline.syncOperations.addHandlers(handler, seen)
                    }
                }.connect(host: host, port: parts.port ?? 443).get()
            try await channel.closeFuture.get()
        } catch {
            throw Fault(.unreachable, "nobody answers at \(url): \(error)")
        }
        guard let last = seen.last else { throw Fault(.unreachable, "\(url) does not speak TLS") }
        return last
    }

    /// What was shown; the connection ends with it.
    private final class Seen: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer

        private let authority = Mutex<Authority?>(nil)

        var last: Authority? { authority.withLock(\.self) }

        func take(_ certificates: [NIOSSLCertificate]) {
            guard let bytes = try? certificates.last?.toDERBytes() else { return }
            let lines = Data(bytes).base64EncodedString(options: [.lineLength64Characters, .endLineWithLineFeed])
            let pem = "-----BEGIN CERTIFICATE-----\n\(lines)\n-----END CERTIFICATE-----\n"
            let made = Authority(pem: pem, fingerprint: "sha256:\(Digest.hex(Data(bytes)))")
            authority.withLock { $0 = made }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
