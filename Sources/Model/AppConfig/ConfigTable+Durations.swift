extension ConfigTable {
    /// What a bare number means, which differs from key to key.
    enum NumberUnit: String {
        case seconds
        case milliseconds
        case nanoseconds
    }

    /// What is wrong with bare numbers of a key, if anything.
    struct BareNumber {
        var unit: NumberUnit
        /// Said as a warning when one is found.
        var complaint: String?

        static let seconds = BareNumber(unit: .seconds)
        static let milliseconds = BareNumber(unit: .milliseconds)
        static let nanoseconds = BareNumber(
            unit: .nanoseconds,
            complaint: "a bare number here is nanoseconds; write a duration with its unit"
        )
        /// flyctl takes nanoseconds, Fly's documentation says milliseconds, and nobody means the former.
        static let documentedMilliseconds = BareNumber(
            unit: .milliseconds,
            complaint: "a bare number here is taken as milliseconds, but as nanoseconds by flyctl; write its unit"
        )
    }

    /// A duration of zero or more; an empty string counts as absent where flyctl normalises, and is an error elsewhere.
    func duration(_ key: String, bare: BareNumber) -> (field: ConfigField, value: Duration)? {
        guard let field = take(key) else { return nil }
        var value: Duration?
        switch field.node.value {
        case .string("") where bare.complaint == nil: return nil
        case .string(let text): value = Self.parse(text)
        case .integer(let number): value = Self.duration(Double(number), bare.unit)
        case .float(let number): value = Self.duration(number.rounded(.towardZero), bare.unit)
        default: break
        }
        guard let value, value >= .zero, value <= Self.longest else {
            report.mismatch(
                field,
                expected: "a duration such as \"10s\" or \"1m30s\" (units ns, us, ms, s, m, h) from 0s to 8760h"
            )
            return nil
        }
        if let complaint = bare.complaint, !Self.isString(field) {
            report.warn(field.node.position, "\(field.path): \(complaint), for example \"\(GoDuration(value).text)\"")
        }
        return (field, value)
    }

    // MARK: - Private

    /// A year: more is a mistake, and keeps all later arithmetic far from overflowing.
    private static let longest = Duration.seconds(8760 * 3600)

    private static func parse(_ text: String) -> Duration? {
        // No sign but plus: a negative one is refused in any case. No real duration is longer than 64 characters.
        guard text.utf8.count <= 64, !text.hasPrefix("-") else { return nil }
        return GoDuration.parse(text)
    }

    private static func duration(_ number: Double, _ unit: NumberUnit) -> Duration? {
        guard number.isFinite, number >= 0, number <= 1e17 else { return nil }
        switch unit {
        case .seconds: return .seconds(Int64(number))
        case .milliseconds: return .milliseconds(Int64(number))
        case .nanoseconds: return .nanoseconds(Int64(number))
        }
    }

    private static func isString(_ field: ConfigField) -> Bool {
        guard case .string = field.node.value else { return false }
        return true
    }
}
