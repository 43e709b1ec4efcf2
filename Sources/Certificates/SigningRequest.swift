import Crypto
package import Foundation
package import Model
import SwiftASN1
import X509

/// A new private key and the request to certify it.
package struct SigningRequest: Sendable {
    /// PEM.
    package let key: String
    /// DER.
    package let request: Data

    /// Makes a P-256 key: each certificate gets its own, so that one that leaks is over with its certificate.
    package init(_ hostname: String) throws(Fault) {
        do {
            let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
            let extensions = try Certificate.Extensions { SubjectAlternativeNames([.dnsName(hostname)]) }
            let request = try CertificateSigningRequest(
                version: .v1,
                subject: DistinguishedName([RelativeDistinguishedName]()),
                privateKey: key,
                attributes: CertificateSigningRequest.Attributes([
                    .init(ExtensionRequest(extensions: extensions))
                ]),
                signatureAlgorithm: .ecdsaWithSHA256
            )
            self.key = try key.serializeAsPEM().pemString + "\n"
            var serializer = DER.Serializer()
            try serializer.serialize(request)
            self.request = Data(serializer.serializedBytes)
        } catch {
            throw Fault(.certificateFailed, "no request can be made for \(hostname): \(error)")
        }
    }
}
