/// How often backups are made, and how many stay.
package struct BackupPolicy: Equatable, Sendable {
    /// Between the beginnings of two; zero: only when somebody asks.
    package var every = Duration.seconds(86_400)
    package var hourly = 24
    package var daily = 14
    package var weekly = 8
    package var monthly = 12

    /// One that failed is tried again so much later, or after `every` where that is less.
    package static let retry = Duration.seconds(3600)
    /// The least that `every` may be.
    package static let least = Duration.seconds(600)

    package init() {}

    /// Whether the clock should begin one now.
    ///
    /// A moment that lies ahead was noted by a clock that has been set back since, and counts for nothing.
    ///
    /// - Parameters:
    ///   - status: how those before went.
    ///   - now: this moment.
    /// - Returns: whether it should.
    package func isDue(_ status: BackupStatus, now: Timestamp) -> Bool {
        guard every > .zero else { return false }
        func passed(_ moment: Timestamp?, _ pause: Duration) -> Bool {
            guard let moment, moment <= now else { return true }
            return now.since(moment) >= pause
        }
        guard passed(status.lastGood?.at, every) else { return false }
        return passed(status.trouble?.at, min(every, Self.retry))
    }

    /// What restic is told of those that stay.
    package var arguments: [String] {
        [("hourly", hourly), ("daily", daily), ("weekly", weekly), ("monthly", monthly)].flatMap { word, count in
            count > 0 ? ["--keep-\(word)", "\(count)"] : []
        }
    }
}
