/// A token of the API as it is stored: what it opens, never the token itself.
package struct APIToken: Equatable, Sendable {
    /// Names it in lists; also its first part.
    package var id: String
    package var name: String
    /// SHA-256 of the whole token, 64 hex digits.
    package var hash: String
    package var scope: TokenScope
    package var createdAt: Timestamp
    package var createdBy: String
    package var expiresAt: Timestamp
    /// To the minute.
    package var lastUsedAt: Timestamp?
    package var revokedAt: Timestamp?

    package init(
        id: String,
        name: String,
        hash: String,
        scope: TokenScope,
        created: (at: Timestamp, by: String),
        expiresAt: Timestamp
    ) {
        self.id = id
        self.name = name
        self.hash = hash
        self.scope = scope
        createdAt = created.at
        createdBy = created.by
        self.expiresAt = expiresAt
    }

    /// The first part of every token; not one of Fly's, so that clients send it as `Bearer`.
    package static let prefix = "rst"
    /// How long a token is good whose maker named no time.
    package static let defaultLife = Duration.seconds(365 * 86_400)
    /// As Fly's own: twenty years.
    package static let maximumLife = Duration.seconds(20 * 365 * 86_400)

    /// Whether it opens anything at that time.
    package func isGood(at now: Timestamp) -> Bool { revokedAt == nil && expiresAt > now }

    /// The text that a client shows.
    package static func text(id: String, secret: String) -> String { "\(prefix)_\(id)_\(secret)" }

    /// The ID in a token's text; nil when it is none of ours.
    package static func id(in text: some StringProtocol) -> String? {
        let parts = text.split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == prefix, parts[1].utf8.count == 12, parts[2].utf8.count >= 40 else {
            return nil
        }
        return String(parts[1])
    }

    /// The tokens of an `Authorization` header, `Bearer a,b` or `FlyV1 a,b`.
    package static func tokens(inHeader header: String) -> [String] {
        // Prometheus sends a token without a word before it where its file names no type.
        guard let space = header.firstIndex(of: " ") else { return id(in: header) == nil ? [] : [header] }
        guard ["bearer", "flyv1"].contains(header[..<space].lowercased()) else { return [] }
        return header[space...].split(separator: ",").prefix(8).map {
            String($0.drop { $0.isWhitespace }.prefix { !$0.isWhitespace })
        }.filter { !$0.isEmpty }
    }

    /// As lists show it.
    package var wire: JSONValue {
        .members([
            ("id", .string(id)), ("name", .string(name)), ("scope", .string(scope.word)),
            ("app", scope.app.map { .string($0) }), ("machine", machine.map { .string($0) }),
            ("created_at", .string(createdAt.rfc3339)), ("created_by", .string(createdBy)),
            ("expires_at", .string(expiresAt.rfc3339)), ("last_used_at", lastUsedAt.map { .string($0.rfc3339) }),
            ("revoked_at", revokedAt.map { .string($0.rfc3339) }),
        ])
    }

    private var machine: String? {
        if case .exec(_, let machine) = scope { machine.text } else { nil }
    }
}

extension APIToken: KeyedForm {
    package static var blank: APIToken {
        let zero = Timestamp(milliseconds: 0)
        return APIToken(id: "", name: "", hash: "", scope: .unknown(""), created: (zero, ""), expiresAt: zero)
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("id", &id)
        try form.field("name", &name)
        try form.need("hash", &hash)
        try form.need("scope", &scope)
        try form.field("createdAt", &createdAt)
        try form.field("createdBy", &createdBy)
        try form.need("expiresAt", &expiresAt)
        try form.field("lastUsedAt", &lastUsedAt)
        try form.field("revokedAt", &revokedAt)
    }
}
