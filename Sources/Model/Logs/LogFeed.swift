/// A Machine's log as it is handed out: what there is now, and what comes.
package struct LogFeed: Sendable {
    /// The last lines, oldest first.
    package var past: [LogLine]
    /// What follows on `past` without a gap; reads only when it is asked, so that a slow reader costs no memory.
    package var rest: AsyncStream<LogLine>

    package init(past: [LogLine] = [], rest: AsyncStream<LogLine> = AsyncStream { nil }) {
        self.past = past
        self.rest = rest
    }

    /// Past and rest together; for one that does not follow.
    package func all() async -> [LogLine] {
        var lines = past
        for await line in rest { lines.append(line) }
        return lines
    }
}
