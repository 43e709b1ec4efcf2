import Model

/// Goes through JSON value by value.
struct ConfigJSONParser {
    var scanner: TOMLScanner

    mutating func parse() throws(Fault) -> ConfigNode {
        skipSpace()
        let position = scanner.position
        let root = try parseValue(depth: 0) ?? ConfigNode(.string(""), at: position)
        skipSpace()
        guard scanner.current == nil else { throw scanner.fault("the end of the file after the value") }
        return root
    }

    // MARK: - Private

    /// Any value, nil for null; `depth` is how many objects and arrays it stands in.
    private mutating func parseValue(depth: Int) throws(Fault) -> ConfigNode? {
        let position = scanner.position
        switch scanner.current {
        case UInt8(ascii: "\""): return ConfigNode(.string(try parseString()), at: position)
        case UInt8(ascii: "{"): return try parseObject(depth: depth)
        case UInt8(ascii: "["): return try parseArray(depth: depth)
        default: break
        }
        let start = scanner.index
        while let byte = scanner.current, byte.isJSONWord { scanner.advance() }
        let word = scanner.text(start..<scanner.index)
        switch word {
        case "true": return ConfigNode(.boolean(true), at: position)
        case "false": return ConfigNode(.boolean(false), at: position)
        case "null": return nil
        case "": throw scanner.fault("a value")
        default: return ConfigNode(try number(word, at: position), at: position)
        }
    }

    private mutating func parseObject(depth: Int) throws(Fault) -> ConfigNode {
        let position = scanner.position
        try refuseTooDeep(depth, at: position)
        scanner.advance()
        var entries: [ConfigNode.Entry] = []
        // By bytes, as in TOML: a composed and a decomposed letter are two keys, though `String` calls them equal.
        var places: [[UInt8]: ConfigNode.Position] = [:]
        skipSpace()
        if scanner.take(UInt8(ascii: "}")) { return ConfigNode(.table([]), at: position) }
        while true {
            skipSpace()
            let keyPosition = scanner.position
            guard scanner.current == UInt8(ascii: "\"") else { throw scanner.fault("a key in double quotes") }
            let key = try parseString()
            if let earlier = places.updateValue(keyPosition, forKey: Array(key.utf8)) {
                let place = "\(earlier.line):\(earlier.column)"
                let found = "found \(ConfigNode.quoted(key)) again, which is there since \(place)"
                throw scanner.fault(at: keyPosition, "expected a new key, \(found)")
            }
            skipSpace()
            guard scanner.take(UInt8(ascii: ":")) else { throw scanner.fault("\":\" after the key") }
            skipSpace()
            if let node = try parseValue(depth: depth + 1) {
                entries.append(ConfigNode.Entry(key: key, keyPosition: keyPosition, node: node))
            }
            skipSpace()
            if scanner.take(UInt8(ascii: ",")) { continue }
            guard scanner.take(UInt8(ascii: "}")) else { throw scanner.fault("\",\" or \"}\" after the value") }
            return ConfigNode(.table(entries), at: position)
        }
    }

    private mutating func parseArray(depth: Int) throws(Fault) -> ConfigNode {
        let position = scanner.position
        try refuseTooDeep(depth, at: position)
        scanner.advance()
        var nodes: [ConfigNode] = []
        skipSpace()
        if scanner.take(UInt8(ascii: "]")) { return ConfigNode(.array([]), at: position) }
        while true {
            skipSpace()
            let place = scanner.position
            nodes.append(try parseValue(depth: depth + 1) ?? ConfigNode(.string(""), at: place))
            skipSpace()
            if scanner.take(UInt8(ascii: ",")) { continue }
            guard scanner.take(UInt8(ascii: "]")) else { throw scanner.fault("\",\" or \"]\" after the value") }
            return ConfigNode(.array(nodes), at: position)
        }
    }

    private func refuseTooDeep(_ depth: Int, at position: ConfigNode.Position) throws(Fault) {
        guard depth >= ConfigJSON.maximumDepth else { return }
        let most = ConfigJSON.maximumDepth
        throw scanner.fault(at: position, "expected at most \(most) levels of nesting, found more")
    }

    private mutating func skipSpace() {
        while let byte = scanner.current, [.space, .tab, .lineFeed, .carriageReturn].contains(byte) {
            scanner.advance()
        }
    }

    private func number(_ word: String, at position: ConfigNode.Position) throws(Fault) -> ConfigNode.Value {
        let digits = word.hasPrefix("-") ? word.dropFirst() : word[...]
        let whole = digits.prefix(while: \.isDigit)
        let isNumber = !whole.isEmpty && (whole == "0" || !whole.hasPrefix("0"))
        let tail = digits.dropFirst(whole.count)
        guard isNumber, Self.isTail(tail) else {
            let hint = word.first.map { $0.isLetter } == true ? "text needs double quotes" : nil
            throw scanner.fault(at: position, "expected a value, found \(ConfigNode.quoted(word))", hint: hint)
        }
        if tail.isEmpty {
            if let number = Int64(word) { return .integer(number) }
        } else if let number = Double(word), number.isFinite {
            return .float(number)
        }
        throw scanner.fault(at: position, "expected a number of 64 bits, found \(ConfigNode.quoted(word))")
    }

    /// A fraction, an exponent, or both.
    private static func isTail(_ text: Substring) -> Bool {
        var rest = text
        if rest.first == "." {
            let fraction = rest.dropFirst().prefix(while: \.isDigit)
            guard !fraction.isEmpty else { return false }
            rest = rest.dropFirst(1 + fraction.count)
        }
        guard let letter = rest.first else { return true }
        guard letter == "e" || letter == "E" else { return false }
        rest = rest.dropFirst()
        if rest.first == "+" || rest.first == "-" { rest = rest.dropFirst() }
        return !rest.isEmpty && rest.allSatisfy(\.isDigit)
    }
}

extension Character {
    fileprivate var isDigit: Bool { isASCII && isNumber }
}

extension UInt8 {
    /// Whatever can't end a word or a number, so that an error names the whole of a wrong one.
    fileprivate var isJSONWord: Bool {
        switch self {
        case .space, .tab, .lineFeed, .carriageReturn: false
        case UInt8(ascii: ","), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ":"): false
        case UInt8(ascii: "["), UInt8(ascii: "{"), UInt8(ascii: "\""): false
        default: true
        }
    }
}
