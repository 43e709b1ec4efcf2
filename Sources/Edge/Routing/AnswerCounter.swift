import Model
import Synchronization

/// Counts answers over all event loops.
final class AnswerCounter: Sendable {
    var tally: AnswerTally { state.withLock { $0 } }

    func add(status: Int, after time: Duration) {
        state.withLock { $0.add(status: status, after: time) }
    }

    // MARK: - Private

    private let state = Mutex(AnswerTally())
}

/// What was last told of each app's counts, so that only news is sent.
final class ToldTallies: Sendable {
    /// Those of the counts that are different from what was told, which count as told from now on.
    func news(of tallies: [String: EdgeTally]) -> [String: EdgeTally]? {
        told.withLock { told in
            let fresh = tallies.filter { told[$0.key] != $0.value }
            told = tallies
            return fresh.isEmpty ? nil : fresh
        }
    }

    // MARK: - Private

    private let told = Mutex<[String: EdgeTally]>([:])
}
