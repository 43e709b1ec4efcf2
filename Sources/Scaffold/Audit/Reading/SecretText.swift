import Toolkit

/// Tells secrets from placeholders, by names and by what values look like; never gives a value away.
enum SecretText {
    /// Whether a variable's name says that its value is a secret.
    ///
    /// Names of what is meant to be seen are left out: public keys, a browser's settings, the DSN of Sentry.
    static func isName(_ name: String) -> Bool {
        let upper = name.uppercased()
        let open = ["VITE_", "NEXT_PUBLIC_", "REACT_APP_", "PUBLIC_", "NUXT_PUBLIC_", "EXPO_PUBLIC_", "GATSBY_"]
        guard !open.contains(where: upper.hasPrefix), !upper.contains("PUBLISHABLE"), !upper.contains("SENTRY_DSN")
        else {
            return false
        }
        let calm = [
            "_FILE", "_PATH", "_ARN", "_ID", "_NAME", "_URL", "_URI", "_HOST", "_PORT", "_EXPIRES", "_HEADER",
            "_VERSION",
        ]
        if calm.contains(where: upper.hasSuffix), !upper.hasSuffix("DATABASE_URL"), !upper.hasSuffix("_SECRET_ID") {
            return false
        }
        return EnvironmentNames.isSecret(upper)
    }

    /// Whether a value can be no secret: empty, a variable, a number, a path, or a word that says that it stands for one.
    static func isHarmless(_ value: String) -> Bool {
        let text = ImageWords.trimmed(value)
        guard !text.isEmpty else { return true }
        let lower = text.lowercased()
        if text.contains("$") || text.contains("{{") || (text.contains("<") && text.contains(">"))
            || text.hasPrefix("%") || text.hasPrefix("/")
        {
            return true
        }
        if ["true", "false", "none", "null", "yes", "no", "on", "off"].contains(lower) { return true }
        if lower.allSatisfy({ $0.isNumber || $0 == "." }) && lower.count < 6 { return true }
        return lower.hasPrefix("file:") || lower.hasPrefix("arn:") || lower.hasPrefix("projects/")
            || lower.hasPrefix("vault:")
    }

    /// Whether a value says that it is to be replaced: `changeme`, `dummy`, `your-secret`.
    static func isPlaceholder(_ value: String) -> Bool {
        let lower = value.lowercased()
        let words = [
            "change", "replace", "placeholder", "dummy", "example", "your", "insert", "todo", "fixme", "fake", "test",
            "build",
            "not-used", "notused", "not_used", "unused", "set_me", "setme", "set-me", "xxx", "***", "...", "sample",
            "redacted",
        ]
        return words.contains(where: lower.contains) || Set(lower).count <= 2
    }

    /// Defaults of images and tutorials.
    private static let weak: Set<String> = [
        "postgres", "postgresql", "password", "passwd", "secret", "admin", "root", "guest", "mysql", "redis", "user",
        "app", "rabbitmq", "minioadmin", "mongo", "default", "pass", "supersecret", "secretkey", "secret_key",
        "secret-key",
    ]

    /// Whether a value is no secret to anybody: the default of an image or a tutorial.
    static func isWeak(_ value: String) -> Bool {
        value.count < 6 || weak.contains(value.lowercased()) || value.hasPrefix("12345")
    }

    /// Whether a value begins as the keys of a known service do.
    static func isKnownKey(_ value: String) -> Bool {
        let forms: [(prefix: String, length: Int)] = [
            ("ghp_", 36), ("gho_", 36), ("github_pat_", 40), ("glpat-", 20), ("AKIA", 20), ("ASIA", 20),
            ("sk_live_", 20),
            ("rk_live_", 20), ("xoxb-", 30), ("xoxp-", 30), ("sk-proj-", 40), ("sk-ant-", 40), ("AIza", 35),
            ("SG.", 40),
            ("npm_", 36), ("pypi-", 40), ("hf_", 30), ("dop_v1_", 40), ("shpat_", 30),
        ]
        return forms.contains { value.hasPrefix($0.prefix) && value.count >= $0.length }
            || value.contains("PRIVATE KEY-----")
    }

    /// The password of `scheme://user:password@host`; nil when there is none, or a variable.
    static func password(inURL value: String) -> String? {
        guard let mark = value.firstRange(of: "://") else { return nil }
        let authority = value[mark.upperBound...].prefix { $0 != "/" && $0 != "?" && !$0.isWhitespace }
        guard let at = authority.lastIndex(of: "@") else { return nil }
        let user = authority[..<at]
        guard let colon = user.firstIndex(of: ":") else { return nil }
        let password = user[user.index(after: colon)...]
        return password.isEmpty || password.contains("$") || password.contains("{") || password.contains("<")
            ? nil : String(password)
    }

    /// `NAME=…`, with the value hidden.
    static func masked(_ name: String) -> String { "\(name)=••••" }

    /// A line of a file with the values of secrets and the passwords of addresses hidden, cut at so many characters.
    ///
    /// In Python what is not in quotes is no value but names and calls.
    static func withoutSecrets(_ line: String, limit: Int = 160, isPython: Bool = false) -> String {
        var text = line.count > limit ? line.prefix(limit - 1) + "…" : line
        if let password = password(inURL: text), password.count > 1 {
            text = text.replacing(":\(password)@", with: ":••••@")
        }
        var result = ""
        var rest = text[...]
        while let sign = rest.firstIndex(where: { $0 == "=" || $0 == ":" }) {
            let name = String(
                rest[..<sign].reversed().drop { $0 == " " || $0 == "\"" || $0 == "'" }
                    .prefix { $0.isLetter || $0.isNumber || $0 == "_" }.reversed()
            )
            var head = rest[...sign]
            rest = rest[rest.index(after: sign)...]
            // `token: str = "…"`: the type is none of it.
            let type = rest.prefix { $0.isLetter || $0.isNumber || "_[]., |".contains($0) }
            if head.last == ":", !type.isEmpty, rest.dropFirst(type.count).first == "=" {
                head += type + "="
                rest = rest.dropFirst(type.count + 1)
            }
            result += head
            guard isName(name) else { continue }
            let blanks = rest.prefix { $0 == " " }
            let value = rest.dropFirst(blanks.count).prefix { !$0.isWhitespace && $0 != "," }
            let plain = value.filter { $0 != "\"" && $0 != "'" }
            guard !isHarmless(plain), plain.first != "{", plain.first != "[" else { continue }
            if isPython, let first = value.first, first.isLetter || first == "_",
                value.allSatisfy({ $0 != "\"" && $0 != "'" })
            {
                continue
            }
            result += blanks + "••••"
            rest = rest.dropFirst(blanks.count + value.count)
        }
        return result + rest
    }
}
