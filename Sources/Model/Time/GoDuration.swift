/// A duration that travels as Go writes it (`1m30s`), the form of `fly.toml` and of the Machines API.
///
/// Reading also takes a bare number, which is nanoseconds there.
package struct GoDuration: Codable, Hashable, Sendable, ExpressibleByStringLiteral {
    package var duration: Duration

    package init(_ duration: Duration) {
        self.duration = duration
    }

    /// For literals in code and tests only; an unreadable one is a programmer's error.
    package init(stringLiteral text: String) {
        guard let parsed = Self.parse(text) else { preconditionFailure("not a Go duration: \(text)") }
        duration = parsed
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let nanoseconds = try? container.decode(Int64.self) {
            duration = .nanoseconds(nanoseconds)
            return
        }
        let text = try container.decode(String.self)
        guard let parsed = Self.parse(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\"\(text)\" is not a duration")
        }
        duration = parsed
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }

    /// Reads Go's grammar: an optional sign, then `<decimal><unit>` one or more times, or `0`.
    ///
    /// > Source: Go standard library, `time.ParseDuration`.
    package static func parse(_ text: String) -> Duration? {
        var rest = Substring(text)
        var sign = 1.0
        if rest.first == "-" || rest.first == "+" { sign = rest.removeFirst() == "-" ? -1 : 1 }
        if rest == "0" { return .zero }
        if rest.isEmpty { return nil }
        // Go counts nanoseconds in 64 bits, and refuses what does not fit.
        let limit = 9.2e18
        var total = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            guard number.contains(where: \.isNumber), let value = Double(number.hasSuffix(".") ? number + "0" : number)
            else { return nil }
            rest = rest.dropFirst(number.count)
            guard let unit = units.first(where: { rest.hasPrefix($0.name) }) else { return nil }
            rest = rest.dropFirst(unit.name.count)
            total += value * unit.nanoseconds
            guard total <= limit else { return nil }
        }
        return .nanoseconds(Int64(sign * total))
    }

    /// As Go prints it: `1h0m0s`, `2m30s`, `1.5s`, `250ms`, `0s`.
    package var text: String {
        let nanoseconds = duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000
        guard nanoseconds != 0 else { return "0s" }
        let sign = nanoseconds < 0 ? "-" : ""
        let magnitude = abs(nanoseconds)
        if magnitude < 1000 { return "\(sign)\(magnitude)ns" }
        if magnitude < 1_000_000 { return "\(sign)\(Self.decimal(magnitude, per: 1000))µs" }
        if magnitude < 1_000_000_000 { return "\(sign)\(Self.decimal(magnitude, per: 1_000_000))ms" }
        let hours = magnitude / 3_600_000_000_000
        let minutes = magnitude / 60_000_000_000 % 60
        let seconds = Self.decimal(magnitude % 60_000_000_000, per: 1_000_000_000)
        let head = hours > 0 ? "\(hours)h\(minutes)m" : minutes > 0 ? "\(minutes)m" : ""
        return "\(sign)\(head)\(seconds)s"
    }

    // MARK: - Private

    /// Longer names first, so that `ms` is not read as `m`.
    private static let units: [(name: String, nanoseconds: Double)] = [
        ("ns", 1), ("us", 1e3), ("µs", 1e3), ("μs", 1e3), ("ms", 1e6), ("s", 1e9), ("m", 60e9), ("h", 3600e9),
    ]

    private static func decimal(_ value: Int64, per unit: Int64) -> String {
        let fraction = value % unit
        guard fraction != 0 else { return String(value / unit) }
        var digits = String(fraction)
        digits = String(repeating: "0", count: String(unit).count - 1 - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        return "\(value / unit).\(digits)"
    }
}
