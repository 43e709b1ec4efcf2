import Model
import NIOCore
import Synchronization

/// What the event loops count and tell of requests that did not go well, until the link takes it to `serve`.
final class TroubleBoard: Sendable {
    /// Counts one, and keeps it to be told if its app has not had too many; true when there is something to send.
    func add(_ trouble: EdgeTrouble) -> Bool {
        state.withLock { state in
            Self.count(&state, trouble.app) { $0.failed += 1 }
            let now = Duration.nanoseconds(Int64(bitPattern: NIODeadline.now().uptimeNanoseconds & UInt64(Int64.max)))
            guard let omitted = state.gate.admit(trouble.app, at: now), state.waiting.count < Self.maximumWaiting else {
                return false
            }
            var trouble = trouble
            trouble.omitted = omitted
            state.waiting.append(trouble)
            return true
        }
    }

    func held(_ app: String) {
        state.withLock { Self.count(&$0, app) { $0.held += 1 } }
    }

    func heldEnded(_ app: String, after time: TimeAmount) {
        state.withLock { Self.count(&$0, app) { $0.heldMilliseconds += Int(time.nanoseconds / 1_000_000) } }
    }

    /// The counts of all apps with any.
    var tallies: [String: EdgeTally] { state.withLock { $0.tallies } }

    /// Takes what waits to be told.
    func take() -> [EdgeTrouble] {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    /// Forgets apps that the routes no longer have.
    func prune(_ index: RouteIndex) {
        state.withLock { state in state.tallies = state.tallies.filter { index.hasApp($0.key) } }
    }

    // MARK: - Private

    /// What is kept while `serve` is away.
    private static let maximumWaiting = 200

    private struct State {
        var gate = TroubleGate()
        var tallies: [String: EdgeTally] = [:]
        var waiting: [EdgeTrouble] = []
    }

    private let state = Mutex(State())

    private static func count(_ state: inout State, _ app: String, _ change: (inout EdgeTally) -> Void) {
        change(&state.tallies[app, default: EdgeTally()])
    }
}
