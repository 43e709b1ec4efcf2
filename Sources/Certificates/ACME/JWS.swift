import Crypto
import Foundation

/// Requests signed with an account's key, as RFC 7515 and RFC 8555, section 6.2, want them.
struct JWS: Sendable {
    private let key: P256.Signing.PrivateKey

    init(key: P256.Signing.PrivateKey) { self.key = key }

    /// Who signs: a key that the server does not know yet, or an account.
    enum Signer {
        case key
        case account(String)
    }

    private struct Body: Encodable {
        var protected: String
        var payload: String
        var signature: String
    }

    private struct Header: Encodable {
        var alg = "ES256"
        var nonce: String
        var url: String
        var kid: String?
        var jwk: PublicKey?
    }

    /// In the order of the alphabet, and without blanks: the thumbprint is a digest of just this text.
    private struct PublicKey: Encodable {
        var crv = "P-256"
        var kty = "EC"
        var x: String
        var y: String
    }

    /// Signs a request to `url`; `payload` is nil for one that only reads.
    func sign(_ payload: Data?, url: String, nonce: String, as signer: Signer) throws -> Data {
        var header = Header(nonce: nonce, url: url)
        switch signer {
        case .key: header.jwk = publicKey
        case .account(let url): header.kid = url
        }
        let head = Self.base64URL(try Self.encode(header))
        let body = payload.map(Self.base64URL) ?? ""
        let signature = try key.signature(for: Data("\(head).\(body)".utf8)).rawRepresentation
        return try Self.encode(Body(protected: head, payload: body, signature: Self.base64URL(signature)))
    }

    /// What proves to the authority that whoever answers holds the account's key.
    ///
    /// > Source: RFC 8555, section 8.1; RFC 7638.
    func answer(to token: String) throws -> String {
        "\(token).\(Self.base64URL(Data(SHA256.hash(data: try Self.encode(publicKey)))))"
    }

    /// > Source: RFC 4648, section 5, without padding.
    static func base64URL(_ data: Data) -> String {
        data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    // MARK: - Private

    private var publicKey: PublicKey {
        let point = key.publicKey.rawRepresentation
        return PublicKey(x: Self.base64URL(point.prefix(32)), y: Self.base64URL(point.suffix(32)))
    }

    private static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(value)
    }
}
