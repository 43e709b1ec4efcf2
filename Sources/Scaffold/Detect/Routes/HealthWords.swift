/// What paths and names say about health and about who may ask.
enum HealthWords {
    enum Meaning: Equatable {
        case live, ready, either
        /// A word that is as often something of the app's own business: `status`.
        case weak
    }

    /// What a path's last part says; nil when it says nothing about health.
    static func meaning(of path: String) -> Meaning? {
        let parts = path.split(separator: "/").map(String.init)
        guard let last = parts.last else { return nil }
        let word = plain(last)
        let above = parts.dropLast().map { $0.lowercased() }
        if word == "live" {
            // Alone it is as often about streams and matches.
            let isAsked =
                above.last.map { either.contains(plain($0)) || ["probe", "probes", "k8s"].contains(plain($0)) } ?? false
            return isAsked ? .live : isGeneral(above) ? .weak : nil
        }
        if live.contains(word) { return .live }
        if ready.contains(word) { return .ready }
        if either.contains(word) { return .either }
        if weak.contains(word) { return isGeneral(above) ? .weak : nil }
        return nil
    }

    /// Whether a name of a dependency or a decorator lets only some callers in.
    static func guards(_ name: String) -> Bool {
        let last = name.split(separator: ".").last.map(String.init) ?? name
        let words = words(of: last)
        let all = Set(words)
        if all.contains("optional") || all.contains("maybe") { return false }
        if !all.isDisjoint(with: doors) { return true }
        let people: Set<String> = ["user", "account", "admin", "member", "principal", "role", "roles"]
        let acts: Set<String> = [
            "current", "check", "require", "required", "requires", "verify", "active", "valid", "only", "has",
            "checker", "guard",
        ]
        if !all.isDisjoint(with: people), !all.isDisjoint(with: acts) { return true }
        if all.contains("key"), all.contains("api") || all.contains("access") { return true }
        if all.contains("token"),
            !all.isDisjoint(with: ["verify", "check", "validate", "require", "decode", "get", "valid"])
        {
            return true
        }
        return people.contains(words.last ?? "") && (all.contains("get") || all.contains("is"))
    }

    /// The words of a name: `getCurrentUser`, `HTTPBearer`, `check_api_key`.
    static func words(of name: String) -> [String] {
        var words: [String] = []
        var word = ""
        let characters = Array(name)
        for (index, character) in characters.enumerated() {
            guard character.isLetter || character.isNumber else {
                if !word.isEmpty { words.append(word.lowercased()) }
                word = ""
                continue
            }
            let before = index > 0 ? characters[index - 1] : "_"
            let after = index + 1 < characters.count ? characters[index + 1] : "_"
            let begins =
                character.isUppercase
                && (before.isLowercase || before.isNumber || after.isLowercase && before.isUppercase)
            if begins, !word.isEmpty {
                words.append(word.lowercased())
                word = ""
            }
            word.append(character)
        }
        if !word.isEmpty { words.append(word.lowercased()) }
        return words
    }

    // MARK: - Private

    private static let live: Set<String> = [
        "livez", "liveness", "alive", "isalive", "livenessprobe", "livecheck", "lbheartbeat", "livenesscheck",
    ]
    private static let ready: Set<String> = [
        "ready", "readyz", "readiness", "isready", "readinessprobe", "readycheck", "readinesscheck",
    ]
    private static let either: Set<String> = [
        "health", "healthz", "healthcheck", "healthcheckz", "healthchecks", "healthy", "ishealthy", "healthstatus",
        "healthprobe",
        "heartbeat", "ping", "checkhealth", "gethealth", "apihealth", "serverhealth", "probe",
    ]
    private static let weak: Set<String> = ["status", "up"]

    private static let doors: Set<String> = [
        "auth", "authenticate", "authenticated", "authentication", "authenticator", "authorize", "authorized",
        "authorization",
        "authorizer", "jwt", "oauth2", "bearer", "login", "logged", "permission", "permissions", "superuser", "apikey",
        "credentials", "protected", "signin", "rbac",
    ]

    /// Above a weak word only parts that name no thing of the app's business may stand.
    private static func isGeneral(_ parts: [String]) -> Bool {
        parts.allSatisfy { part in
            general.contains(part) || part.first == "v" && part.dropFirst().allSatisfy { $0.isNumber || $0 == "." }
        }
    }

    private static let general: Set<String> = [
        "api", "rest", "system", "monitoring", "monitor", "utils", "util", "core", "common", "internal", "health",
        "healthcheck",
        "healthz", "misc", "general", "meta", "info", "server", "app", "service", "public", "probe", "probes", "check",
        "checks", "management", "actuator", "base", "root", "main", "default", "backend", "_", "__", "status",
        "diagnostics",
    ]

    private static func plain(_ part: String) -> String {
        String(part.lowercased().filter { $0.isLetter || $0.isNumber })
    }
}
