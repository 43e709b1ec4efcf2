/// How often a time was seen, in steps of an eighth of each power of two of microseconds: exact to 12 %, in little room.
package struct TimeCounts: Equatable, Sendable {
    /// By step; only those that were seen.
    package private(set) var counts: [Int: Int] = [:]

    package init() {}

    /// Everything below 64 microseconds is one step, everything above some minutes as well.
    private static let least = 64
    private static let steps = 8
    private static let last = 200

    package var total: Int { counts.values.reduce(0, +) }

    /// Takes in one time.
    package mutating func add(_ time: Duration) {
        counts[Self.step(of: Int(clamping: time.microseconds)), default: 0] += 1
    }

    /// The time that a share of all was not above: the upper end of its step.
    ///
    /// - Parameter share: 0 to 1: 0.99 for the ninety-ninth percentile.
    /// - Returns: nil when nothing was counted.
    package func quantile(_ share: Double) -> Duration? {
        let all = total
        guard all > 0 else { return nil }
        let rank = max(1, Int((Double(all) * share).rounded(.up)))
        var seen = 0
        for (step, count) in counts.sorted(by: { $0.key < $1.key }) {
            seen += count
            if seen >= rank { return .microseconds(Self.end(of: step)) }
        }
        return nil
    }

    /// What both have counted.
    package static func + (left: Self, right: Self) -> Self {
        var sum = left
        for (step, count) in right.counts { sum.counts[step, default: 0] += count }
        return sum
    }

    /// What came since: a counter that began anew in between counts from zero.
    package static func - (left: Self, right: Self) -> Self {
        var difference = left
        for (step, count) in right.counts {
            let rest = (left.counts[step] ?? 0) - count
            difference.counts[step] = rest > 0 ? rest : nil
        }
        return difference
    }

    // MARK: - Private

    private static func step(of microseconds: Int) -> Int {
        guard microseconds >= least else { return 0 }
        let power = Int.bitWidth - 1 - microseconds.leadingZeroBitCount
        let part = ((microseconds - (1 << power)) * steps) >> power
        return min(last, 1 + (power - 6) * steps + part)
    }

    private static func end(of step: Int) -> Int {
        guard step > 0 else { return least }
        let (power, part) = ((step - 1) / steps + 6, (step - 1) % steps)
        return (1 << power) + (((part + 1) << power) / steps)
    }
}

/// A list of step, count, step, count.
extension TimeCounts: Codable {
    package init(from decoder: any Decoder) throws {
        let list = try decoder.singleValueContainer().decode([Int].self)
        for place in stride(from: 0, to: list.count - 1, by: 2) where (0...Self.last).contains(list[place]) {
            counts[list[place], default: 0] += max(0, min(list[place + 1], 1 << 53))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(counts.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
    }
}
