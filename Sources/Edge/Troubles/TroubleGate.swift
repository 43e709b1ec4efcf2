import Model

/// Lets so many lines of an app through that its log stays readable and no client can fill it: a few at once, then one a
/// second; the others are counted.
package struct TroubleGate: Sendable {
    /// Lines that may come at once.
    package static let burst = 10
    /// Apps that are remembered; one more makes room by forgetting all.
    package static let maximumApps = 1000

    private struct Bucket {
        var lines: Double
        var filledAt: Duration
        var omitted = 0
    }

    private var buckets: [String: Bucket] = [:]

    package init() {}

    /// Decides whether this one may be told, `now` being since any fixed moment.
    ///
    /// Gives how many were not told since the last that was, or nil when this one is not either.
    package mutating func admit(_ app: String, at now: Duration) -> Int? {
        if buckets[app] == nil, buckets.count >= Self.maximumApps { buckets = [:] }
        var bucket = buckets[app] ?? Bucket(lines: Double(Self.burst), filledAt: now)
        let seconds = Double((now - bucket.filledAt).milliseconds) / 1000
        bucket.lines = min(Double(Self.burst), bucket.lines + max(0, seconds))
        bucket.filledAt = now
        defer { buckets[app] = bucket }
        guard bucket.lines >= 1 else {
            bucket.omitted += 1
            return nil
        }
        bucket.lines -= 1
        let omitted = bucket.omitted
        bucket.omitted = 0
        return omitted
    }
}
