package import Model

/// Reads numbers as apps write them for Prometheus.
///
/// Exemplars, times and units are passed over. A page that is cut off is none: its last line has no end.
///
/// > Source: Prometheus, "Exposition formats", text-based format 0.0.4; OpenMetrics 1.0 as far as it is the same.
package struct ExpositionReader {
    /// What is kept of a page.
    package struct Limits: Sendable {
        package var samples = 10_000
        package var labels = 64
        /// Bytes of a name, or of a label's value.
        package var text = 1024

        package init() {}
    }

    /// Reads a whole page.
    ///
    /// - Throws: ``Fault`` `invalidRequest` that names the line.
    package static func read(_ bytes: [UInt8], limits: Limits = Limits()) throws(Fault) -> ScrapedPage {
        var reader = ExpositionReader(limits: limits)
        guard bytes.isEmpty || bytes.last == 10 else {
            throw Fault(.invalidRequest, "the last line has no end: the page was cut off")
        }
        for (number, line) in bytes.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
            do throws(Wrong) {
                try reader.take(line)
            } catch {
                let shown = String(decoding: line.prefix(80), as: UTF8.self)
                throw Fault(.invalidRequest, "line \(number + 1): \(error.what): \(ConfigNode.quoted(shown))")
            }
        }
        return reader.page
    }

    // MARK: - Private

    private struct Wrong: Error {
        var what: String
    }

    private let limits: Limits
    private var page = ScrapedPage()
    private var places: [String: Int] = [:]
    private var kept = 0

    private init(limits: Limits) { self.limits = limits }

    private mutating func take(_ line: ArraySlice<UInt8>) throws(Wrong) {
        var cursor = Cursor(rest: line.last == 13 ? line.dropLast() : line)
        cursor.skipBlanks()
        guard let first = cursor.rest.first else { return }
        if first == 35 { return try note(&cursor) }
        let name = try cursor.name()
        var labels: [ScrapedPage.Label] = []
        cursor.skipBlanks()
        if cursor.rest.first == 123 { labels = try cursor.labels() }
        cursor.skipBlanks()
        let value = cursor.word()
        guard Self.isNumber(value) else { throw Wrong(what: "expected a number") }
        cursor.skipBlanks()
        // A time, and an exemplar; both are nothing to a reader that looks now.
        if let next = cursor.rest.first, next != 35 {
            guard Double(cursor.word()) != nil else { throw Wrong(what: "expected a time in milliseconds") }
            cursor.skipBlanks()
            guard cursor.rest.isEmpty || cursor.rest.first == 35 else { throw Wrong(what: "expected the line's end") }
        }
        let place = place(of: name)
        let isShort = name.utf8.count <= limits.text && labels.allSatisfy { $0.value.utf8.count <= limits.text }
        guard kept < limits.samples, labels.count <= limits.labels, isShort else {
            page.omitted += 1
            return
        }
        kept += 1
        page.families[place].samples.append(.init(name: name, labels: labels, value: value))
    }

    /// `# HELP`, `# TYPE`, or a comment.
    private mutating func note(_ cursor: inout Cursor) throws(Wrong) {
        cursor.rest = cursor.rest.dropFirst()
        cursor.skipBlanks()
        let word = cursor.word()
        guard word == "HELP" || word == "TYPE" else { return }
        cursor.skipBlanks()
        let name = try cursor.name()
        cursor.skipBlanks()
        let rest = String(decoding: cursor.rest, as: UTF8.self)
        // Families cost memory even without numbers.
        guard page.families.count < limits.samples, name.utf8.count <= limits.text else { return }
        let place = begin(name)
        if word == "TYPE" {
            page.families[place].kind = Metric.Kind(rawValue: rest.prefix { $0 != " " }.lowercased()) ?? .untyped
        } else {
            page.families[place].help = String(Self.unescaped(rest).prefix(limits.text))
        }
    }

    private mutating func begin(_ name: String) -> Int {
        if let place = places[name] { return place }
        places[name] = page.families.count
        page.families.append(.init(name: name, kind: .untyped, help: ""))
        return page.families.count - 1
    }

    /// The family that a number belongs to: of its own name, or that of the histogram or summary it is a part of.
    private mutating func place(of name: String) -> Int {
        if let place = places[name] { return place }
        for suffix in ["_bucket", "_sum", "_count", "_total"] where name.hasSuffix(suffix) {
            guard let place = places[String(name.dropLast(suffix.count))] else { continue }
            let kind = page.families[place].kind
            if suffix == "_total" {
                // OpenMetrics names the family of a counter without it.
                guard kind == .counter else { continue }
                let family = page.families[place]
                let own = begin(name)
                (page.families[own].kind, page.families[own].help) = (family.kind, family.help)
                return own
            }
            if kind == .histogram || (kind == .summary && suffix != "_bucket") { return place }
        }
        return begin(name)
    }

    private static func unescaped(_ text: String) -> String {
        guard text.contains("\\") else { return text }
        return text.replacing("\\n", with: "\n").replacing("\\\\", with: "\\")
    }

    /// What Go's `strconv.ParseFloat` takes, but for what no program writes.
    private static func isNumber(_ text: String) -> Bool {
        guard text.utf8.count <= 64 else { return false }
        let plain = text.drop { $0 == "+" || $0 == "-" }
        guard text.utf8.count - plain.utf8.count <= 1 else { return false }
        if ["nan", "inf", "infinity"].contains(plain.lowercased()) { return true }
        return plain.utf8.allSatisfy { (48...57).contains($0) || [43, 45, 46, 69, 101].contains($0) }
            && Double(text) != nil
    }

    /// What is left of a line.
    private struct Cursor {
        var rest: ArraySlice<UInt8>

        mutating func skipBlanks() { rest = rest.drop { $0 == 32 || $0 == 9 } }

        mutating func word() -> String {
            let word = rest.prefix { $0 != 32 && $0 != 9 }
            rest = rest[word.endIndex...]
            return String(decoding: word, as: UTF8.self)
        }

        mutating func name() throws(Wrong) -> String {
            let name = rest.prefix { byte in
                switch byte {
                case 48...57, 65...90, 97...122, 95, 58: true
                default: false
                }
            }
            guard let first = name.first, !(48...57).contains(first) else { throw Wrong(what: "expected a name") }
            rest = rest[name.endIndex...]
            return String(decoding: name, as: UTF8.self)
        }

        mutating func labels() throws(Wrong) -> [ScrapedPage.Label] {
            rest = rest.dropFirst()
            var labels: [ScrapedPage.Label] = []
            while true {
                skipBlanks()
                if rest.first == 125 {
                    rest = rest.dropFirst()
                    return labels
                }
                let name = try name()
                guard !name.contains(":"), !labels.contains(where: { $0.name == name }) else {
                    throw Wrong(what: "label \(name) can't be there")
                }
                skipBlanks()
                try expect(61, "=")
                skipBlanks()
                labels.append(.init(name: name, value: try value()))
                skipBlanks()
                if rest.first != 125 { try expect(44, ",") }
            }
        }

        private mutating func value() throws(Wrong) -> String {
            try expect(34, "\"")
            var bytes: [UInt8] = []
            while let byte = rest.popFirst() {
                if byte == 34 { return String(decoding: bytes, as: UTF8.self) }
                guard byte == 92 else {
                    bytes.append(byte)
                    continue
                }
                switch rest.popFirst() {
                case 110: bytes.append(10)
                case let next?: bytes.append(next)
                case nil: break
                }
            }
            throw Wrong(what: "a label's value has no end")
        }

        private mutating func expect(_ byte: UInt8, _ shown: String) throws(Wrong) {
            guard rest.first == byte else { throw Wrong(what: "expected \(shown)") }
            rest = rest.dropFirst()
        }
    }
}
