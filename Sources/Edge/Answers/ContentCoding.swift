/// What the edge can make of a body that the app sends as it is, the best first.
///
/// zstd is left out: Debian 12 has the library, but no browser of its time asks for it.
package enum ContentCoding: String, CaseIterable, Sendable {
    case brotli = "br"
    case gzip

    /// The one for a client, by the values of its `Accept-Encoding` fields; nil when it takes none of them.
    ///
    /// > Source: RFC 9110, section 12.5.3: what is named goes before `*`, a weight of zero is a no.
    package static func choose(_ values: [String]) -> ContentCoding? {
        var weights: [Substring: Double] = [:]
        for member in values.flatMap({ $0.lowercased().split(separator: ",") }) {
            let parts = member.split(separator: ";").map { part in part.filter { $0 != " " && $0 != "\t" } }
            guard let name = parts.first else { continue }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) }
            weights[Substring(name == "x-gzip" ? "gzip" : name)] = weight ?? 1
        }
        let rest = weights["*"] ?? 0
        let offers = allCases.map { (coding: $0, weight: weights[Substring($0.rawValue)] ?? rest) }
        guard let best = offers.map(\.weight).max(), best > 0, best >= weights["identity"] ?? 0 else { return nil }
        return offers.first { $0.weight == best }?.coding
    }

    /// Whether an answer may be changed: of a kind that gets smaller, of a length that is known and worth it, and not
    /// said to stay as it is.
    ///
    /// An answer without a length may be a stream, whose pieces nobody may hold back.
    package static func suits(_ head: ResponseHead) -> Bool {
        guard case .length(let length) = head.framing, length >= shortest, head.status != 206, head.status / 100 != 3
        else { return false }
        var suits = false
        for line in head.fields.lines {
            switch line.kind {
            case .contentEncoding: return false
            case .contentType: suits = shrinks(head.fields.text(line.value))
            case .other:
                guard Characters.equal(head.fields.bytes, line.name, "cache-control") else { continue }
                if head.fields.text(line.value).lowercased().contains("no-transform") { return false }
            default: continue
            }
        }
        return suits
    }

    // MARK: - Private

    /// Shorter ones fit into one packet as they are.
    private static let shortest = 1024

    private static let applications: Set<String> = [
        "json", "javascript", "x-javascript", "ecmascript", "xml", "wasm", "xhtml+xml", "rss+xml", "atom+xml",
        "manifest+json", "ld+json", "problem+json", "geo+json", "graphql", "x-ndjson", "rtf", "vnd.ms-fontobject",
        "x-yaml", "yaml", "toml", "sql",
    ]

    private static func shrinks(_ type: String) -> Bool {
        let name = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " && $0 != "\t" }
        if name == "text/event-stream" { return false }
        if name.hasPrefix("text/") || name == "image/svg+xml" || name == "image/bmp" || name.hasPrefix("font/") {
            return name != "font/woff" && name != "font/woff2"
        }
        guard name.hasPrefix("application/") else { return false }
        let kind = String(name.dropFirst("application/".count))
        return applications.contains(kind) || kind.hasSuffix("+json") || kind.hasSuffix("+xml")
    }
}
