import Model
import NIOCore
import NIOSSL

/// How the edge speaks TLS: one context for all event loops and names, so that a session is resumed on any of them.
struct TLSSettings: Sendable {
    let context: NIOSSLContext

    /// The floor and the suites are written down here, so that no library's new version moves them.
    ///
    /// BoringSSL makes the keys of session tickets, and a new one every two days.
    ///
    /// > Source: `proxy-dns`, section 4.7; the RSA suites are for certificates that people bring.
    init(shelf: CertificateShelf, protocols: [String], versions: Set<String> = []) throws(Fault) {
        // The one for servers wants a certificate from the start; here each handshake brings its own.
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = versions == ["TLSv1.3"] ? .tlsv13 : .tlsv12
        configuration.maximumTLSVersion = versions == ["TLSv1.2"] ? .tlsv12 : .tlsv13
        configuration.cipherSuites = Self.suites
        configuration.certificateVerification = .none
        configuration.applicationProtocols = protocols
        configuration.renegotiationSupport = .none
        configuration.shutdownTimeout = .seconds(1)
        configuration.sslContextCallback = { asked, promise in
            // No name, or one that no app answers to: an alert, and never a certificate of somebody else.
            guard let name = asked.serverHostname, let item = shelf.find(name) else {
                return promise.fail(UnknownServerName())
            }
            promise.succeed(item.presented)
        }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw Fault(.hostUnfit, "TLS can't be set up: \(error)")
        }
    }

    /// Of TLS 1.2; those of 1.3 are always the same three.
    static let suites = [
        "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
    ].joined(separator: ":")
}

/// A client asked for a name that nobody has a certificate for.
struct UnknownServerName: Error {}
