/// What the edge does with a header field, by its name.
package enum FieldKind: UInt8, Sendable {
    /// Passed on untouched.
    case other
    case host
    case connection
    case contentLength
    case transferEncoding
    case upgrade
    case te
    case via
    case server
    case date
    case forwardedFor
    case requestID
    /// Of one hop only, or harmful behind a gateway: never passed on.
    case hop
    /// Says what kind of content it is, and what was done to it.
    case contentType
    case contentEncoding
    /// Which of a client's traces it belongs to.
    case trace
    /// Says where a request should go, by the client.
    case routing
    /// Says the same, by the app instead of an answer.
    case replay
    /// Says something that only the edge may say: a client's copy is dropped.
    case edge
    /// One of the above with underscores, which CGI and WSGI read as hyphens: dropped from requests.
    case disguised

    /// Classifies the name that stands at `range`, in any case.
    package init(_ bytes: [UInt8], _ range: Range<Int>) {
        self = .other
        guard range.count < Self.byLength.count else { return }
        for (name, kind) in Self.byLength[range.count] {
            switch Self.compare(bytes, range, name) {
            case .same: self = kind
            case .disguised: self = .disguised
            case .different: continue
            }
            return
        }
    }

    // MARK: - Private

    private enum Likeness { case same, disguised, different }

    /// `name` is lower case; an underscore in `bytes` counts as a hyphen.
    private static func compare(_ bytes: [UInt8], _ range: Range<Int>, _ name: [UInt8]) -> Likeness {
        var disguised = false
        for offset in 0..<name.count {
            var byte = bytes[range.lowerBound + offset]
            if byte >= 65 && byte <= 90 { byte |= 0x20 }
            if byte == 95 && name[offset] == 45 {
                disguised = true
            } else if byte != name[offset] {
                return .different
            }
        }
        return disguised ? .disguised : .same
    }

    /// > Source: `proxy-dns`, section 12; RFC 9110, 7.6.1; httpoxy.org for `Proxy`.
    private static let byLength: [[(name: [UInt8], kind: FieldKind)]] = {
        let names: [(String, FieldKind)] = [
            ("host", .host), ("connection", .connection), ("content-length", .contentLength),
            ("transfer-encoding", .transferEncoding), ("upgrade", .upgrade), ("te", .te), ("via", .via),
            ("server", .server), ("date", .date), ("x-forwarded-for", .forwardedFor), ("fly-request-id", .requestID),
            ("keep-alive", .hop), ("proxy-connection", .hop), ("proxy-authorization", .hop), ("proxy", .hop),
            ("http2-settings", .hop), ("content-type", .contentType), ("content-encoding", .contentEncoding),
            ("traceparent", .trace),
            ("fly-prefer-region", .routing), ("fly-force-region", .routing), ("fly-prefer-instance-id", .routing),
            ("fly-force-instance-id", .routing), ("fly-replay-cache-control", .routing),
            ("fly-replay", .replay), ("fly-replay-cache", .replay), ("fly-replay-cache-ttl-secs", .replay),
            ("fly-replay-cache-allow-bypass", .replay),
            ("x-forwarded-proto", .edge), ("x-forwarded-port", .edge), ("x-forwarded-ssl", .edge),
            ("fly-client-ip", .edge), ("fly-forwarded-port", .edge), ("fly-forwarded-proto", .edge),
            ("fly-forwarded-ssl", .edge), ("fly-region", .edge),
            ("fly-preferred-instance-unavailable", .edge), ("fly-replay-src", .edge),
            ("fly-replay-cache-status", .edge), ("fly-replay-failed", .edge),
        ]
        var table: [[(name: [UInt8], kind: FieldKind)]] = Array(repeating: [], count: 40)
        for (name, kind) in names { table[name.utf8.count].append((Array(name.utf8), kind)) }
        return table
    }()
}
