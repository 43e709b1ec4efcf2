import Model

/// Goes through a file statement by statement: headers, and keys with their values.
struct TOMLParser {
    var scanner: TOMLScanner
    var tree = TOMLTree()

    init(scanner: TOMLScanner) {
        self.scanner = scanner
    }

    mutating func parse() throws(Fault) -> ConfigNode {
        var table = TOMLTree.root
        while true {
            scanner.skipBlanks()
            switch scanner.current {
            case nil: return tree.node(of: TOMLTree.root)
            case UInt8(ascii: "["):
                table = try parseHeader()
                try endLine(after: "the header")
            case UInt8(ascii: "#"), .lineFeed, .carriageReturn:
                try endLine(after: "the line")
            default:
                try parsePair(into: table)
                try endLine(after: "the value")
            }
        }
    }

    /// `key = value`, with dots in the key or not.
    mutating func parsePair(into table: Int) throws(Fault) {
        let path = try parseKey()
        guard scanner.take(UInt8(ascii: "=")) else { throw scanner.fault("\"=\" after the key") }
        scanner.skipBlanks()
        let depth = tree.depth(of: table) + path.count
        let value = try parseValue(depth: depth)
        try placed { (tree) throws(TOMLTree.Objection) in try tree.set(path, of: table, to: value) }
    }

    /// Turns an objection of the tree into a fault that names the file.
    mutating func placed<Result>(
        _ change: (inout TOMLTree) throws(TOMLTree.Objection) -> Result
    ) throws(Fault) -> Result {
        do throws(TOMLTree.Objection) {
            return try change(&tree)
        } catch {
            throw scanner.fault(at: error.position, error.message)
        }
    }

    // MARK: - Private

    private mutating func parseHeader() throws(Fault) -> Int {
        let position = scanner.position
        scanner.advance()
        let isElement = scanner.take(UInt8(ascii: "["))
        scanner.skipBlanks()
        let path = try parseKey()
        let close = isElement ? "\"]]\"" : "\"]\""
        guard scanner.take(UInt8(ascii: "]")) else { throw scanner.fault("\(close) after the name of the table") }
        if isElement, !scanner.take(UInt8(ascii: "]")) { throw scanner.fault("\(close) after the name of the table") }
        return try placed { (tree) throws(TOMLTree.Objection) in
            try tree.open(path, at: position, isElement: isElement)
        }
    }

    /// Bare or quoted parts with dots between them, and the blanks after.
    mutating func parseKey() throws(Fault) -> [TOMLTree.KeyPart] {
        var parts: [TOMLTree.KeyPart] = []
        repeat {
            scanner.skipBlanks()
            let position = scanner.position
            parts.append(TOMLTree.KeyPart(name: try parseKeyPart(), position: position))
            guard parts.count <= TOML.maximumDepth + 1 else {
                let objection = TOMLTree.tooDeep(position)
                throw scanner.fault(at: objection.position, objection.message)
            }
            scanner.skipBlanks()
        } while scanner.take(UInt8(ascii: "."))
        return parts
    }

    private mutating func parseKeyPart() throws(Fault) -> String {
        switch scanner.current {
        case UInt8(ascii: "\""):
            guard !scanner.starts(with: "\"\"\"") else { throw scanner.fault("a key on one line") }
            return try parseBasicString()
        case UInt8(ascii: "'"):
            guard !scanner.starts(with: "'''") else { throw scanner.fault("a key on one line") }
            return try parseLiteralString()
        default:
            let start = scanner.index
            while let byte = scanner.current, byte.isBareKey { scanner.advance() }
            guard scanner.index > start else {
                throw scanner.fault("a key", hint: "a key with other characters than A-Z a-z 0-9 _ - needs quotes")
            }
            return scanner.text(start..<scanner.index)
        }
    }

    private mutating func endLine(after what: String) throws(Fault) {
        scanner.skipBlanks()
        scanner.skipComment()
        guard scanner.takeNewline() || scanner.current == nil else {
            throw scanner.fault("the end of the line after \(what)")
        }
    }
}

extension UInt8 {
    fileprivate var isBareKey: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
