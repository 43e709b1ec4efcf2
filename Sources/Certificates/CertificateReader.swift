import Foundation
package import Model
import SwiftASN1
import X509

/// Reads certificates and keys in PEM, and says in words what is wrong with them.
package enum CertificateReader {
    /// A certificate that belongs to its key, both in one form.
    package struct Pair: Sendable {
        package var facts: CertificateFacts
        /// PEM, the certificate itself first, each followed by its issuer's.
        package var chain: String
        package var key: String
    }

    /// What the first certificate of a chain says of itself.
    package static func facts(_ chain: String) throws(Fault) -> CertificateFacts {
        try facts(try certificates(chain)[0])
    }

    /// Checks that a certificate can be presented for a host name.
    ///
    /// - Parameters:
    ///   - chain: PEM: the certificate and, in any order, those that lead to its root.
    ///   - key: PEM: the private key, not encrypted.
    ///   - hostname: lower case; may begin with `*.`.
    ///   - now: by this host's wall clock.
    /// - Returns: both in the form in which they are presented.
    /// - Throws: ``Fault`` `certificateInvalid` naming what does not fit.
    package static func check(
        chain: String,
        key: String,
        for hostname: String,
        at now: Timestamp
    ) throws(Fault) -> Pair {
        let all = try certificates(chain)
        let own = try privateKey(key)
        guard let leaf = all.first(where: { $0.publicKey == own.publicKey }) else {
            throw invalid(
                "the private key does not belong to the certificate",
                hint: "--private-key has to be the key that the certificate was made for"
            )
        }
        let facts = try facts(leaf)
        guard facts.names.contains(where: { HostName.covers($0, hostname) || $0 == hostname }) else {
            throw invalid("the certificate is for \(facts.names.joined(separator: ", ")), not for \(hostname)")
        }
        guard facts.notAfter > now else { throw invalid("the certificate expired at \(facts.notAfter.rfc3339)") }
        guard facts.notBefore <= now.advanced(by: .seconds(300)) else {
            throw invalid(
                "the certificate is good from \(facts.notBefore.rfc3339) on only; here it is \(now.rfc3339)",
                hint: "is this host's clock right?"
            )
        }
        let sorted = try ordered(leaf, all)
        return Pair(facts: facts, chain: try pem(sorted), key: try pem(own))
    }

    // MARK: - Private

    private static func invalid(_ message: String, hint: String? = nil) -> Fault {
        Fault(.certificateInvalid, message, hint: hint)
    }

    private static func certificates(_ text: String) throws(Fault) -> [Certificate] {
        let all: [Certificate]
        do {
            all = try PEMDocument.parseMultiple(pemString: text).filter { $0.discriminator == "CERTIFICATE" }.map {
                try Certificate(pemDocument: $0)
            }
        } catch {
            throw invalid("the certificate can't be read as PEM: \(error)")
        }
        guard !all.isEmpty else {
            throw invalid("there is no certificate in the file", hint: "it begins with -----BEGIN CERTIFICATE-----")
        }
        return all
    }

    private static func privateKey(_ text: String) throws(Fault) -> Certificate.PrivateKey {
        do {
            let documents = try PEMDocument.parseMultiple(pemString: text)
            if documents.contains(where: { $0.discriminator == "ENCRYPTED PRIVATE KEY" }) {
                throw invalid("the private key is encrypted", hint: "decrypt it first: openssl pkey -in KEY -out KEY")
            }
            guard let document = documents.first(where: { $0.discriminator.hasSuffix("PRIVATE KEY") }) else {
                throw invalid("there is no private key in the file", hint: "it begins with -----BEGIN PRIVATE KEY-----")
            }
            return try Certificate.PrivateKey(pemDocument: document)
        } catch let fault as Fault {
            throw fault
        } catch {
            // Never the parser's own words: they may hold a piece of the key.
            throw invalid(
                "the private key can't be read",
                hint: "PEM of an ECDSA, RSA or Ed25519 key, without a password"
            )
        }
    }

    private static func facts(_ certificate: Certificate) throws(Fault) -> CertificateFacts {
        var names: [String] = []
        do {
            for name in try certificate.extensions.subjectAlternativeNames ?? SubjectAlternativeNames() {
                if case .dnsName(let text) = name { names.append(text.lowercased()) }
            }
        } catch {
            throw invalid("the certificate's names can't be read: \(error)")
        }
        let start = Timestamp(certificate.notValidBefore)
        return CertificateFacts(
            names: names,
            issuer: words(certificate.issuer),
            validity: start...max(start, Timestamp(certificate.notValidAfter)),
            serial: certificate.serialNumber.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(),
            kind: kind(certificate.publicKey)
        )
    }

    /// The organisation and the common name, which is what people know an authority by.
    private static func words(_ name: DistinguishedName) -> String {
        let parts = name.flatMap { part in
            part.compactMap { attribute in
                [.RDNAttributeType.organizationName, .RDNAttributeType.commonName].contains(attribute.type)
                    ? String(describing: attribute.value) : nil
            }
        }
        return parts.isEmpty ? String(describing: name) : parts.joined(separator: " ")
    }

    private static func kind(_ key: Certificate.PublicKey) -> HostCertificate.Issued.Kind {
        let text = String(describing: key)
        return text.hasPrefix("RSA") ? .rsa : text.hasPrefix("P") ? .ecdsa : .other
    }

    /// Each certificate followed by the one that signed it; those that belong to none are left out, and so is a root.
    private static func ordered(_ leaf: Certificate, _ all: [Certificate]) throws(Fault) -> [Certificate] {
        var chain = [leaf]
        var rest = all.filter { $0 != leaf }
        while let last = chain.last, last.issuer != last.subject,
            let index = rest.firstIndex(where: {
                $0.subject == last.issuer && $0.publicKey.isValidSignature(last.signature, for: last)
            })
        {
            let next = rest.remove(at: index)
            if next.issuer == next.subject { break }
            chain.append(next)
        }
        return chain
    }

    private static func pem(_ certificates: [Certificate]) throws(Fault) -> String {
        do {
            return try certificates.map { try $0.serializeAsPEM().pemString + "\n" }.joined()
        } catch {
            throw invalid("the certificate can't be written: \(error)")
        }
    }

    private static func pem(_ key: Certificate.PrivateKey) throws(Fault) -> String {
        do {
            return try key.serializeAsPEM().pemString + "\n"
        } catch {
            throw invalid("the private key is of a kind that can't be kept")
        }
    }
}

extension Timestamp {
    init(_ date: Date) {
        self.init(milliseconds: Int64(date.timeIntervalSince1970 * 1000))
    }

    var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }
}
