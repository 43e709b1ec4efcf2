import Certificates
import ControlPlane
import Foundation
import Logging
import Model
import Store
import Toolkit

/// The parts of the daemon that have to do with certificates.
struct Certification {
    let keeper: CertificateKeeper
    let book = CertificateBook()
    /// Nil without an authority.
    let transport: ACMETransport?

    init(_ config: HostConfig, _ store: SQLiteStore, _ logger: Logger) throws(Fault) {
        let keys = KeyFolder(folder: config.paths.keys)
        let local = try LocalAuthority(keys: keys, host: config.host, at: .now())
        var acme: ACMEClient?
        var transport: ACMETransport?
        if let settings = config.acme {
            let wire = try ACMETransport(settings)
            transport = wire
            acme = try ACMEClient(
                settings: settings,
                accountKey: try Self.accountKey(keys, settings),
                transport: { try await wire.send($0) }
            )
        }
        self.transport = transport
        keeper = CertificateKeeper(
            store: store,
            tools: CertificateKeeper.Tools(keys: keys, local: local, acme: acme),
            book: book,
            domain: config.domain,
            logger: logger
        )
    }

    /// Where edges come, to hear of routes and certificates.
    func listener(_ link: EdgeLink, _ socketPath: String, _ logger: Logger) -> EdgeListener {
        EdgeListener(link: link, certificates: book, socketPath: socketPath, logger: logger)
    }

    // MARK: - Private

    /// An account at each authority; a host that changes back finds its old one.
    private static func accountKey(_ keys: KeyFolder, _ settings: ACMESettings) throws(Fault) -> String {
        let name = "acme-account-\(Digest.hex(Data(settings.directory.utf8)).prefix(16))"
        if let key = try keys.find(name) { return key }
        let key = ACMEClient.makeAccountKey()
        try keys.save(key, as: name)
        return key
    }
}

extension ACMESettings {
    /// Reads `[acme]` of `roost.toml`.
    init(_ entries: [ConfigNode.Entry], _ file: String) throws(Fault) {
        self.init()
        for entry in entries {
            let place = "\(file):\(entry.keyPosition.line):\(entry.keyPosition.column)"
            switch (entry.key, entry.node.value) {
            case ("directory", .string(let text)): directory = text
            case ("email", .string(let text)): email = text
            case ("ca_file", .string(let text)): caFile = text
            case ("agree_to_terms", .boolean(let value)): agreesToTerms = value
            case ("directory", _), ("email", _), ("ca_file", _), ("agree_to_terms", _):
                let kind = entry.key == "agree_to_terms" ? "true or false" : "a string"
                throw Fault(
                    .invalidConfig,
                    "\(place): acme.\(entry.key): found \(entry.node.summary), expected \(kind)"
                )
            default:
                throw Fault(
                    .invalidConfig,
                    "\(place): unknown key \"acme.\(entry.key)\"",
                    hint: "allowed: directory, email, agree_to_terms, ca_file"
                )
            }
        }
    }
}
