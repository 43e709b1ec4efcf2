import Images
import Synchronization

/// What builds said.
final class Lines: Sendable {
    private let lines = Mutex<[BuildProgress]>([])

    func add(_ progress: BuildProgress) { lines.withLock { $0.append(progress) } }

    var text: String { lines.withLock { $0.map { "\($0.stage): \($0.line)" } }.joined(separator: "\n") }
}
