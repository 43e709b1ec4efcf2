import Model
import Synchronization

/// The ways in which TLS is spoken, each made once for all event loops and apps that want it so.
final class TLSBook: Sendable {
    init(shelf: CertificateShelf) { self.shelf = shelf }

    /// The one for the options of an app, or of a port.
    ///
    /// Without a list of protocols it is HTTP's two.
    func settings(for options: AppConfig.TLSOptions?) throws(Fault) -> TLSSettings {
        let way = Way(protocols: options?.alpn ?? ["h2", "http/1.1"], versions: Set(options?.versions ?? []))
        if let known = ways.withLock({ $0[way] }) { return known }
        let settings = try TLSSettings(shelf: shelf, protocols: way.protocols, versions: way.versions)
        ways.withLock { ways in
            // Apps come and go; what nobody uses any more would stay.
            if ways.count >= Self.most { ways = [:] }
            ways[way] = settings
        }
        return settings
    }

    // MARK: - Private

    private static let most = 1000

    private struct Way: Hashable, Sendable {
        var protocols: [String]
        var versions: Set<String>
    }

    private let shelf: CertificateShelf
    private let ways = Mutex<[Way: TLSSettings]>([:])
}
