import Model

/// The statements of a TOML file with their places in its bytes: what ``TOMLEditor`` changes text by.
struct TOMLOutline {
    /// A header or a pair, with the lines that it stands on.
    struct Statement {
        var kind: Kind
        /// From the root, the elements of arrays by index.
        var path: ConfigPath
        /// Whole lines, the end of the last one included.
        var lines: Range<Int>
        /// Blanks before it.
        var indent: String

        enum Kind {
            case header(isElement: Bool)
            case pair(Inline)
        }

        var value: Inline? {
            guard case .pair(let value) = kind else { return nil }
            return value
        }

        var isHeader: Bool { value == nil }
    }

    /// A value and the values in it.
    struct Inline {
        var range: Range<Int>
        var content: Content

        indirect enum Content {
            case scalar
            case array([Inline])
            case table([Pair])
        }

        /// A pair of a table in braces.
        struct Pair {
            var key: [ConfigPath.Part]
            var range: Range<Int>
            var value: Inline
        }
    }

    private(set) var statements: [Statement] = []

    /// Takes a file that parses.
    init(_ bytes: [UInt8], file: String) throws(Fault) {
        var parser = TOMLParser(scanner: TOMLScanner(bytes: bytes, file: file))
        var counts: [ConfigPath: Int] = [:]
        var table: ConfigPath = []
        while parser.scanner.current != nil {
            let start = parser.scanner.index
            parser.scanner.skipBlanks()
            let indent = parser.scanner.text(start..<parser.scanner.index)
            let kind: Statement.Kind
            let path: ConfigPath
            switch parser.scanner.current {
            case nil, UInt8(ascii: "#"), .lineFeed, .carriageReturn:
                Self.endLine(&parser.scanner)
                continue
            case UInt8(ascii: "["):
                parser.scanner.advance()
                let isElement = parser.scanner.take(UInt8(ascii: "["))
                table = Self.resolve(try parser.parseKey().map(\.name), isElement, &counts)
                kind = .header(isElement: isElement)
                path = table
            default:
                path = table + (try parser.parseKey().map { .key($0.name) })
                _ = parser.scanner.take(UInt8(ascii: "="))
                parser.scanner.skipBlanks()
                kind = .pair(try Self.inline(&parser))
            }
            Self.endLine(&parser.scanner)
            let lines = start..<parser.scanner.index
            statements.append(Statement(kind: kind, path: path, lines: lines, indent: indent))
        }
    }

    /// The last statement that is the thing at a path or stands in it.
    func last(in path: ConfigPath) -> Statement? {
        statements.last { $0.path.hasPrefix(path) }
    }

    /// The last pair of the section that a header opens; the header itself when there is none.
    func lastOfSection(_ header: Int) -> Statement {
        let section = statements[(header + 1)...].prefix { !$0.isHeader }
        return section.last ?? statements[header]
    }

    // MARK: - Private

    /// The path of a header: a name on the way that is an array means its newest element.
    private static func resolve(_ names: [String], _ isElement: Bool, _ counts: inout [ConfigPath: Int]) -> ConfigPath {
        var path: ConfigPath = []
        for (offset, name) in names.enumerated() {
            path.parts.append(.key(name))
            if offset < names.count - 1 {
                if let count = counts[path] { path.parts.append(.index(count - 1)) }
            } else if isElement {
                let count = counts[path] ?? 0
                counts[path] = count + 1
                path.parts.append(.index(count))
            }
        }
        return path
    }

    private static func inline(_ parser: inout TOMLParser) throws(Fault) -> Inline {
        let start = parser.scanner.index
        let content: Inline.Content
        switch parser.scanner.current {
        case UInt8(ascii: "["):
            parser.scanner.advance()
            var items: [Inline] = []
            try parser.skipLines()
            while !parser.scanner.take(UInt8(ascii: "]")) {
                items.append(try inline(&parser))
                try parser.skipLines()
                _ = parser.scanner.take(UInt8(ascii: ","))
                try parser.skipLines()
            }
            content = .array(items)
        case UInt8(ascii: "{"):
            parser.scanner.advance()
            var pairs: [Inline.Pair] = []
            parser.scanner.skipBlanks()
            while !parser.scanner.take(UInt8(ascii: "}")) {
                let pair = parser.scanner.index
                let key = try parser.parseKey().map { ConfigPath.Part.key($0.name) }
                _ = parser.scanner.take(UInt8(ascii: "="))
                parser.scanner.skipBlanks()
                let value = try inline(&parser)
                pairs.append(Inline.Pair(key: key, range: pair..<parser.scanner.index, value: value))
                parser.scanner.skipBlanks()
                _ = parser.scanner.take(UInt8(ascii: ","))
                parser.scanner.skipBlanks()
            }
            content = .table(pairs)
        default:
            _ = try parser.parseValue(depth: 0)
            content = .scalar
        }
        return Inline(range: start..<parser.scanner.index, content: content)
    }

    private static func endLine(_ scanner: inout TOMLScanner) {
        while let byte = scanner.current, byte != .lineFeed { scanner.advance() }
        _ = scanner.take(.lineFeed)
    }
}
