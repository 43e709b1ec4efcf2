#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Tells whether a constant in code is a secret, and shows it without giving it away.
enum LiteralSecret {
    /// Whether a variable of this name holds a secret; names in any style.
    static func isName(_ name: String) -> Bool {
        let snake = snaked(name.split(separator: ".").last.map(String.init) ?? name)
        let parts = snake.split(separator: "_").map(String.init)
        guard let last = parts.last, snake.count >= 3 else { return false }
        let singular = parts.filter { $0.hasSuffix("S") }.map { String($0.dropLast()) }
        if !calm.isDisjoint(with: parts + singular) || parts.first == "TEST" || parts.first == "FAKE"
            || parts.first == "MOCK"
        {
            return false
        }
        if last == "KEY" || last == "KEYS" { return isKey(parts) }
        return SecretText.isName(snake)
    }

    /// Whether who knows the value can forge what the app signs, or use a paid or private service in its name.
    static func signs(_ name: String) -> Bool {
        let parts = snaked(name.split(separator: ".").last.map(String.init) ?? name).split(separator: "_").map(
            String.init
        )
        return !Set(parts).isDisjoint(with: ["SECRET", "SECRETKEY", "KEY", "PEPPER"])
    }

    /// Whether a value under such a name is a secret in earnest, not a word, a placeholder or a pattern.
    static func isValue(_ value: String, name: String) -> Bool {
        guard value.count >= 6, value.count <= 400, !value.contains(where: \.isWhitespace) else { return false }
        if SecretText.isKnownKey(value) { return true }
        guard !SecretText.isHarmless(value), !SecretText.isPlaceholder(value), !value.contains("://") else {
            return false
        }
        let letters = value.lowercased().filter(\.isLetter)
        let own = name.lowercased().filter(\.isLetter)
        // `API_KEY = "api_key"`, `TOKEN = "access_token"`: names of fields.
        if own.contains(letters) && !letters.isEmpty
            || letters.contains(own) && letters.count < own.count + 8 && !signs(name)
        {
            return false
        }
        if value.contains("{") || value.contains("%") || value.contains("*") || value.hasPrefix(".") { return false }
        let hasDigit = value.contains(where: \.isNumber)
        if !hasDigit {
            return signs(name) && value.count >= 8 && isPlainWord(value) == false
                || signs(name) && letters.contains("secret")
        }
        return entropy(value) >= 2.5
    }

    /// The bits that a character of some text carries.
    static func entropy(_ text: String) -> Double {
        var counts: [Character: Int] = [:]
        for character in text { counts[character, default: 0] += 1 }
        let total = Double(text.count)
        return counts.values.reduce(0) { sum, count in
            let share = Double(count) / total
            return sum - share * log2(share)
        }
    }

    /// A value of which only the beginning is told, and of a short one nothing.
    static func masked(_ value: String) -> String {
        value.count >= 12 ? value.prefix(3) + "•••" : "•••"
    }

    /// A source line with a secret taken out of it: what stands before it, and the mask.
    static func masked(_ value: String, in line: String) -> String {
        // A line that was cut before the value ends still shows how it begins.
        for count in [value.count, 40, 24, 12, 6] where count <= value.count {
            let starts = line.ranges(of: value.prefix(count)).map(\.lowerBound)
            guard let start = starts.first(where: { isOpened(line, $0) }) else { continue }
            let shown = line[..<start] + masked(value)
            return value.count > 8 && shown.contains(value) ? masked(value) : String(shown)
        }
        return masked(value)
    }

    // MARK: - Private

    /// Whether a quote, an equals sign or a sign of an address stands right before a place.
    private static func isOpened(_ line: String, _ place: String.Index) -> Bool {
        place > line.startIndex && "\"'`:=@/".contains(line[line.index(before: place)])
    }

    /// Parts of names of what only has to do with secrets.
    private static let calm: Set<String> = [
        "FIELD", "PARAM", "PARAMETER", "PATTERN", "REGEX", "LABEL", "MESSAGE", "MSG", "ERROR", "HELP", "DESCRIPTION",
        "COLUMN",
        "TABLE", "TAG", "SCOPE", "QUERY", "COOKIE", "TEMPLATE", "TITLE", "PROMPT", "CACHE", "SORT", "PRIMARY",
        "FOREIGN",
        "PARTITION", "STORAGE", "TYPE", "NAME", "URL", "URI", "PATH", "ENDPOINT", "ROUTE", "HEADER", "EVENT", "STATUS",
        "ACTION",
        "PERMISSION", "KIND", "GRANT", "CLAIM", "ATTRIBUTE", "PUBLIC", "EXPIRE", "EXPIRES", "ALGORITHM", "PREFIX",
        "SUFFIX",
        "HASH", "HASHED", "ENV", "VAR", "VARIABLE", "FORMAT", "CHARS", "CHARACTERS", "SEPARATOR", "TOPIC", "CHANNEL",
        "QUEUE",
        "EXAMPLE", "INVALID", "WRONG", "EXPECTED", "DUMMY", "SCHEMA", "MODEL", "TEXT", "PLACEHOLDER", "HINT", "VERSION",
        "SITE",
        "DEV", "DEVELOPMENT", "LOCAL", "OPERATION", "SUBJECT", "ISSUER", "AUDIENCE", "ID", "ADDRESS", "SYMBOL", "LNURL",
    ]

    /// What stands before `KEY` in the name of a secret.
    private static let keyKinds: Set<String> = [
        "SECRET", "API", "APIKEY", "PRIVATE", "ACCESS", "ENCRYPTION", "ENCRYPT", "SIGNING", "SIGNATURE", "JWT",
        "AUTH", "MASTER", "FERNET", "SECRETKEY", "SESSION", "HMAC", "LICENSE", "SERVICE", "TOKEN", "CRYPTO", "AES",
        "OPENAI", "STRIPE",
    ]

    private static func isKey(_ parts: [String]) -> Bool {
        !keyKinds.isDisjoint(with: parts)
    }

    /// `jwtSecret` and `JWT-secret` as `JWT_SECRET`.
    private static func snaked(_ name: String) -> String {
        var result = ""
        var wasLower = false
        for character in name {
            if !character.isLetter && !character.isNumber {
                result.append("_")
                wasLower = false
                continue
            }
            if character.isUppercase, wasLower { result.append("_") }
            wasLower = character.isLowercase || character.isNumber
            result.append(contentsOf: character.uppercased())
        }
        return result
    }

    /// A name as code has it: lower-case words with `_` or `-` between them, or a dotted path.
    private static func isPlainWord(_ value: String) -> Bool {
        value.allSatisfy { $0.isLowercase || $0 == "_" || $0 == "." || $0 == "-" }
            || value.allSatisfy { $0.isUppercase || $0 == "_" || $0 == "-" }
            || value.first?.isUppercase == true
                && value.dropFirst().allSatisfy { $0.isLowercase || $0 == "-" || $0.isUppercase }
    }
}
