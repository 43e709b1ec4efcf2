import Synchronization

/// The letters of one keeper: orders and events in the order in which they came, what checks found after them.
///
/// Of a check only the newest result waits, so that no number of checks and no pace of theirs holds up a stop.
final class Mailbox: Sendable {
    typealias Letter = MachineKeeper.Mail

    /// Rings when there is mail; ends when the box is closed.
    let bell: AsyncStream<Void>

    init() {
        (bell, ringer) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// False when nobody reads any more.
    @discardableResult
    func post(_ letter: Letter) -> Bool {
        let isOpen = state.withLock { state in
            guard !state.isClosed else { return false }
            if let subject = letter.subject {
                if state.results.updateValue(letter, forKey: subject) == nil { state.subjects.append(subject) }
            } else {
                state.orders.append(letter)
            }
            return true
        }
        if isOpen { ringer.yield() }
        return isOpen
    }

    /// The next letter; nil when there is none now.
    func take() -> Letter? {
        state.withLock { state in
            if state.next < state.orders.count {
                defer { state.next += 1 }
                return state.orders[state.next]
            }
            state.orders.removeAll(keepingCapacity: true)
            state.next = 0
            guard !state.subjects.isEmpty else { return nil }
            return state.results.removeValue(forKey: state.subjects.removeFirst())
        }
    }

    /// Takes no more; what is in it can still be taken out.
    func close() {
        state.withLock { $0.isClosed = true }
        ringer.finish()
    }

    // MARK: - Private

    private struct State {
        var orders: [Letter] = []
        /// The place of the next order.
        var next = 0
        var results: [String: Letter] = [:]
        /// Whose results wait, in the order in which they came.
        var subjects: [String] = []
        var isClosed = false
    }

    private let ringer: AsyncStream<Void>.Continuation
    private let state = Mutex(State())
}

extension MachineKeeper.Mail {
    /// What a letter that may wait is about; nil for orders and events.
    var subject: String? {
        switch self {
        case .probed(_, let name, _): "check \(name)"
        case .gate: "gate"
        case .event, .update, .cordon, .record, .holds, .stop, .metadata, .overdue, .portsOpen, .askAgain, .unsaved: nil
        }
    }
}
