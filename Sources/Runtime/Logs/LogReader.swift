import Glibc
import Model
import Toolkit

/// Reads a Machine's log, through rotations, for as long as somebody asks for lines.
///
/// It reads when asked: a slow consumer costs no memory.
actor LogReader {
    private let path: String
    private let tail: Int
    private let follow: Bool
    private let cursor: LogCursor
    private var begun = false
    private var ready: ArraySlice<LogLine> = []
    private var idle = 0

    /// Bytes of the log that are read in a second at most: who floods his log costs his readers' host little CPU.
    private static let pace = 8 << 20
    private var second = (start: ContinuousClock.now, bytes: 0)
    /// Between two looks at a log that has not grown.
    private static let pause = Duration.milliseconds(100)
    /// A line whose end has not come after so many looks is told as it is.
    private static let patience = 10

    init(path: String, oldPath: String, machine: Machine.ID, tail: Int, follow: Bool) {
        self.path = path
        self.tail = tail
        self.follow = follow
        cursor = LogCursor(path: path, oldPath: oldPath, machine: machine)
    }

    /// The last lines that there are now; to be asked for once, before `next`.
    func past() -> [LogLine] {
        begun = true
        return cursor.begin(tail: tail)
    }

    /// The next line; nil at the end, when the Machine's folder is gone, or when the task is cancelled.
    func next() async -> LogLine? {
        while !Task.isCancelled {
            if let line = ready.popFirst() { return line }
            if !begun {
                ready = past()[...]
                continue
            }
            if let lines = cursor.more() {
                idle = 0
                ready = lines[...]
                guard await keepPace() else { return nil }
                continue
            }
            guard follow, idle < Self.patience || KernelFile.exists(path) else {
                ready = cursor.flush()[...]
                guard !ready.isEmpty else { return nil }
                continue
            }
            idle += 1
            if idle == Self.patience, cursor.hasOpenLines { ready = cursor.flush()[...] }
            guard await Self.wait(Self.pause) else { return nil }
        }
        return nil
    }

    // MARK: - Private

    /// Waits for the second to end in which as much was read as one may; false when nobody waits any more.
    private func keepPace() async -> Bool {
        guard cursor.bytes - second.bytes >= Self.pace else { return true }
        let rest = second.start.advanced(by: .seconds(1)) - .now
        if rest > .zero, await !Self.wait(rest) { return false }
        second = (.now, cursor.bytes)
        return true
    }

    private static func wait(_ pause: Duration) async -> Bool {
        do {
            try await Task.sleep(for: pause)
            return true
        } catch {
            return false
        }
    }
}

/// The log of a Machine for one who comes back for more.
actor LogTapReader {
    private let cursor: LogCursor
    private var waiting: [LogLine] = []

    init(path: String, oldPath: String, machine: Machine.ID, from start: LogStart) {
        cursor = LogCursor(path: path, oldPath: oldPath, machine: machine)
        switch start {
        case .end: _ = cursor.begin(tail: 0)
        case .beginning: cursor.beginAtOldest()
        case .after(let position): waiting = cursor.begin(after: position)
        }
    }

    func read() -> LogBatch {
        defer { waiting = [] }
        while true {
            guard let lines = cursor.more() else { return LogBatch(lines: waiting, position: cursor.position) }
            waiting += lines
            if !waiting.isEmpty { return LogBatch(lines: waiting, position: cursor.position) }
        }
    }
}
