/// What an app says instead of an answer: that the edge sends the request elsewhere.
///
/// > Source: `proxy-dns`, sections 10.1 to 10.7; Fly's "Dynamic Request Routing" page.
package struct ReplayOrder: Equatable, Sendable {
    /// Codes or groups of regions, in order of preference; all that is not named is refused.
    package var regions: [String] = []
    package var instance: String?
    package var preferred: String?
    package var app: String?
    /// Handed on to the target as it is.
    package var state: String?
    /// Not to the Machine that says it.
    package var elsewhere = false
    /// How long to try.
    package var timeout: Duration?
    package var fallback: Fallback?
    package var transform = Transform()
    package var cache: Cache?
    /// Forget what was remembered for this request.
    package var invalidates = false

    /// What becomes of a request that can't go where it was sent.
    package enum Fallback: String, Sendable {
        /// Back to the very Machine that said it.
        case forceSelf = "force_self"
        /// That one, or else another of its app.
        case preferSelf = "prefer_self"
    }

    /// What becomes of the request on its way.
    package struct Transform: Equatable, Sendable {
        /// Takes the place of path and query.
        package var path: String?
        package var deleted: [String] = []
        package var set: [Header] = []

        /// A header to set in the request.
        package struct Header: Equatable, Sendable {
            package var name: String
            package var value: String
        }

        package init() {}

        package var isEmpty: Bool { self == Transform() }
    }

    /// To be remembered for requests like this one.
    package struct Cache: Equatable, Sendable {
        /// `/path/*` or `host/path/*`.
        package var pattern: String
        package var seconds: Int
        package var allowsBypass = false

        package init(pattern: String, seconds: Int) {
            self.pattern = pattern
            self.seconds = seconds
        }
    }

    package init() {}

    /// A request may be sent on so often; more is a circle.
    package static let longestChain = 10
    /// Bytes of the JSON form.
    package static let longestBody = 64 * 1024
    /// Seconds for which something is remembered at least.
    package static let shortestMemory = 10
    /// The type of a body that says where the request goes.
    package static let mediaType = "application/vnd.fly.replay+json"

    /// Where it leads.
    package var aim: Aim {
        Aim(regions: regions, isStrict: true, instance: instance, preferred: preferred)
    }

    /// Takes the header form: `region=fra,ams;app=notes`.
    ///
    /// - Throws: ``Fault`` `invalidRequest` saying what can't be read.
    package init(header text: String) throws(Fault) {
        for pair in Self.pairs(text) {
            guard let equals = pair.firstIndex(of: "=") else { throw Self.unreadable("\(pair) has no value") }
            let value = Self.unquoted(pair[pair.index(after: equals)...])
            try take(Self.trimmed(pair[..<equals]).lowercased(), value)
        }
        try check()
    }

    /// Takes the JSON form.
    ///
    /// - Throws: ``Fault`` `invalidRequest` saying what can't be read.
    package init(json bytes: some Collection<UInt8>) throws(Fault) {
        guard let members = try JSONValue.parse(bytes, what: "the replay").object else {
            throw Self.unreadable("it is no object")
        }
        for (name, value) in members where value != .null {
            switch name {
            case "transform": try readTransform(value)
            case "cache":
                if let prefix = value["prefix"]?.string { remember(prefix) }
                if let seconds = value["ttl"]?.int { cache?.seconds = Int(clamping: seconds) }
                if value["allow_bypass"]?.bool == true { cache?.allowsBypass = true }
                invalidates = value["invalidate"]?.bool ?? false
            case "elsewhere": elsewhere = value.bool ?? (value.string == "true")
            case "allow_bypass": continue
            default: if let text = value.string { try take(name, text) }
            }
        }
        if members["allow_bypass"]?.bool == true { cache?.allowsBypass = true }
        try check()
    }

    /// Takes what stands in headers beside it: `fly-replay-cache` and its kin.
    package mutating func takeCache(pattern: String?, seconds: String?, bypass: String?) {
        guard let pattern else { return }
        if pattern.lowercased() == "invalidate" {
            invalidates = true
            return
        }
        remember(pattern)
        if let seconds = seconds.flatMap({ Int($0) }) { cache?.seconds = max(Self.shortestMemory, seconds) }
        cache?.allowsBypass = ["yes", "true", "1"].contains(bypass?.lowercased() ?? "")
    }

    /// What the target is told of its way.
    ///
    /// `microseconds` is the time since 1970.
    package func source(machine: Machine.ID, region: String, microseconds: Int64) -> String {
        let state = state.map { ";state=\($0)" } ?? ""
        return "instance=\(machine);region=\(region);t=\(microseconds)\(state)"
    }

    /// Whether it may be remembered: what depends on the one request may not.
    package var isCacheable: Bool { state == nil && transform.isEmpty && timeout == nil && fallback == nil }

    // MARK: - Private

    private static let words: Set<String> = [
        "region", "instance", "prefer_instance", "app", "state", "elsewhere", "timeout", "fallback",
    ]

    private mutating func remember(_ pattern: String) { cache = Cache(pattern: pattern, seconds: Self.shortestMemory) }

    private mutating func take(_ name: String, _ value: String) throws(Fault) {
        switch name {
        case "region":
            regions = value.split(separator: ",").map { Self.trimmed($0).lowercased() }.filter { !$0.isEmpty }
        case "instance": instance = value
        case "prefer_instance": preferred = value
        case "app": app = value
        case "state": state = value
        case "elsewhere": elsewhere = value == "true"
        case "timeout":
            guard let time = GoDuration.parse(value), time >= .zero else { throw Self.unreadable("timeout=\(value)") }
            timeout = time
        case "fallback":
            guard let known = Fallback(rawValue: value) else { throw Self.unreadable("fallback=\(value)") }
            fallback = known
        default: return
        }
    }

    private mutating func readTransform(_ value: JSONValue) throws(Fault) {
        transform.path = value["path"]?.string
        transform.deleted = (value["delete_headers"]?.array ?? []).compactMap { $0.string?.lowercased() }
        for item in value["set_headers"]?.array ?? [] {
            guard let name = item["name"]?.string, let text = item["value"]?.string, HTTPText.isToken(name),
                HTTPText.isFieldValue(text)
            else { throw Self.unreadable("a header of set_headers") }
            transform.set.append(Transform.Header(name: name, value: text))
        }
        if let path = transform.path, !HTTPText.isTarget(path) { throw Self.unreadable("transform.path") }
    }

    private func check() throws(Fault) {
        if let state, !HTTPText.isFieldValue(state) { throw Self.unreadable("state") }
        let named = instance != nil || preferred != nil || app != nil || !regions.isEmpty || elsewhere
        guard named || invalidates else { throw Self.unreadable("it names no region, instance or app") }
    }

    private static func unreadable(_ what: String) -> Fault {
        Fault(.invalidRequest, "the app's fly-replay can't be read: \(what)")
    }

    /// Parts between semicolons; a comma before one of our words separates too, as some guides write it.
    private static func pairs(_ text: String) -> [Substring] {
        var pairs: [Substring] = []
        var start = text.startIndex
        var isQuoted = false
        for index in text.indices {
            if text[index] == "\"" { isQuoted.toggle() }
            guard !isQuoted, text[index] == ";" || (text[index] == "," && beginsWord(text[text.index(after: index)...]))
            else { continue }
            pairs.append(text[start..<index])
            start = text.index(after: index)
        }
        pairs.append(text[start...])
        return pairs.filter { !trimmed($0).isEmpty }
    }

    private static func beginsWord(_ rest: Substring) -> Bool {
        guard let equals = rest.firstIndex(of: "=") else { return false }
        return words.contains(trimmed(rest[..<equals]).lowercased())
    }

    private static func unquoted(_ text: Substring) -> String {
        let text = trimmed(text)
        guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
        return String(text.dropFirst().dropLast())
    }

    private static func trimmed(_ text: Substring) -> String {
        var rest = text.drop { $0 == " " || $0 == "\t" }
        while let last = rest.last, last == " " || last == "\t" { rest.removeLast() }
        return String(rest)
    }
}
