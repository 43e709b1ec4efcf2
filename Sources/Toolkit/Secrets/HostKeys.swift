import Crypto
import Foundation
package import Model

#if canImport(Glibc)
import Glibc
#endif

/// The keys of a host: what secrets are sealed to, and what their digests are made with.
///
/// They lie in a folder of their own, so that a copy of everything else opens nothing: `sealing.json` (the public key in
/// use), `digest.key`, and `host-<id>.key` for each private key that something is still sealed to.
package struct HostKeys: Sendable {
    package let folder: String

    package init(folder: String) {
        self.folder = folder
    }

    /// Makes what is not there yet: a host has its keys before its first secret.
    package func prepare() throws(Fault) {
        try Durable.makeFolder(folder, mode: 0o700)
        if access(digestPath, F_OK) != 0 {
            try Durable.write(Data(Self.base64(SymmetricKey(size: .bits256)).utf8), to: digestPath, mode: 0o600)
        }
        if access(sealingPath, F_OK) != 0 { _ = try makeKey() }
    }

    /// What seals, and can never open.
    package func sealer() throws(Fault) -> SecretSealer {
        let sealing = try JSON.decode(Sealing.self, from: try read(sealingPath), what: sealingPath)
        guard let raw = Data(base64Encoded: sealing.public),
            let key = try? Curve25519.KeyAgreement.PublicKey(rawRepresentation: raw)
        else { throw damaged(sealingPath) }
        guard let digest = Data(base64Encoded: try text(digestPath)), digest.count == 32 else {
            throw damaged(digestPath)
        }
        return SecretSealer(keyID: sealing.key, key: key, digestKey: SymmetricKey(data: digest))
    }

    /// What opens whatever was sealed to a key of this folder.
    package var opener: SecretOpener { SecretOpener(keys: self) }

    /// Makes a new key to which everything is sealed from now on; the old ones stay until `forget`.
    ///
    /// - Returns: its name.
    package func makeKey() throws(Fault) -> String {
        let key = Curve25519.KeyAgreement.PrivateKey()
        let id = String(Digest.hex(key.publicKey.rawRepresentation).prefix(16))
        // The private half first: nothing may be sealed to a key that nobody has.
        try Durable.write(Data(key.rawRepresentation.base64EncodedString().utf8), to: keyPath(id), mode: 0o600)
        let sealing = Sealing(key: id, public: key.publicKey.rawRepresentation.base64EncodedString())
        try Durable.write(try JSON.encode(sealing), to: sealingPath, mode: 0o600)
        return id
    }

    /// Removes all private keys but one.
    package func forget(except kept: String) throws(Fault) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names where name.hasPrefix("host-") && name.hasSuffix(".key") && name != "host-\(kept).key" {
            guard unlink("\(folder)/\(name)") == 0 || errno == ENOENT else {
                throw Durable.fault(errno, "remove", "\(folder)/\(name)")
            }
        }
    }

    /// - Throws: ``Fault`` `corrupt` when there is no such key.
    func privateKey(_ id: String) throws(Fault) -> Curve25519.KeyAgreement.PrivateKey {
        guard id.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }), !id.isEmpty,
            access(keyPath(id), F_OK) == 0
        else {
            throw Fault(
                .corrupt,
                "the key \(id) that secrets are sealed to is not in \(folder)",
                hint: "put the folder of keys back from its backup, or set the secrets again: roost secrets set NAME=…"
            )
        }
        guard let raw = Data(base64Encoded: try text(keyPath(id))),
            let key = try? Curve25519.KeyAgreement.PrivateKey(rawRepresentation: raw)
        else { throw damaged(keyPath(id)) }
        return key
    }

    // MARK: - Private

    private struct Sealing: Codable {
        var key: String
        var `public`: String
    }

    private var sealingPath: String { "\(folder)/sealing.json" }
    private var digestPath: String { "\(folder)/digest.key" }
    private func keyPath(_ id: String) -> String { "\(folder)/host-\(id).key" }

    private func read(_ path: String) throws(Fault) -> Data {
        guard let data = FileManager.default.contents(atPath: path) else { throw Durable.fault(errno, "read", path) }
        return data
    }

    private func text(_ path: String) throws(Fault) -> String { String(decoding: try read(path), as: UTF8.self) }

    private func damaged(_ path: String) -> Fault {
        Fault(.corrupt, "\(path) is damaged; it was left as it is", hint: "put it back from a backup of \(folder)")
    }

    private static func base64(_ key: SymmetricKey) -> String { key.withUnsafeBytes { Data($0).base64EncodedString() } }
}
