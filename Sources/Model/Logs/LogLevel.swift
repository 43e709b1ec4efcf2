/// How much a line of a log matters, as the line itself says.
///
/// Which of its two outputs a program writes to says nothing: Python's logging writes all to the second one.
package enum LogLevel: String, Sendable, CaseIterable, Comparable {
    /// From the least to the most.
    case trace, debug, info, warning, error

    package static func < (left: LogLevel, right: LogLevel) -> Bool { left.rank < right.rank }

    /// What the line says of itself; `info` when it says nothing.
    ///
    /// Looks for a level written in capitals (`INFO:`, `[ERROR]`), for a field (`level=warning`, `"level": "error"`,
    /// `"severity":"ERROR"`) and for the first and last line of a Python traceback, near the line's beginning.
    package init(of text: String) {
        let head = text.utf8.prefix(Self.lookedAt)
        self = Self.field(head) ?? Self.word(head) ?? Self.traceback(head) ?? .info
    }

    /// The level that a person names: `warn`, `ERROR`; nil for no level.
    package init?(named name: String) {
        guard let level = Self.words[name.lowercased()] else { return nil }
        self = level
    }

    // MARK: - Private

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    private static let lookedAt = 300

    private static let words: [String: LogLevel] = [
        "trace": .trace, "debug": .debug, "info": .info, "notice": .info, "warn": .warning, "warning": .warning,
        "err": .error, "error": .error, "critical": .error, "fatal": .error, "panic": .error, "emergency": .error,
    ]

    private static func isLetter(_ byte: UInt8) -> Bool { (65...90).contains(byte) || (97...122).contains(byte) }

    /// The first of the words that stands alone and in capitals.
    private static func word(_ head: Substring.UTF8View.SubSequence) -> LogLevel? {
        for part in head.split(whereSeparator: { !isLetter($0) && $0 != 95 }) {
            guard part.count >= 3, part.count <= 9, part.allSatisfy({ (65...90).contains($0) }) else { continue }
            if let level = words[String(decoding: part, as: UTF8.self).lowercased()] { return level }
        }
        return nil
    }

    /// The value of the first field named `level`, `levelname`, `lvl`, `severity` or `log.level`.
    private static func field(_ head: Substring.UTF8View.SubSequence) -> LogLevel? {
        let names: Set<String> = ["level", "levelname", "lvl", "severity"]
        let parts = head.split(whereSeparator: { !isLetter($0) })
        for (name, value) in zip(parts, parts.dropFirst()) {
            guard name.count <= 9, names.contains(String(decoding: name, as: UTF8.self).lowercased()) else { continue }
            // Nothing but what binds a value to its name may stand between the two.
            let between = head[name.endIndex..<value.startIndex]
            guard between.count <= 6, between.contains(where: { $0 == 61 || $0 == 58 }),
                between.allSatisfy({ [34, 39, 58, 61, 32].contains($0) })
            else { continue }
            if let level = words[String(decoding: value, as: UTF8.self).lowercased()] { return level }
        }
        return nil
    }

    /// `Traceback (most recent call last):` and `ValueError: …`.
    private static func traceback(_ head: Substring.UTF8View.SubSequence) -> LogLevel? {
        if head.starts(with: "Traceback (most recent call last)".utf8) { return .error }
        let name = head.prefix { isLetter($0) || $0 == 46 || $0 == 95 || (48...57).contains($0) }
        guard name.endIndex < head.endIndex ? head[name.endIndex] == 58 : true, let first = name.first, isLetter(first)
        else { return nil }
        let last = String(decoding: name.split(separator: 46).last ?? name[...], as: UTF8.self)
        return last.count > 5 && (last.hasSuffix("Error") || last.hasSuffix("Exception")) ? .error : nil
    }
}
