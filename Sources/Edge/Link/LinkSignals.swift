import Model
import Synchronization

/// Carries news from the event loops to the link.
///
/// What is said while there is no link is lost; the link itself says it when it is up again.
final class LinkSignals: Sendable {
    enum Signal: Sendable {
        case wake(app: String, machine: Machine.ID)
        /// A draining Machine has no request left but streams.
        case drained
        /// A request went wrong, and its app's log should say so.
        case trouble
    }

    func send(_ signal: Signal) { current.withLock { _ = $0?.yield(signal) } }

    /// Nobody listens any more.
    func mute() { current.withLock { $0 = nil } }

    /// What is said from now on.
    func listen() -> AsyncStream<Signal> {
        let (stream, continuation) = AsyncStream<Signal>.makeStream()
        current.withLock { $0 = continuation }
        return stream
    }

    // MARK: - Private

    private let current = Mutex<AsyncStream<Signal>.Continuation?>(nil)
}
