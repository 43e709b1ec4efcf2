/// What the name of an environment variable tells.
enum EnvironmentNames {
    /// Whether its value must stay out of files: it is a password, a key, or an address that may hold one.
    static func isSecret(_ name: String) -> Bool {
        let upper = name.uppercased()
        let parts = upper.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        guard let last = parts.last else { return false }
        if calmEndings.contains(last) || upper.contains("PUBLIC_KEY") || upper.hasPrefix("MAX_TOKENS")
            || upper.hasSuffix("MAX_TOKENS")
        {
            return false
        }
        if ["TOKEN_URL", "TOKEN_URI", "TOKENS_URL", "JWKS_URL", "AUTH_URL"].contains(where: upper.hasSuffix) {
            return false
        }
        if parts.contains(where: secretParts.contains) || upper.contains("PASSWORD") || upper.contains("SECRET") {
            return true
        }
        if last == "KEY" || last == "KEYS" || upper.contains("PRIVATE_KEY") || upper.contains("CONNECTION_STRING") {
            return true
        }
        return isAddress(parts, last)
    }

    /// Whether a value is an address that holds a password, or would in production: `redis://cache`.
    static func isAddressOfStore(_ value: String) -> Bool {
        guard let scheme = value.firstRange(of: "://") else { return false }
        if DatabaseURL(value) != nil { return true }
        if ["redis", "rediss", "amqp", "amqps", "pyamqp"].contains(value[..<scheme.lowerBound]) { return true }
        let authority = value[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
        guard let at = authority.lastIndex(of: "@") else { return false }
        return authority[..<at].contains(":")
    }

    /// Variables of the system, which nobody sets for an app.
    static func isSystem(_ name: String) -> Bool {
        system.contains(name)
    }

    /// Variables that are built into a front end.
    static func isOfFrontend(_ name: String) -> Bool {
        ["VITE_", "NEXT_PUBLIC_", "REACT_APP_", "NUXT_", "PLAYWRIGHT_", "EXPO_PUBLIC_", "VUE_APP_"].contains {
            name.hasPrefix($0)
        }
    }

    /// Whether text can be the name of a variable.
    static func isName(_ text: some StringProtocol) -> Bool {
        guard let first = text.first, text.count <= 128, first.isASCII, first.isLetter || first == "_" else {
            return false
        }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
    }

    // MARK: - Private

    /// Last parts of names of what only has to do with a secret.
    private static let calmEndings: Set<String> = [
        "EXPIRE", "EXPIRES", "EXPIRY", "EXPIRATION", "MINUTES", "SECONDS", "HOURS", "DAYS", "TTL", "LENGTH", "SIZE",
        "LIMIT", "ALGORITHM", "ALGO", "ALG", "HEADER", "TYPE", "PREFIX", "SUFFIX", "PATH", "FILE", "DIR", "NAME",
        "ENABLED", "ENABLE", "ROUNDS", "SCHEME", "SCHEMES", "AUDIENCE", "ISSUER", "LIFETIME", "TIMEOUT", "COOKIE",
        "MAX", "MIN", "COUNT", "REGION", "FORMAT", "HOST", "PORT", "USER", "USERNAME", "BYTES", "LEEWAY", "VERSION",
        "MODE", "POLICY",
    ]

    /// Parts of names that say that the value is a secret.
    private static let secretParts: Set<String> = [
        "SECRET", "SECRETS", "PASSWORD", "PASSWD", "PASS", "PWD", "PW", "PASSPHRASE", "TOKEN", "APIKEY", "CREDENTIAL",
        "CREDENTIALS", "DSN", "PEPPER", "SALT", "SECRETKEY", "PRIVATEKEY", "PRIVKEY", "MNEMONIC",
    ]

    /// Variables that the system or a tool sets.
    private static let system: Set<String> = [
        "PATH", "HOME", "PWD", "USER", "LOGNAME", "SHELL", "TERM", "LANG", "LC_ALL", "TMPDIR", "TMP", "TEMP",
        "HOSTNAME", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTEST_CURRENT_TEST",
        "CI", "APPDATA", "LOCALAPPDATA", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME",
        "CONDA_PREFIX", "TZ", "COLUMNS", "PYTEST_VERSION", "PYTEST_XDIST_WORKER", "GITHUB_ACTIONS", "SYSTEMROOT",
        "COMPUTERNAME", "EDITOR", "NO_COLOR",
    ]

    /// Parts of names of addresses that carry a password.
    private static let stores: Set<String> = [
        "DATABASE", "DB", "POSTGRES", "POSTGRESQL", "PG", "MYSQL", "MARIADB", "MONGO", "MONGODB", "SQLALCHEMY", "SQL",
        "REDIS", "BROKER", "AMQP", "RABBITMQ", "RABBIT", "CELERY", "NEON", "CLOUDAMQP", "REDISCLOUD", "MSSQL",
        "ORACLE", "ELASTICSEARCH", "WEBHOOK",
    ]

    /// Addresses of databases and brokers carry passwords.
    private static func isAddress(_ parts: [String], _ last: String) -> Bool {
        guard ["URL", "URI", "URLS", "CONNECTION"].contains(last) else { return false }
        return parts.contains(where: stores.contains)
    }
}
