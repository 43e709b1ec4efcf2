/// What became of lines that were sent.
package enum LogDrainOutcome: Equatable, Sendable {
    /// They are there, all but so many, which the receiver does not want.
    case taken(refused: Int = 0)
    /// The receiver wants none of them, whenever it is asked again: a smaller part may be what it does not want.
    case refused(String)
    /// Not now.
    case failed(String)
}

/// How far one drain has come, and when it is tried next: no clock and no I/O.
package struct LogDrainLane: Equatable, Sendable {
    /// Bytes of all that was ever kept up to which it has been sent.
    package private(set) var cursor: Int64
    package private(set) var sent = 0
    /// Lines that the receiver did not want.
    package private(set) var refused = 0
    /// Lines that were given up before the receiver answered.
    package private(set) var dropped = 0
    package private(set) var deliveredAt: Timestamp?
    package private(set) var error: String?
    private var failures = 0
    private var nextTry = Timestamp(milliseconds: 0)

    package init(cursor: Int64) {
        self.cursor = cursor
    }

    /// Whether it is time to send something.
    package func isDue(at now: Timestamp) -> Bool { now >= nextTry }

    /// Whether the last try failed.
    package var isFailing: Bool { failures > 0 }

    /// Goes on past lines that are not for this one.
    package mutating func skip(to place: Int64) { cursor = max(cursor, place) }

    /// Lines were given up because there was no more room for them.
    package mutating func lost(_ lines: Int, upTo place: Int64) {
        guard place > cursor else { return }
        cursor = place
        dropped += lines
    }

    /// So many lines are there, and so many are not wanted; all before `place` is done with.
    package mutating func delivered(_ lines: Int, refused more: Int = 0, upTo place: Int64, at now: Timestamp) {
        cursor = max(cursor, place)
        sent += lines
        refused += more
        (deliveredAt, error, failures, nextTry) = (now, nil, 0, now)
    }

    /// Tried again after a second, two, four and so on up to a minute.
    package mutating func failed(_ reason: String, at now: Timestamp) {
        error = String(reason.prefix(300))
        nextTry = now.advanced(by: .seconds(min(60, 1 << min(failures, 6))))
        failures += 1
    }
}

/// Sends lines in parts, so that one that nobody wants does not hold up the others.
package struct LogDelivery: Equatable, Sendable {
    /// Of the lines in their order, so many need not be sent again.
    package private(set) var done = 0
    package private(set) var taken = 0
    package private(set) var refused = 0
    /// Why the rest is tried again later.
    package private(set) var failure: String?

    /// What comes of sending those lines, in their order, by `send`.
    package static func of(
        _ entries: [LogEntry],
        _ send: ([LogEntry]) async -> LogDrainOutcome
    ) async -> LogDelivery {
        var delivery = LogDelivery()
        var reason: String?
        var parts = [entries[...]]
        while let part = parts.popLast() {
            switch await send(Array(part)) {
            case .taken(let refused):
                delivery.done += part.count
                delivery.taken += part.count - refused
                delivery.refused += refused
            case .failed(let text):
                delivery.failure = text
                parts = []
            case .refused(let text) where part.count == 1:
                reason = text
                delivery.done += 1
                delivery.refused += 1
            case .refused:
                let middle = part.startIndex + part.count / 2
                parts += [part[middle...], part[..<middle]]
            }
        }
        // Who refuses all may be set up wrongly: nothing is given up for that.
        if delivery.taken == 0, let reason {
            return LogDelivery(done: 0, taken: 0, refused: 0, failure: delivery.failure ?? reason)
        }
        return delivery
    }
}
