/// What was answered: how often, how often with an error of the app's own, and after what time.
package struct AnswerTally: Equatable, Sendable {
    package var answered: Int
    /// Of them, those with a status from 500 up.
    package var errors: Int
    /// From the request to the head of its answer.
    package var times: TimeCounts

    package init(answered: Int = 0, errors: Int = 0, times: TimeCounts = TimeCounts()) {
        self.answered = answered
        self.errors = errors
        self.times = times
    }

    /// Errors of all answers, 0 to 1.
    package var errorRate: Double { answered == 0 ? 0 : Double(errors) / Double(answered) }

    /// The same in words: `5.0 %`.
    package var errorShare: String {
        let tenths = Int((errorRate * 1000).rounded())
        return "\(tenths / 10).\(tenths % 10) %"
    }

    /// Takes in one answer.
    package mutating func add(status: Int, after time: Duration) {
        answered += 1
        if status >= 500 { errors += 1 }
        times.add(time)
    }

    /// Takes in what another has counted.
    package mutating func add(_ other: AnswerTally) { self = self + other }

    /// What both have counted.
    package static func + (left: Self, right: Self) -> Self {
        Self(
            answered: left.answered + right.answered,
            errors: left.errors + right.errors,
            times: left.times + right.times
        )
    }

    /// What came since; never below zero, also where a counter began anew in between.
    package static func - (left: Self, right: Self) -> Self {
        Self(
            answered: max(0, left.answered - right.answered),
            errors: max(0, left.errors - right.errors),
            times: left.times - right.times
        )
    }
}

extension AnswerTally: KeyedForm {
    package static var blank: Self { Self() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("answered", &answered)
        try form.field("errors", &errors)
        try form.field("times", &times)
    }
}
