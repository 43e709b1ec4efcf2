import Model
import Synchronization

/// The wakes that were asked for and not answered yet: one an app, however many requests wait and Machines sleep.
final class WakeBoard: Sendable {
    /// Returns whether this is the first to ask.
    ///
    /// A second Machine of the app is woken only when the first is awake and that was not enough.
    func ask(_ machine: Machine.ID, app: String) -> Bool {
        asked.withLock { asked in
            if asked.values.contains(app) { return false }
            asked[machine] = app
            return true
        }
    }

    /// Forgets one whose wake failed.
    func forget(_ machine: Machine.ID) { _ = asked.withLock { $0.removeValue(forKey: machine) } }

    /// Forgets all that the routes no longer call asleep.
    func settle(_ index: RouteIndex) {
        asked.withLock { asked in asked = asked.filter { index.states[$0.key] == .asleep } }
    }

    /// What to ask for again on a new connection.
    var open: [(machine: Machine.ID, app: String)] {
        asked.withLock { asked in asked.sorted { $0.key < $1.key }.map { ($0.key, $0.value) } }
    }

    // MARK: - Private

    private let asked = Mutex<[Machine.ID: String]>([:])
}
