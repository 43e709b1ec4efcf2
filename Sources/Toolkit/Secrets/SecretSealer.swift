import Crypto
import Foundation
package import Model

/// Seals values to a host's key; it has no key that opens anything.
///
/// > Source: RFC 9180 (HPKE), base mode: X25519, HKDF-SHA256, ChaCha20-Poly1305.
package struct SecretSealer: Sendable {
    package let keyID: String
    let key: Curve25519.KeyAgreement.PublicKey
    let digestKey: SymmetricKey

    /// The value, sealed for one name of one app: moved to another it does not open.
    package func seal(_ value: String, app: String, name: String, now: Timestamp) throws(Fault) -> SealedSecret {
        do {
            var sender = try HPKE.Sender(recipientKey: key, ciphersuite: Self.suite, info: Self.info)
            let box = try sender.seal(Data(value.utf8), authenticating: Self.context(app, name))
            return SealedSecret(
                digest: digest(value, app: app, name: name),
                key: keyID,
                sealed: (sender.encapsulatedKey + box).base64EncodedString(),
                at: now
            )
        } catch {
            throw Fault(.io, "the secret \(name) of \(app) could not be sealed")
        }
    }

    /// 16 hex digits that tell whether a value is still the same; nobody without the host's key can try values out.
    package func digest(_ value: String, app: String, name: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Self.context(app, name) + Data(value.utf8),
            using: digestKey
        )
        return code.prefix(8).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    /// A password that is always the same for a name, and that only this host can tell.
    package func password(for name: String) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: digestKey,
            info: Data("roost-password\0\(name)".utf8),
            outputByteCount: 64
        )
        // Two bytes a letter: what 62 leaves over of 65,536 shifts no chance that counts.
        let bytes = key.withUnsafeBytes { Array($0) }
        return String(
            stride(from: 0, to: bytes.count, by: 2).map { index in
                alphabet[(Int(bytes[index]) << 8 | Int(bytes[index + 1])) % alphabet.count]
            }
        )
    }

    static let suite = HPKE.Ciphersuite.Curve25519_SHA256_ChachaPoly
    static let info = Data("roost-secret 1".utf8)

    static func context(_ app: String, _ name: String) -> Data { Data("\(app)\0\(name)\0".utf8) }
}

/// Opens what was sealed to a key of its host; only the agent has one.
package struct SecretOpener: Sendable {
    let keys: HostKeys
    /// Of an X25519 key.
    private static let keyBytes = 32

    /// The value again.
    ///
    /// - Throws: ``Fault`` `corrupt` when its key is gone, or when it was sealed for another name or app.
    package func open(_ secret: SealedSecret, app: String, name: String) throws(Fault) -> String {
        let key = try keys.privateKey(secret.key)
        guard let data = Data(base64Encoded: secret.sealed), data.count > Self.keyBytes else {
            throw Self.unreadable(app, name)
        }
        do {
            var recipient = try HPKE.Recipient(
                privateKey: key,
                ciphersuite: SecretSealer.suite,
                info: SecretSealer.info,
                encapsulatedKey: data.prefix(Self.keyBytes)
            )
            let value = try recipient.open(
                data.dropFirst(Self.keyBytes),
                authenticating: SecretSealer.context(app, name)
            )
            return String(decoding: value, as: UTF8.self)
        } catch {
            throw Self.unreadable(app, name)
        }
    }

    private static func unreadable(_ app: String, _ name: String) -> Fault {
        Fault(
            .corrupt,
            "the secret \(name) of \(app) can't be opened: it was damaged, or sealed for another app",
            hint: "set it again: roost secrets set \(name)=… -a \(app)"
        )
    }
}
