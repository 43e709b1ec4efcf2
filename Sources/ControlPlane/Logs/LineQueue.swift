import Model
import Synchronization

/// Lines from several sources on their way to one reader: whoever brings some waits while the reader is behind.
///
/// So a follower gets every line, however slow it is, and costs no memory: what it has not got yet stays in the files.
final class LineQueue: Sendable {
    init(capacity: Int = 2048) {
        self.capacity = capacity
    }

    /// Adds a line; returns at once when nobody will ever read it.
    func put(_ line: LogLine) async {
        while true {
            let full = state.withLock { state in
                guard !state.finished, state.lines.count >= capacity else {
                    if !state.finished { state.lines.append(line) }
                    return false
                }
                return true
            }
            guard full else { break }
            await withCheckedContinuation { continuation in
                let now = state.withLock { state in
                    guard !state.finished, state.lines.count >= capacity else { return true }
                    state.writers.append(continuation)
                    return false
                }
                if now { continuation.resume() }
            }
        }
        state.withLock { $0.takeReader() }?.resume()
    }

    /// Has the reader look up, who may have gone meanwhile: it gets no line, once.
    func nudge() {
        state.withLock { state in
            state.isNudged = true
            return state.takeReader()
        }?.resume()
    }

    /// All that waits, once there is something, or nothing after a nudge; nil after the end, or when the task is cancelled.
    func take() async -> [LogLine]? {
        await withTaskCancellationHandler {
            while true {
                let (lines, writers, finished, isNudged) = state.withLock { state in
                    defer { (state.lines, state.writers, state.isNudged) = ([], [], false) }
                    return (state.lines, state.writers, state.finished, state.isNudged)
                }
                for writer in writers { writer.resume() }
                if !lines.isEmpty { return lines }
                if finished { return nil }
                if isNudged { return [] }
                await withCheckedContinuation { continuation in
                    let now = state.withLock { state in
                        guard state.lines.isEmpty, !state.finished, !state.isNudged else { return true }
                        state.reader = continuation
                        return false
                    }
                    if now { continuation.resume() }
                }
            }
        } onCancel: {
            finish()
        }
    }

    /// No more lines; those that wait can still be taken.
    func finish() {
        let all = state.withLock { state in
            state.finished = true
            defer { state.writers = [] }
            return state.writers + [state.takeReader()].compactMap(\.self)
        }
        for continuation in all { continuation.resume() }
    }

    // MARK: - Private

    private struct State {
        var lines: [LogLine] = []
        var writers: [CheckedContinuation<Void, Never>] = []
        var reader: CheckedContinuation<Void, Never>?
        var finished = false
        var isNudged = false

        mutating func takeReader() -> CheckedContinuation<Void, Never>? {
            defer { reader = nil }
            return reader
        }
    }

    private let capacity: Int
    private let state = Mutex(State())
}
