import Model
import NIOSSL
import Synchronization

/// The certificates that the edge presents, by host name, and the answers to an authority's questions.
///
/// Read by all event loops, once a handshake; changed by the link to `serve`. A change touches only the names that it is
/// about, so a handshake finds either the old certificate or the new one.
final class CertificateShelf: Sendable {
    /// A certificate ready to be presented.
    struct Item: Sendable {
        let id: String
        let presented: NIOSSLContextConfigurationOverride
    }

    /// The certificate for a name that a client asks for; by itself, or by the wildcard above it.
    func find(_ serverName: String) -> Item? {
        let name = HostName.canonical(serverName)
        return state.withLock { state in
            state.items[name] ?? HostName.wildcard(over: name).flatMap { state.items[$0] }
        }
    }

    /// What to answer at `/.well-known/acme-challenge/<token>`; nil when nobody asked for that one.
    func answer(to token: String) -> String? { state.withLock { $0.challenges[token] } }

    var isEmpty: Bool { state.withLock { $0.items.isEmpty } }

    /// Takes news in.
    ///
    /// A certificate that can't be read leaves the one before it in place, and no other name notices.
    ///
    /// - Returns: names of certificates that could not be read, with the reason.
    func take(_ news: CertificateNews) -> [(hostname: String, reason: String)] {
        var refused: [(hostname: String, reason: String)] = []
        var ready: [(String, Item)] = []
        for certificate in news.put {
            do {
                ready.append((certificate.hostname.lowercased(), try Item(certificate)))
            } catch {
                refused.append((certificate.hostname, "\(error)"))
            }
        }
        state.withLock { state in
            for (hostname, item) in ready { state.items[hostname] = item }
            for hostname in news.removed { state.items[hostname] = nil }
            if let all = news.all {
                let names = Set(all)
                state.items = state.items.filter { names.contains($0.key) }
            }
            if let challenges = news.challenges { state.challenges = challenges }
        }
        return refused
    }

    // MARK: - Private

    private struct State {
        var items: [String: Item] = [:]
        var challenges: [String: String] = [:]
    }

    private let state = Mutex(State())
}

extension CertificateShelf.Item {
    /// Reads PEM; a key that does not belong to the certificate is an error here, not in a client's handshake.
    init(_ certificate: EdgeCertificate) throws {
        let chain = try NIOSSLCertificate.fromPEMBytes(Array(certificate.chain.utf8))
        let key = try NIOSSLPrivateKey(bytes: Array(certificate.key.utf8), format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.certificateVerification = .none
        _ = try NIOSSLContext(configuration: configuration)
        var override = NIOSSLContextConfigurationOverride()
        override.certificateChain = configuration.certificateChain
        override.privateKey = .privateKey(key)
        self.init(id: certificate.id, presented: override)
    }
}
