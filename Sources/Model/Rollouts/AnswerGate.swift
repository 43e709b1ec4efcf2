/// Whether the Machines of a new release answer clients as well as those before, seen while they take their place.
///
/// Coarser than ``CanaryVerdict``, since it has a second and not minutes: it is to see a release whose checks pass and
/// whose pages do not.
package enum AnswerGate: Equatable, Sendable {
    case good
    case bad(String)
    /// Too few requests to say anything.
    case unclear

    /// So many answers without too many errors are enough.
    package static let fewest = 20
    /// Fewer errors are no sign.
    private static let fewestErrors = 3
    /// So many more errors of all answers are too many.
    private static let margin = 0.1

    /// Compares.
    ///
    /// - Parameters:
    ///   - new: what the Machines of the new release have answered.
    ///   - usual: what was answered before them, or beside them.
    /// - Returns: a verdict with its numbers in words.
    package static func judge(_ new: AnswerTally, _ usual: AnswerTally) -> AnswerGate {
        if new.errors >= fewestErrors, new.errorRate > usual.errorRate + margin {
            return .bad(
                "\(new.errors) of the new release's first \(new.answered) answers to clients were errors "
                    + "(\(new.errorShare)), \(usual.errors) of \(usual.answered) of the one before (\(usual.errorShare))"
            )
        }
        return new.answered >= fewest ? .good : .unclear
    }

    /// Whether an answer, its status first, is an error of the app's own.
    package static func isError(_ answer: String) -> Bool {
        Int(answer.prefix { $0.isNumber }).map { (500..<600).contains($0) } ?? false
    }
}
