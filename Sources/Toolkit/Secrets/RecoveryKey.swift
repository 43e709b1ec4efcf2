import Crypto
import Foundation
package import Model

/// The key that opens a host's keys in its backups: made on the host, printed once, and never kept there.
///
/// > Source: RFC 9180 (HPKE), base mode: X25519, HKDF-SHA256, ChaCha20-Poly1305.
package struct RecoveryKey: Sendable {
    private let key: Curve25519.KeyAgreement.PrivateKey
    private static let info = Data("roost-recovery 1".utf8)
    /// Of an X25519 key.
    private static let keyBytes = 32

    /// Makes a new one.
    package init() {
        key = Curve25519.KeyAgreement.PrivateKey()
    }

    /// As a person types it in: upper or lower case, with or without dashes, O for 0 and I or L for 1.
    ///
    /// - Throws: ``Fault`` `invalidRequest` when it was mistyped, which its own last letters tell.
    package init(text: String) throws(Fault) {
        let wrong = Fault(
            .invalidRequest,
            "that is no recovery key: it has 11 groups of five letters and digits, and one of them was mistyped",
            hint: "it stands on the recovery sheet that roost backup init printed"
        )
        guard let bytes = SpokenBytes.read(text, count: Self.keyBytes + 2) else { throw wrong }
        let raw = Data(bytes.prefix(Self.keyBytes))
        guard Self.check(raw) == Array(bytes.suffix(2)),
            let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: raw)
        else { throw wrong }
        self.key = key
    }

    /// 11 groups of five, the last letters of which tell a mistyped one.
    package var text: String {
        SpokenBytes.text(Array(key.rawRepresentation) + Self.check(key.rawRepresentation))
    }

    /// What seals to it, base64; it opens nothing.
    package var publicKey: String { key.publicKey.rawRepresentation.base64EncodedString() }

    /// 16 hex digits that name it.
    package var id: String { Self.id(of: key.publicKey.rawRepresentation) }

    /// Seals a host's keys to the public half.
    package static func seal(_ bundle: KeyBundle, to publicKey: String) throws(Fault) -> SealedKeys {
        guard let raw = Data(base64Encoded: publicKey),
            let key = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: raw)
        else { throw Fault(.corrupt, "the public half of the recovery key is damaged", hint: "roost backup init") }
        let plain = try JSON.encode(bundle)
        do {
            var sender = try HPKE.Sender(recipientKey: key, ciphersuite: SecretSealer.suite, info: info)
            let box = try sender.seal(plain)
            return SealedKeys(keyID: id(of: raw), sealed: (sender.encapsulatedKey + box).base64EncodedString())
        } catch {
            throw Fault(.io, "the host's keys could not be sealed")
        }
    }

    /// - Throws: ``Fault`` `invalidRequest` for a backup that is sealed to another key, `corrupt` for a damaged one.
    package func open(_ keys: SealedKeys) throws(Fault) -> KeyBundle {
        guard keys.keyID == id else {
            throw Fault(
                .invalidRequest,
                "the backup's keys are sealed to the recovery key \(keys.keyID), and this one is \(id)",
                hint: "use the sheet of the roost backup init after which this backup was made"
            )
        }
        let damaged = Fault(.corrupt, "the backup's keys are damaged", hint: "try an older one: roost backup list")
        guard let data = Data(base64Encoded: keys.sealed), data.count > Self.keyBytes else { throw damaged }
        let plain: Data
        do {
            var recipient = try HPKE.Recipient(
                privateKey: key,
                ciphersuite: SecretSealer.suite,
                info: Self.info,
                encapsulatedKey: data.prefix(Self.keyBytes)
            )
            plain = try recipient.open(data.dropFirst(Self.keyBytes))
        } catch {
            throw damaged
        }
        let bundle = try JSON.decode(KeyBundle.self, from: plain, what: "the backup's keys")
        guard bundle.strays.isEmpty else { throw damaged }
        return bundle
    }

    // MARK: - Private

    private static func id(of key: Data) -> String { String(Digest.hex(key).prefix(16)) }

    private static func check(_ raw: Data) -> [UInt8] { Array(SHA256.hash(data: info + raw).prefix(2)) }
}

/// Bytes as groups of five letters and digits, without those that look like others.
package enum SpokenBytes {
    /// Crockford's.
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")

    /// Each letter has five bits; the last one is filled up with zeroes.
    package static func text(_ bytes: [UInt8]) -> String {
        var letters: [Character] = []
        var (bits, count) = (0, 0)
        for byte in bytes {
            (bits, count) = (bits << 8 | Int(byte), count + 8)
            while count >= 5 {
                count -= 5
                letters.append(alphabet[bits >> count & 31])
            }
            bits &= (1 << count) - 1
        }
        if count > 0 { letters.append(alphabet[bits << (5 - count) & 31]) }
        return stride(from: 0, to: letters.count, by: 5).map { String(letters[$0..<min($0 + 5, letters.count)]) }
            .joined(separator: "-")
    }

    /// As many bytes as are wanted; nil when there are not just so many, or a letter is none.
    package static func read(_ text: String, count wanted: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var (bits, count) = (0, 0)
        for letter in text.uppercased() where letter != "-" && !letter.isWhitespace {
            let plain: Character = letter == "O" ? "0" : letter == "I" || letter == "L" ? "1" : letter
            guard let value = alphabet.firstIndex(of: plain) else { return nil }
            (bits, count) = (bits << 5 | value, count + 5)
            guard count >= 8 else { continue }
            count -= 8
            bytes.append(UInt8(bits >> count & 255))
            bits &= (1 << count) - 1
        }
        return bytes.count == wanted && bits == 0 && count < 5 ? bytes : nil
    }

    /// A password of so many random bytes.
    package static func password(bytes: Int) -> String {
        text(SymmetricKey(size: .init(bitCount: bytes * 8)).withUnsafeBytes { Array($0) })
    }
}
