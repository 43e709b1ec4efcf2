import Model

extension TOMLParser {
    /// Any value; `depth` is how many tables and arrays it stands in.
    mutating func parseValue(depth: Int) throws(Fault) -> ConfigNode {
        let position = scanner.position
        switch scanner.current {
        case UInt8(ascii: "\""):
            let text = scanner.starts(with: "\"\"\"") ? try parseMultilineBasicString() : try parseBasicString()
            return ConfigNode(.string(text), at: position)
        case UInt8(ascii: "'"):
            let text = scanner.starts(with: "'''") ? try parseMultilineLiteralString() : try parseLiteralString()
            return ConfigNode(.string(text), at: position)
        case UInt8(ascii: "["): return try parseArray(depth: depth)
        case UInt8(ascii: "{"): return try parseInlineTable(depth: depth)
        default: return ConfigNode(try parseWord(), at: position)
        }
    }

    // MARK: - Private

    /// Values with commas between them, over any number of lines, a comma at the end allowed.
    private mutating func parseArray(depth: Int) throws(Fault) -> ConfigNode {
        let position = scanner.position
        try refuseTooDeep(depth, at: position)
        scanner.advance()
        var nodes: [ConfigNode] = []
        while true {
            try skipLines()
            if scanner.take(UInt8(ascii: "]")) { break }
            nodes.append(try parseValue(depth: depth + 1))
            try skipLines()
            if scanner.take(UInt8(ascii: ",")) { continue }
            guard scanner.take(UInt8(ascii: "]")) else { throw scanner.fault("\",\" or \"]\" in the array") }
            break
        }
        return ConfigNode(.array(nodes), at: position)
    }

    /// On one line, without a comma at the end.
    private mutating func parseInlineTable(depth: Int) throws(Fault) -> ConfigNode {
        let position = scanner.position
        try refuseTooDeep(depth, at: position)
        let table = try placed { (tree) throws(TOMLTree.Objection) in try tree.openInline(at: position, depth: depth) }
        scanner.advance()
        scanner.skipBlanks()
        if scanner.take(UInt8(ascii: "}")) { return ConfigNode(.table([]), at: position) }
        while true {
            scanner.skipBlanks()
            if scanner.current == UInt8(ascii: "}") {
                throw scanner.fault("a key", hint: "TOML 1.0 has no comma before the closing brace")
            }
            guard scanner.current != .lineFeed, scanner.current != .carriageReturn else {
                throw scanner.fault("a key", hint: "a table in braces stands on one line")
            }
            try parsePair(into: table)
            scanner.skipBlanks()
            if scanner.take(UInt8(ascii: ",")) { continue }
            guard scanner.take(UInt8(ascii: "}")) else {
                throw scanner.fault("\",\" or \"}\" in the table", hint: "a table in braces stands on one line")
            }
            return tree.node(of: table)
        }
    }

    mutating func skipLines() throws(Fault) {
        repeat {
            scanner.skipBlanks()
            scanner.skipComment()
        } while scanner.takeNewline()
    }

    private func refuseTooDeep(_ depth: Int, at position: ConfigNode.Position) throws(Fault) {
        guard depth > TOML.maximumDepth else { return }
        throw scanner.fault(at: position, TOMLTree.tooDeep(position).message)
    }

    /// True, false, a number or a date: all that has no quotes and no brackets.
    private mutating func parseWord() throws(Fault) -> ConfigNode.Value {
        let position = scanner.position
        let start = scanner.index
        takeWord()
        // A blank may stand for the T between date and time.
        if scanner.index - start == 10, TOMLDateTime.isDate(scanner.text(start..<scanner.index)),
            scanner.current == .space, let next = scanner.peek(1), next.isDigit
        {
            scanner.advance()
            takeWord()
        }
        let word = scanner.text(start..<scanner.index)
        guard !word.isEmpty else { throw scanner.fault("a value") }
        switch word {
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        default: break
        }
        if TOMLDateTime.isValid(word) { return .datetime(word) }
        if let number = TOMLNumber.read(word) {
            guard case .tooLarge = number else { return number.value }
            throw scanner.fault(
                at: position,
                "expected an integer of 64 bits, found \(ConfigNode.quoted(word))"
            )
        }
        let hint = word.utf8.first?.isDigit == true ? nil : "text needs quotes"
        throw scanner.fault(at: position, "expected a value, found \(ConfigNode.quoted(word))", hint: hint)
    }

    private mutating func takeWord() {
        while let byte = scanner.current, byte.isWord { scanner.advance() }
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    /// Whatever can't end a value, so that an error names the whole of a wrong one.
    fileprivate var isWord: Bool {
        switch self {
        case .space, .tab, .lineFeed, .carriageReturn: false
        case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "#"), UInt8(ascii: "="): false
        default: true
        }
    }
}
