/// Which lines of a log are wanted.
///
/// A Python traceback and other lines that belong to the one before them are one entry: it is wanted whole or not at all.
package struct LogFilter: Equatable, Sendable {
    /// Lines of this moment and later.
    package var since: Timestamp?
    /// Lines before this moment.
    package var until: Timestamp?
    /// Entries that matter at least as much.
    package var level: LogLevel?
    /// Entries with this text; small letters in it stand for capitals too.
    package var text: String?

    package init(since: Timestamp? = nil, until: Timestamp? = nil, level: LogLevel? = nil, text: String? = nil) {
        self.since = since
        self.until = until
        self.level = level
        self.text = text
    }

    /// Nothing is left out.
    package var isEmpty: Bool { self == LogFilter() }

    /// Whether the line is of the time that is asked for; one whose time can't be read is.
    package func holds(_ line: LogLine) -> Bool {
        guard since != nil || until != nil, let time = Timestamp(rfc3339: line.timestamp) else { return true }
        return since.map { time >= $0 } ?? true && until.map { time < $0 } ?? true
    }

    /// Whether the line itself says what is asked for.
    fileprivate func matches(_ line: LogLine) -> Bool {
        if let level {
            let own = line.stream == .platform ? LogLevel.warning : LogLevel(of: line.text)
            guard own >= level else { return false }
        }
        guard let text else { return true }
        if text.contains(where: \.isUppercase) { return line.text.contains(text) }
        return line.text.lowercased().contains(text)
    }
}

/// Goes through the lines of one Machine, oldest first, and keeps those that are wanted.
package struct LogSieve: Sendable {
    private let filter: LogFilter
    private var entries: [LogLine.Stream: Entry] = [:]

    private struct Entry {
        /// Lines of it that nothing has matched yet.
        var waiting: [LogLine] = []
        var isWanted = false
        var traceback = Traceback.none
    }

    /// Where in a traceback the last line stands.
    private enum Traceback {
        case none
        /// Its last line, with the error's name, is not indented, and has not come yet.
        case inside
        /// Another one may be chained to it.
        case after
    }

    /// Lines of an entry that are kept for what may come.
    private static let longest = 500

    package init(_ filter: LogFilter) {
        self.filter = filter
    }

    /// The lines that are wanted now that this one has come: it, those of its entry before it, or none.
    package mutating func take(_ line: LogLine) -> [LogLine] {
        guard filter.holds(line) else { return [] }
        guard filter.level != nil || filter.text != nil else { return [line] }
        var entry = entries[line.stream] ?? Entry()
        if !Self.goesOn(line.text, entry.traceback) { entry = Entry() }
        entry.traceback = Self.next(line.text, entry.traceback)
        defer { entries[line.stream] = entry }
        if entry.isWanted { return [line] }
        guard filter.matches(line) else {
            if entry.waiting.count < Self.longest { entry.waiting.append(line) }
            return []
        }
        let lines = entry.waiting + [line]
        entry.waiting = []
        entry.isWanted = true
        return lines
    }

    // MARK: - Private

    private static let head = "Traceback (most recent call last)"

    /// Whether the line is of the entry before it.
    private static func goesOn(_ text: String, _ traceback: Traceback) -> Bool {
        switch traceback {
        case .inside: return true
        case .after where text.isEmpty || isLink(text): return true
        // What a logger wrote before the traceback is of the same entry.
        default: return isIndented(text) || text.hasPrefix(head)
        }
    }

    private static func next(_ text: String, _ traceback: Traceback) -> Traceback {
        if text.hasPrefix(head) { return .inside }
        switch traceback {
        case .inside: return text.isEmpty || isIndented(text) ? .inside : .after
        case .after, .none: return traceback
        }
    }

    private static func isIndented(_ text: String) -> Bool { text.utf8.first == 32 || text.utf8.first == 9 }

    private static func isLink(_ text: String) -> Bool {
        text.hasPrefix("During handling of the above exception")
            || text.hasPrefix("The above exception was the direct cause")
    }
}
