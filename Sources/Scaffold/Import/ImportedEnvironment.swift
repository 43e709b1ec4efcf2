import Model

/// The variables of an app: values that may be seen, and the names of all others.
struct ImportedEnvironment {
    private(set) var values: [String: String] = [:]
    private var secrets: Set<String> = []
    private var unknown: Set<String> = []
    private(set) var notes: [String] = []
    /// Hosts that do not come along, such as `db`: an address of one is worth nothing elsewhere.
    var lostHosts: Set<String> = []

    init() {}

    /// What the user has to set, secrets first.
    var needed: [String] {
        secrets.sorted().map { "\($0) (secret)" } + unknown.subtracting(secrets).subtracting(values.keys).sorted()
    }

    /// A variable with its value; a secret's is dropped here.
    mutating func set(_ name: String, _ value: String) {
        guard isUsable(name) else { return }
        if Self.isSecret(name, value) {
            secrets.insert(name)
            return
        }
        if let host = Self.host(of: value), lostHosts.contains(host) {
            unknown.insert(name)
            notes.append("\(name) named \(host), which does not come along: set it to where that will be")
            return
        }
        if let known = values[name], known != value {
            notes.append(
                "\(name) has several values; \(ConfigNode.quoted(known)) is kept, as all groups share one [env]"
            )
            return
        }
        values[name] = value
    }

    /// A variable whose value is elsewhere.
    mutating func need(_ name: String, isSecret: Bool = false) {
        guard isUsable(name) else { return }
        if isSecret || Self.isSecret(name, "") { secrets.insert(name) } else { unknown.insert(name) }
    }

    /// Whether text under this name should not be seen.
    static func isSecret(_ name: String, _ value: String) -> Bool {
        let upper = name.uppercased()
        let words = [
            "SECRET", "PASSWORD", "PASSWD", "TOKEN", "PRIVATE", "CREDENTIAL", "API_KEY", "APIKEY", "ACCESS_KEY", "DSN",
        ]
        if words.contains(where: { upper.contains($0) }) || upper.hasSuffix("_KEY") || upper == "DATABASE_URL" {
            return true
        }
        return value.firstMatch(of: /:\/\/[^\/@\s]*:[^\/@\s]+@/) != nil
    }

    // MARK: - Private

    private mutating func isUsable(_ name: String) -> Bool {
        if Quoting.isVariableName(name) { return true }
        notes.append("the variable \(ConfigNode.quoted(name)) is left out: its name is none that a shell takes")
        return false
    }

    /// The host of an address: `db` of `http://db:9200/x` and of `db:6379`.
    private static func host(of value: String) -> String? {
        let rest = value.firstMatch(of: /^[a-z][a-z0-9+.\-]*:\/\//).map { value[$0.range.upperBound...] } ?? value[...]
        let host = rest.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" || $0 == "." }
        return host.isEmpty ? nil : String(host)
    }
}
