import Crypto
package import Foundation
import Model
import SwiftASN1
import Toolkit
import X509

/// The certificate of the API's port, and the authority of this host alone that signs it.
///
/// ```
/// api-tls/ca.pem      the authority, for clients to trust; its fingerprint is what they pin
/// api-tls/ca.key      its key, for root
/// api-tls/server.pem  signed by it, made anew before it ends or when the port's names change
/// api-tls/server.key
/// ```
package struct APIAuthority: Sendable {
    /// ``HostPaths/apiTLS``.
    private let folder: String
    private static let day = 86_400.0
    private static let authorityDays = 3650.0
    /// Clients refuse what is good for longer.
    private static let serverDays = 397.0
    private static let spareDays = 60.0

    /// Touches nothing yet.
    package init(folder: String) {
        self.folder = folder
    }

    /// What a listener needs.
    package struct Identity: Sendable {
        package var certificatePath: String
        package var keyPath: String
        /// `sha256:` and 64 hex digits of the authority's certificate; nil where it is not ours.
        package var fingerprint: String?

        package init(certificatePath: String, keyPath: String, fingerprint: String? = nil) {
            self.certificatePath = certificatePath
            self.keyPath = keyPath
            self.fingerprint = fingerprint
        }
    }

    /// The certificate for a port that clients know by those names and addresses; what is missing is made.
    ///
    /// - Throws: ``Fault`` `corrupt` for a key or certificate that can't be read: it is left as it is.
    package func identity(names: [String], now: Date = Date()) throws -> Identity {
        try Durable.makeFolder(folder, mode: 0o700)
        let (authority, key) = try authority(now)
        let server = Identity(
            certificatePath: "\(folder)/server.pem",
            keyPath: "\(folder)/server.key",
            fingerprint: try Self.fingerprint(authority)
        )
        if let present = try certificate(server.certificatePath), try Self.serves(present, names, authority, now),
            FileManager.default.fileExists(atPath: server.keyPath)
        {
            return server
        }
        let own = P256.Signing.PrivateKey()
        let certificate = try Certificate(
            version: .v3,
            serialNumber: .init(),
            publicKey: .init(own.publicKey),
            notValidBefore: now.addingTimeInterval(-Self.day),
            notValidAfter: now.addingTimeInterval(Self.serverDays * Self.day - Self.day),
            issuer: authority.subject,
            subject: try Self.name("Roost API"),
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames(Self.alternatives(names))
            },
            issuerPrivateKey: .init(key)
        )
        // The certificate last: it says that the key beside it is its own.
        try Durable.write(Data(own.pemRepresentation.utf8), to: server.keyPath, mode: 0o600)
        let text = try certificate.serializeAsPEM().pemString + "\n" + authority.serializeAsPEM().pemString + "\n"
        try Durable.write(Data(text.utf8), to: server.certificatePath)
        return server
    }

    // MARK: - Private

    private func authority(_ now: Date) throws -> (Certificate, P256.Signing.PrivateKey) {
        let (path, keyPath) = ("\(folder)/ca.pem", "\(folder)/ca.key")
        if let present = try certificate(path) {
            guard let text = FileManager.default.contents(atPath: keyPath),
                let key = try? P256.Signing.PrivateKey(pemRepresentation: String(decoding: text, as: UTF8.self))
            else { throw Fault(.corrupt, "the key of the API's authority, \(keyPath), can't be read") }
            return (present, key)
        }
        let key = P256.Signing.PrivateKey()
        let name = try Self.name("Roost API authority \(UUID().uuidString.prefix(8))")
        let made = try Certificate(
            version: .v3,
            serialNumber: .init(),
            publicKey: .init(key.publicKey),
            notValidBefore: now.addingTimeInterval(-Self.day),
            notValidAfter: now.addingTimeInterval(Self.authorityDays * Self.day),
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            },
            issuerPrivateKey: .init(key)
        )
        try Durable.write(Data(key.pemRepresentation.utf8), to: keyPath, mode: 0o600)
        try Durable.write(Data((try made.serializeAsPEM().pemString + "\n").utf8), to: path)
        return (made, key)
    }

    /// The first certificate of a file; nil when there is no such file.
    private func certificate(_ path: String) throws -> Certificate? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        do {
            let documents = try PEMDocument.parseMultiple(pemString: String(decoding: data, as: UTF8.self))
            guard let first = documents.first else { throw Fault(.corrupt, "\(path) holds no certificate") }
            return try Certificate(pemDocument: first)
        } catch {
            throw Fault(
                .corrupt,
                "the certificate \(path) can't be read: \(error)",
                hint: "move \(folder) aside: the next start makes a new authority, which clients then have to trust"
            )
        }
    }

    private static func name(_ text: String) throws -> DistinguishedName {
        try DistinguishedName { CommonName(text) }
    }

    private static func alternatives(_ names: [String]) -> [GeneralName] {
        names.map { name in
            if let bytes = addressBytes(name) { return .ipAddress(ASN1OctetString(contentBytes: bytes[...])) }
            return .dnsName(name)
        }
    }

    private static func serves(
        _ certificate: Certificate,
        _ names: [String],
        _ authority: Certificate,
        _ now: Date
    ) throws -> Bool {
        let spare = now.addingTimeInterval(spareDays * day)
        let present = try certificate.extensions.subjectAlternativeNames
        return certificate.issuer == authority.subject && certificate.notValidAfter > spare
            && authority.publicKey.isValidSignature(certificate.signature, for: certificate)
            && Set(alternatives(names)).isSubset(of: Set(present ?? SubjectAlternativeNames()))
    }

    private static func fingerprint(_ certificate: Certificate) throws -> String {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return "sha256:\(Digest.hex(Data(serializer.serializedBytes)))"
    }

    /// The bytes of an IP address; nil for a name.
    private static func addressBytes(_ text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: &four) { Array($0) } }
        var six = in6_addr()
        if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: &six) { Array($0) } }
        return nil
    }
}
