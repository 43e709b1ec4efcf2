import Crypto
import Foundation
import Model
package import Store
import Toolkit

/// Tokens of the API: made, listed, revoked, and looked up for every request.
package struct Tokens: Sendable {
    let store: any StateStore

    package init(store: any StateStore) {
        self.store = store
    }

    /// What somebody wants a token for.
    struct Order: Sendable {
        var name: String
        var scope: TokenScope
        var life: Duration
        var by: String
    }

    /// Makes a token; its text is shown this once and stored nowhere.
    ///
    /// - Throws: ``Fault`` `invalidRequest` for a name or a life that can't be.
    func create(_ order: Order) async throws -> (text: String, token: APIToken) {
        let printable = order.name.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
        guard printable, (1...100).contains(order.name.utf8.count) else {
            throw Fault(.invalidRequest, "name: a token's name has 1 to 100 printable characters")
        }
        guard order.life > .zero, order.life <= APIToken.maximumLife else {
            throw Fault(.invalidRequest, "expiry: expected a time up to 20 years, found \(GoDuration(order.life).text)")
        }
        let id = CallSeed.current?.token ?? Self.random(bytes: 6, hex: true)
        let text = APIToken.text(id: id, secret: Self.random(bytes: 32, hex: false))
        let now = Timestamp.now()
        let token = APIToken(
            id: id,
            name: order.name,
            hash: Digest.hex(Data(text.utf8)),
            scope: order.scope,
            created: (now, order.by),
            expiresAt: now.advanced(by: order.life)
        )
        // One that an earlier try of the same call has made was shown to nobody: this takes its place.
        try await store.tokens.put(id, token, expected: CallSeed.current?.isAgain == true ? nil : 0)
        return (text, token)
    }

    func list() async throws -> [APIToken] {
        try await store.tokens.list { _, _ in }.sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    }

    /// Holds from the next request on.
    func revoke(_ id: String) async throws -> APIToken {
        let missing = Fault(.tokenNotFound, "token not found: \(id)", hint: "roost tokens list shows those there are")
        guard id.utf8.count == 12, id.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            throw missing
        }
        return try await store.tokens.update(id, missing: missing) { $0.revokedAt = $0.revokedAt ?? .now() }
    }

    /// The tokens among some texts that are ours, not revoked and not over.
    func good(_ texts: [String]) async throws -> [APIToken] {
        var found: [APIToken] = []
        let now = Timestamp.now()
        for text in texts {
            guard let id = APIToken.id(in: text), id.utf8.allSatisfy({ $0 != UInt8(ascii: "/") }),
                let token = try await store.tokens.get(id)?.value
            else { continue }
            if Self.same(Digest.hex(Data(text.utf8)), token.hash), token.isGood(at: now) { found.append(token) }
        }
        return found
    }

    /// Notes that a token was used, once a minute.
    func used(_ token: APIToken) async {
        let now = Timestamp.now()
        if let last = token.lastUsedAt, now.since(last) < .seconds(60), now >= last { return }
        // A note that is lost costs nothing; a token that was just removed must not come back.
        _ = try? await store.tokens.update(token.id, missing: Fault(.tokenNotFound, "gone")) { $0.lastUsedAt = now }
    }

    // MARK: - Private

    /// Takes as long wherever two texts differ.
    private static func same(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    private static func random(bytes count: Int, hex: Bool) -> String {
        let bytes = SymmetricKey(size: .init(bitCount: count * 8)).withUnsafeBytes { Array($0) }
        if hex { return bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }
        return Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
            .replacing("=", with: "")
    }
}
