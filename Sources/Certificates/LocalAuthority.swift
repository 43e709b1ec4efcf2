import Crypto
import Foundation
package import Model
import SwiftASN1
import X509

/// An authority of this host's own, for names that no public one certifies.
///
/// It can vouch for nothing but such names: whoever trusts it trusts it for `*.localhost` and its like only, even if its
/// key is lost.
package struct LocalAuthority: Sendable {
    /// PEM, for those who are to trust it.
    package let certificate: String
    private let authority: Certificate
    private let key: Certificate.PrivateKey

    /// Names of its two files in the folder of keys.
    private static let keyName = "local-authority"
    private static let certificateName = "local-authority-certificate"
    /// Each name's certificate; clients take up to 825 days.
    private static let life = Duration.seconds(90 * 86_400)

    /// The one whose files are in the folder; the first time it makes them.
    ///
    /// `host` is the host's name, which tells the authorities of several hosts apart in a list.
    package init(keys: KeyFolder, host: String, at now: Timestamp) throws(Fault) {
        do {
            if let pem = try keys.find(Self.keyName), let certificate = try keys.find(Self.certificateName) {
                key = try Certificate.PrivateKey(pemEncoded: pem)
                authority = try Certificate(pemEncoded: certificate)
                self.certificate = certificate
                return
            }
            key = Certificate.PrivateKey(P256.Signing.PrivateKey())
            authority = try Self.makeAuthority(key, host, now)
            certificate = try authority.serializeAsPEM().pemString + "\n"
            try keys.save(try key.serializeAsPEM().pemString + "\n", as: Self.keyName)
            try keys.save(certificate, as: Self.certificateName)
        } catch let fault as Fault {
            throw fault
        } catch {
            throw Fault(.corrupt, "the local authority's files can't be read: \(error)")
        }
    }

    /// Signs a certificate for one name.
    ///
    /// - Returns: PEM of the certificate and of its new key.
    package func issue(_ hostname: String, at now: Timestamp) throws(Fault) -> (chain: String, key: String) {
        do {
            let own = Certificate.PrivateKey(P256.Signing.PrivateKey())
            let leaf = try Certificate(
                version: .v3,
                serialNumber: Certificate.SerialNumber(),
                publicKey: own.publicKey,
                notValidBefore: now.advanced(by: .seconds(-3600)).date,
                notValidAfter: min(now.advanced(by: Self.life).date, authority.notValidAfter),
                issuer: authority.subject,
                subject: DistinguishedName { CommonName(String(hostname.prefix(64))) },
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: Certificate.Extensions {
                    Critical(BasicConstraints.notCertificateAuthority)
                    Critical(KeyUsage(digitalSignature: true))
                    try ExtendedKeyUsage([.serverAuth])
                    SubjectAlternativeNames([.dnsName(hostname)])
                    try AuthorityKeyIdentifier(keyIdentifier: Self.keyIdentifier(authority))
                    SubjectKeyIdentifier(hash: own.publicKey)
                },
                issuerPrivateKey: key
            )
            return (try leaf.serializeAsPEM().pemString + "\n", try own.serializeAsPEM().pemString + "\n")
        } catch let fault as Fault {
            throw fault
        } catch {
            throw Fault(.certificateFailed, "the local authority can't sign for \(hostname): \(error)")
        }
    }

    // MARK: - Private

    private static func keyIdentifier(_ authority: Certificate) throws -> ArraySlice<UInt8>? {
        try authority.extensions.subjectKeyIdentifier?.keyIdentifier
    }

    private static func makeAuthority(
        _ key: Certificate.PrivateKey,
        _ host: String,
        _ now: Timestamp
    ) throws -> Certificate {
        let name = try DistinguishedName {
            OrganizationName("Roost")
            CommonName("Roost local authority of \(host.prefix(30))")
        }
        return try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: key.publicKey,
            notValidBefore: now.advanced(by: .seconds(-3600)).date,
            notValidAfter: now.advanced(by: .seconds(3650 * 86_400)).date,
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                Critical(NameConstraints(permittedSubtrees: HostName.localDomains.map { .dnsName($0) }))
                SubjectKeyIdentifier(hash: key.publicKey)
            },
            issuerPrivateKey: key
        )
    }
}
