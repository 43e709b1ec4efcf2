/// Whether a canary is as good as the Machines that it is to replace, by what both have answered.
package enum CanaryVerdict: Equatable, Sendable {
    case good
    case bad(String)
    /// Too few requests to say anything.
    case unclear(String)

    /// Fewer requests to the canary say nothing.
    package static let fewest = 20
    /// Fewer say nothing of the slowest in a hundred.
    package static let fewestForTimes = 100
    /// One stray error is no sign.
    private static let fewestErrors = 3
    /// So many more errors of a hundred answers are too many.
    private static let margin = 0.01
    /// Slower than the others by that factor and that time at once is too slow.
    private static let factor = 1.5
    private static let slack = Duration.milliseconds(50)

    /// Compares.
    ///
    /// - Parameters:
    ///   - canary: what it has answered since it got its share.
    ///   - others: what the Machines of the release before have answered in the same time.
    /// - Returns: a verdict with its numbers in words.
    package static func judge(_ canary: AnswerTally, _ others: AnswerTally) -> CanaryVerdict {
        if canary.errors >= fewestErrors, canary.errorRate > others.errorRate + margin {
            return .bad(
                "\(canary.errors) of the canary's \(canary.answered) answers were errors (\(canary.errorShare)), "
                    + "\(others.errors) of the others' \(others.answered) (\(others.errorShare))"
            )
        }
        guard canary.answered >= fewest else {
            return .unclear("the canary got \(canary.answered) requests, and fewer than \(fewest) say nothing")
        }
        guard canary.times.total >= fewestForTimes, others.times.total >= fewestForTimes,
            let slow = canary.times.quantile(0.99), let before = others.times.quantile(0.99)
        else { return .good }
        if slow > before + slack, slow.seconds > before.seconds * factor {
            return .bad("the canary's p99 is \(slow.milliseconds) ms, the others' \(before.milliseconds) ms")
        }
        return .good
    }

    /// Both in a line: `canary: 120 answers, 0 errors, p99 4 ms; others: …`.
    package static func summary(_ canary: AnswerTally, _ others: AnswerTally) -> String {
        func words(_ name: String, _ tally: AnswerTally) -> String {
            let time = tally.times.quantile(0.99).map { ", p99 \($0.milliseconds) ms" } ?? ""
            return "\(name): \(tally.answered) answers, \(tally.errors) errors\(time)"
        }
        return "\(words("canary", canary)); \(words("others", others))"
    }
}
