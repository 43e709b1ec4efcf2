/// How much one client may ask of an app: a bucket of tokens for each, which fills up as time goes by.
package struct RateLimit: Equatable, Sendable {
    /// Requests in each ``per``.
    package var requests: Int
    package var per: GoDuration
    /// Requests at once, by one who was quiet before; nil is as many as ``requests``.
    package var burst: Int?
    /// The header that tells clients apart; nil is their address, of IPv6 the /64.
    package var header: String?
    /// Paths that don't count, with all below them.
    package var exempt: [String]

    package init(
        requests: Int,
        per: GoDuration = "1s",
        burst: Int? = nil,
        header: String? = nil,
        exempt: [String] = Self.health
    ) {
        self.requests = requests
        self.per = per
        self.burst = burst
        self.header = header
        self.exempt = exempt
    }

    /// What a load balancer asks is nobody's request.
    package static let health = ["/health"]

    /// The most that a client may have in store.
    package var capacity: Int { max(1, burst ?? requests) }

    /// Whether a path, without its query, is left out.
    package func isExempt(_ path: String) -> Bool {
        exempt.contains { path == $0 || path.hasPrefix($0.hasSuffix("/") ? $0 : "\($0)/") }
    }
}

/// What is left of one client's share; the time comes from whoever asks.
package struct TokenBucket: Equatable, Sendable {
    /// Tokens at ``since``.
    package private(set) var level: Double
    /// Nanoseconds of the asker's clock.
    package private(set) var since: UInt64

    /// A full one.
    package init(_ limit: RateLimit, at now: UInt64) {
        level = Double(limit.capacity)
        since = now
    }

    /// Takes a token if there is one.
    ///
    /// - Returns: nil when it was there; else how long to wait for the next.
    package mutating func take(_ limit: RateLimit, at now: UInt64) -> Duration? {
        let rate = Self.rate(limit)
        level = min(Double(limit.capacity), level + Double(now &- since) * rate)
        since = now
        guard level < 1 else {
            level -= 1
            return nil
        }
        return .nanoseconds(Int64((1 - level) / rate))
    }

    /// Nothing is known any more of one that has filled up again.
    package func isFull(_ limit: RateLimit, at now: UInt64) -> Bool {
        level + Double(now &- since) * Self.rate(limit) >= Double(limit.capacity)
    }

    /// Tokens a nanosecond.
    private static func rate(_ limit: RateLimit) -> Double {
        let (seconds, attoseconds) = limit.per.duration.components
        return Double(limit.requests) / max(1, Double(seconds) * 1e9 + Double(attoseconds) / 1e9)
    }
}

extension RateLimit: KeyedForm {
    package static var blank: Self { Self(requests: 1) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("requests", &requests)
        try form.field("per", &per)
        try form.field("burst", &burst)
        try form.field("header", &header)
        try form.field("exempt", &exempt)
    }
}

extension AppConfigReader {
    /// `rate_limit` of a service.
    func readRateLimit(_ table: ConfigTable) -> RateLimit? {
        guard let table = table.table("rate_limit") else { return nil }
        let requests = table.required("requests", expected: "an integer from 1 up") { key in
            table.integer(key, in: 1...1_000_000)
        }
        var limit = RateLimit(requests: requests ?? 1)
        if let (field, per) = table.duration("per", bare: .seconds) {
            if per >= .milliseconds(1) {
                limit.per = GoDuration(per)
            } else {
                report.mismatch(field, expected: "a duration of 1ms or more")
            }
        }
        limit.burst = table.integer("burst", in: 1...1_000_000)
        if let field = table.take("key") {
            switch field.node.value {
            case .string("ip"): break
            case .string(let text) where text.hasPrefix("header:") && HTTPText.isToken(String(text.dropFirst(7))):
                limit.header = text.dropFirst(7).lowercased()
            default: report.mismatch(field, expected: "\"ip\", or \"header:\" and the name of a header")
            }
        }
        if let field = table.take("exempt"), let paths = table.strings(field) {
            for element in field.elements ?? [] {
                if case .string(let path) = element.node.value, path.hasPrefix("/") { continue }
                report.mismatch(element, expected: "a path such as \"/health\"")
            }
            limit.exempt = paths
        }
        table.close()
        return requests == nil ? nil : limit
    }
}

extension AppConfigWriter {
    func rateLimit(_ limit: RateLimit) -> ConfigNode.Value {
        var table = ConfigEntries(style)
        table.add("requests", limit.requests)
        table.add("per", .string(limit.per.text), unless: .string(RateLimit(requests: 1).per.text))
        table.add("burst", limit.burst)
        table.add("key", limit.header.map { "header:\($0)" })
        if limit.exempt != RateLimit.health { table.addAny("exempt", limit.exempt) }
        return table.value
    }
}
