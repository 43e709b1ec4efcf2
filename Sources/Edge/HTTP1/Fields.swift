/// The header or trailer fields of one message, as places in its bytes: passed on byte for byte, never re-encoded.
package struct Fields: Sendable {
    /// One line.
    package struct Line: Sendable {
        package var name: Range<Int>
        /// Without the blanks around it.
        package var value: Range<Int>
        package var kind: FieldKind
    }

    package let bytes: [UInt8]
    package private(set) var lines: [Line] = []

    /// Reads lines that end in CRLF, from `start` up to and with the empty one that must end `bytes`.
    ///
    /// Stricter than the RFC lets us be: no folded lines, no bare CR or LF, no blank before the colon. Each of them is
    /// read in two ways by two servers, which is how requests are smuggled. More than `maximum` lines are a 431.
    package init(_ bytes: [UInt8], from start: Int, maximum: Int) throws(Malformed) {
        self.bytes = bytes
        var index = start
        while true {
            guard index + 1 < bytes.count else { throw Malformed("field section has no end") }
            if bytes[index] == 13 {
                guard bytes[index + 1] == 10, index + 2 == bytes.count else { throw Malformed("bare CR") }
                return
            }
            guard lines.count < maximum else { throw Malformed(431, "more than \(maximum) fields") }
            index = try readLine(at: index)
        }
    }

    /// The text of a value, for logs and decisions; bytes that are not UTF-8 are replaced.
    package func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// The value of the first line with this name, which is lower case.
    package func first(_ name: StaticString) -> String? {
        lines.first { Characters.equal(bytes, $0.name, name) }.map { text($0.value) }
    }

    /// As above, for a name that comes from a configuration.
    package func first(named name: String) -> String? {
        let wanted = Array(name.utf8)
        return lines.first { bytes[$0.name].count == wanted.count && bytes[$0.name].map(Characters.lowered) == wanted }
            .map { text($0.value) }
    }

    // MARK: - Private

    private mutating func readLine(at start: Int) throws(Malformed) -> Int {
        var index = start
        while index < bytes.count, Characters.isToken(bytes[index]) { index += 1 }
        guard index > start, index < bytes.count, bytes[index] == 58 else { throw Malformed("bad field name") }
        let name = start..<index
        index += 1
        let valueStart = index
        while index < bytes.count, Characters.isValue(bytes[index]) { index += 1 }
        guard index + 1 < bytes.count, bytes[index] == 13, bytes[index + 1] == 10 else {
            throw Malformed("bad character in a field value")
        }
        let value = Characters.trimmed(bytes, valueStart..<index)
        lines.append(Line(name: name, value: value, kind: FieldKind(bytes, name)))
        return index + 2
    }
}
