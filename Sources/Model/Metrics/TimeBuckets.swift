/// Times, by how long they were: a histogram of Prometheus.
package struct TimeBuckets: Equatable, Sendable {
    /// Upper ends of the buckets, in seconds.
    package static let bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    /// Each time is counted in one of them; the last is for all that took longer.
    package private(set) var buckets = [Int](repeating: 0, count: bounds.count + 1)
    package private(set) var seconds = 0.0

    package init() {}

    package var total: Int { buckets.reduce(0, +) }

    /// Takes in one time, in seconds.
    package mutating func add(_ time: Double) {
        buckets[Self.bounds.firstIndex { time <= $0 } ?? Self.bounds.count] += 1
        seconds += time
    }

    /// Takes in what another has counted.
    package mutating func add(_ other: TimeBuckets) {
        for place in buckets.indices { buckets[place] += other.buckets[place] }
        seconds += other.seconds
    }
}

/// A list: the seconds of all together, in nanoseconds, then the buckets up to the last that has any.
extension TimeBuckets: Codable {
    /// More than any edge counts in its life, and few enough to be added up, whatever somebody tells.
    private static let most = 1 << 48

    package init(from decoder: any Decoder) throws {
        let list = try decoder.singleValueContainer().decode([Int].self)
        seconds = Double(max(0, list.first ?? 0)) / 1e9
        for (place, count) in list.dropFirst().enumerated() where place < buckets.count {
            buckets[place] = min(max(0, count), Self.most)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        let used = buckets.prefix((buckets.lastIndex { $0 > 0 } ?? -1) + 1)
        var container = encoder.singleValueContainer()
        try container.encode([Int(seconds * 1e9)] + used)
    }
}
