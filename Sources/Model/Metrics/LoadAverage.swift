import Foundation

/// How many threads ran or waited for a disk, over 1, 5 and 15 minutes: as Linux reckons it for a whole host, from looks
/// at one Machine.
package struct LoadAverage: Equatable, Sendable {
    package private(set) var values = [0.0, 0.0, 0.0]
    private var lookedAt: Timestamp?

    package init() {}

    private static let minutes = [1.0, 5.0, 15.0]

    /// Takes in a look.
    ///
    /// The first one says nothing of the time before it.
    package mutating func add(_ threads: Int, at now: Timestamp) {
        defer { lookedAt = now }
        guard let lookedAt, now > lookedAt else { return }
        let passed = now.since(lookedAt).seconds / 60
        for (place, minutes) in Self.minutes.enumerated() {
            let kept = exp(-passed / minutes)
            values[place] = values[place] * kept + Double(threads) * (1 - kept)
        }
    }
}
