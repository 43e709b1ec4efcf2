/// What clients met while a release was rolled out, as the edges counted it.
package struct RolloutTraffic: Equatable, Sendable {
    package var requests: Int
    /// Answered with an error by the edge itself, or cut off.
    package var failed: Int
    /// Answered with a status from 500 up by the app.
    package var errors: Int
    /// Had to wait for a Machine, and how long they waited all together.
    package var held: Int
    package var heldMilliseconds: Int
    /// The time to the answer's head that 99 of 100 requests did not pass, in microseconds; nil without any.
    package var p99: Int?
    /// The same of the requests before.
    package var p99Before: Int?

    package init() {
        (requests, failed, errors, held, heldMilliseconds) = (0, 0, 0, 0, 0)
    }

    /// What came between two looks at the same counters.
    ///
    /// - Parameters:
    ///   - before: when Machines began to change.
    ///   - after: now.
    package init(before: EdgeTally, after: EdgeTally) {
        let during = after - before
        self.init()
        let answers = during.answers ?? AnswerTally()
        failed = during.failed
        requests = answers.answered + failed
        errors = answers.errors
        (held, heldMilliseconds) = (during.held, during.heldMilliseconds)
        p99 = Self.microseconds(answers)
        p99Before = Self.microseconds(before.answers ?? AnswerTally())
    }

    /// Fewer say nothing of the slowest in a hundred.
    private static let fewest = 20

    private static func microseconds(_ answers: AnswerTally) -> Int? {
        guard answers.times.total >= fewest else { return nil }
        return answers.times.quantile(0.99).map { Int(clamping: $0.microseconds) }
    }
}

extension RolloutTraffic: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("requests", &requests)
        try form.field("failed", &failed)
        try form.field("errors", &errors)
        try form.field("held", &held)
        try form.field("heldMilliseconds", &heldMilliseconds)
        try form.field("p99", &p99)
        try form.field("p99Before", &p99Before)
    }
}

extension RolloutTraffic: CustomStringConvertible {
    /// `1234 requests, 0 failed, p99 12.3 ms (+1.1)`, and what else there is to say.
    package var description: String {
        guard requests > 0 else { return "no requests came meanwhile" }
        var text = "\(Self.count(requests, "request")), \(failed) failed"
        if let p99 {
            text += ", p99 \(Self.milliseconds(p99)) ms"
            if let p99Before {
                let change = p99 - p99Before
                text += " (\(change < 0 ? "-" : "+")\(Self.milliseconds(abs(change))))"
            }
        }
        if errors > 0 { text += "; the app answered \(errors) with an error of its own" }
        if held > 0 {
            let average = heldMilliseconds / held
            text += "; \(Self.count(held, "request")) had to wait, \(Self.milliseconds(average * 1000)) ms on average"
        }
        return text
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private static func milliseconds(_ microseconds: Int) -> String {
        let tenths = (microseconds + 50) / 100
        return "\(tenths / 10).\(tenths % 10)"
    }
}
