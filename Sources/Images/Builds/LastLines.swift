import Synchronization

/// The last lines that a program wrote, for the message that says why it failed.
final class LastLines: Sendable {
    private let lines = Mutex<[String]>([])
    private let limit: Int

    init(limit: Int = 25) {
        self.limit = limit
    }

    func add(_ line: String) {
        lines.withLock { lines in
            if lines.count == limit { lines.removeFirst() }
            lines.append(line)
        }
    }

    var all: [String] { lines.withLock { $0 } }

    var text: String { all.joined(separator: "\n") }
}
