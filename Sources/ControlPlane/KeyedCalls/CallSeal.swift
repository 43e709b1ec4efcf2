import Crypto
import Foundation
import Model
import Toolkit

/// Seals answers to the key that their client sent: an answer may hold a token, which stands nowhere else.
struct CallSeal: Sendable {
    /// Under which a call is kept; says nothing about the key.
    let name: String
    private let key: SymmetricKey

    /// - Parameters:
    ///   - key: what the client sent.
    ///   - caller: who it is; each has keys of its own.
    init(_ key: String, of caller: String) {
        name = Digest.hex(Data("name\u{0}\(caller)\u{0}\(key)".utf8))
        self.key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: Data(key.utf8)),
            salt: Data(name.utf8),
            info: Data("answer".utf8),
            outputByteCount: 32
        )
    }

    func seal(_ body: Data) throws(Fault) -> String {
        do {
            return try ChaChaPoly.seal(body, using: key).combined.base64EncodedString()
        } catch {
            throw Fault(.io, "an answer can't be sealed: \(error)")
        }
    }

    /// - Throws: ``Fault`` `corrupt`.
    func open(_ sealed: String) throws(Fault) -> Data {
        do {
            let box = try ChaChaPoly.SealedBox(combined: Data(base64Encoded: sealed) ?? Data())
            return try ChaChaPoly.open(box, using: key)
        } catch {
            throw Fault(.corrupt, "the answer that was given for this Idempotency-Key can't be read")
        }
    }
}
