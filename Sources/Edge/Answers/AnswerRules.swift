package import Model

/// How the answers of an app are changed on their way, made ready once for a route.
package final class AnswerRules: Sendable {
    /// None of the edge's own fields is added, and none of the app's is taken away for them.
    package let isPristine: Bool
    package let compresses: Bool
    /// Whole lines that are added, whatever the app says.
    package let added: [UInt8]

    /// Nil when all goes on as it comes.
    package init?(_ options: AppConfig.HTTPOptions?) {
        guard let options else { return nil }
        isPristine = options.pristine ?? false
        compresses = options.compress ?? false
        var added: [UInt8] = []
        var dropped: Set<[UInt8]> = []
        for (name, rule) in (options.headers ?? [:]).sorted(by: { $0.key < $1.key }) where Self.isOpen(name) {
            switch rule {
            case .remove: dropped.insert(Self.key(name))
            case .set(let text):
                dropped.insert(Self.key(name))
                added += Array("\(name): \(text)\r\n".utf8)
            case .add(let texts): for text in texts { added += Array("\(name): \(text)\r\n".utf8) }
            case .unknown: continue
            }
        }
        self.added = added
        self.dropped = dropped
        usual = options.securityHeaders == .strict ? Self.strict.filter { !dropped.contains(Self.key($0.name)) } : []
        guard isPristine || compresses || !added.isEmpty || !dropped.isEmpty || !usual.isEmpty else { return nil }
    }

    /// Whether a field goes no further.
    package func drops(_ name: some Sequence<UInt8>) -> Bool {
        !dropped.isEmpty && dropped.contains(name.map(Characters.lowered))
    }

    /// Lines that are added where the app has none of that name; `secure` where the client came over TLS.
    package func missing(in fields: Fields, secure: Bool) -> [UInt8] {
        var lines: [UInt8] = []
        for one in usual where secure || !one.needsTLS {
            let key = Self.key(one.name)
            if fields.lines.contains(where: { fields.bytes[$0.name].map(Characters.lowered) == key }) { continue }
            lines += Array("\(one.name): \(one.value)\r\n".utf8)
        }
        return lines
    }

    // MARK: - Private

    private struct Usual {
        var name: String
        var value: String
        var needsTLS = false
    }

    /// > Source: OWASP, "HTTP Security Response Headers Cheat Sheet"; RFC 6797, section 7.2 for the one that needs TLS.
    private static let strict = [
        Usual(name: "Strict-Transport-Security", value: "max-age=31536000; includeSubDomains", needsTLS: true),
        Usual(name: "X-Content-Type-Options", value: "nosniff"), Usual(name: "X-Frame-Options", value: "DENY"),
        Usual(name: "Referrer-Policy", value: "strict-origin-when-cross-origin"),
    ]

    private let dropped: Set<[UInt8]>
    private let usual: [Usual]

    private static func key(_ name: String) -> [UInt8] { name.utf8.map(Characters.lowered) }

    /// What frames a message or is of one hop only is not for a configuration to change.
    private static func isOpen(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        switch FieldKind(bytes, 0..<bytes.count) {
        case .contentLength, .transferEncoding, .connection, .upgrade, .hop, .te, .host, .disguised: return false
        default: return true
        }
    }
}
