/// What is answered with a file: decided by what the request already has of it.
package struct StaticAnswer: Equatable, Sendable {
    /// What is known of the file.
    package struct File: Sendable {
        /// Its name, without folders.
        package var name: Substring
        package var size: Int
        /// Seconds since 1970.
        package var changed: Int
        /// The digest of its content, or what else tells it from others of its name.
        package var tag: String

        package init(name: Substring, size: Int, changed: Int, tag: String) {
            self.name = name
            self.size = size
            self.changed = changed
            self.tag = tag
        }
    }

    package let status: Int
    /// The bytes of the file that are sent.
    package let range: Range<Int>
    /// The whole head, as an app would send it.
    package let head: String

    /// > Source: RFC 9110, sections 13 and 14; as with nginx several ranges at once get the whole file.
    package init(_ file: File, to request: RequestHead) {
        let tag = "\"\(file.tag)\""
        let changed = DateField.text(file.changed)
        var range = 0..<file.size
        var status = 200
        var lines = ""
        if Self.isKnown(request, tag, changed) {
            (status, range) = (304, 0..<0)
        } else if request.method == "GET", let text = request.fields.first(named: "range"),
            Self.mayBePart(request, tag, changed)
        {
            switch Self.part(text, of: file.size) {
            case .whole: break
            case .nothing:
                (status, range) = (416, 0..<0)
                lines += "Content-Range: bytes */\(file.size)\r\n"
            case .some(let part):
                (status, range) = (206, part)
                lines += "Content-Range: bytes \(part.lowerBound)-\(part.upperBound - 1)/\(file.size)\r\n"
            }
        }
        if status != 304 {
            lines += "Content-Type: \(MediaType.of(file.name))\r\nContent-Length: \(range.count)\r\n"
        }
        let isVersioned = StaticPath.isVersioned(file.name)
        lines += "Accept-Ranges: bytes\r\nETag: \(tag)\r\nLast-Modified: \(changed)\r\n"
        lines += "Cache-Control: \(isVersioned ? "public, max-age=31536000, immutable" : "no-cache")\r\n"
        self.status = status
        self.range = range
        head = "HTTP/1.1 \(status) \(Page.reason(status))\r\n\(lines)\r\n"
    }

    // MARK: - Private

    private enum Part {
        case whole
        case nothing
        case some(Range<Int>)
    }

    /// The client has it already.
    private static func isKnown(_ request: RequestHead, _ tag: String, _ changed: String) -> Bool {
        let fields = request.fields
        let wanted = fields.lines.filter { Characters.equal(fields.bytes, $0.name, "if-none-match") }
        guard wanted.isEmpty else {
            return wanted.flatMap { Characters.list(fields.bytes, $0.value) }.contains { member in
                let text = fields.text(member)
                return text == "*" || text == tag || text == "W/\(tag)"
            }
        }
        return fields.first(named: "if-modified-since") == changed
    }

    /// What the client has a part of is still this file.
    private static func mayBePart(_ request: RequestHead, _ tag: String, _ changed: String) -> Bool {
        guard let condition = request.fields.first(named: "if-range") else { return true }
        return condition == tag || condition == changed
    }

    private static func part(_ text: String, of size: Int) -> Part {
        guard text.lowercased().hasPrefix("bytes=") else { return .whole }
        let ends = text.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, !text.contains(",") else { return .whole }
        let (first, last) = (number(ends[0]), number(ends[1]))
        switch (first, last, ends[0].isEmpty, ends[1].isEmpty) {
        case (nil, let count?, true, false):
            return count == 0 || size == 0 ? .nothing : .some(max(0, size - count)..<size)
        case (let from?, nil, false, true): return from < size ? .some(from..<size) : .nothing
        case (let from?, let to?, false, false):
            guard from <= to else { return .whole }
            return from < size ? .some(from..<min(size, to + 1)) : .nothing
        default: return .whole
        }
    }

    /// At most 15 digits, so that nothing overflows.
    private static func number(_ text: Substring) -> Int? {
        guard (1...15).contains(text.utf8.count), text.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return nil }
        return Int(text)
    }
}
