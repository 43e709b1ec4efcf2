extension JSONValue {
    /// How deep objects and arrays may stand in each other.
    package static let maximumDepth = 64

    /// Reads one JSON text.
    ///
    /// A key that stands twice counts as its last one, as in most readers.
    ///
    /// - Parameters:
    ///   - bytes: UTF-8.
    ///   - what: names the text in errors: "request body".
    /// - Returns: the value at the top.
    /// - Throws: ``Fault`` `invalidRequest` with the byte at which it goes wrong.
    ///
    /// > Source: RFC 8259.
    package static func parse(_ bytes: some Collection<UInt8>, what: String) throws(Fault) -> JSONValue {
        var parser = JSONParser(bytes: Array(bytes), what: what)
        return try parser.parse()
    }

    /// JSON with sorted keys and no spaces.
    package var text: String {
        var out = ""
        write(to: &out)
        return out
    }

    /// Adds its text to what stands there.
    package func write(to out: inout String) {
        switch self {
        case .null: out += "null"
        case .bool(let flag): out += flag ? "true" : "false"
        case .int(let number): out += String(number)
        case .double(let number): out += number.isFinite ? "\(number)" : "null"
        case .string(let text): Self.quote(text, to: &out)
        case .array(let items):
            out += "["
            for (index, item) in items.enumerated() {
                if index > 0 { out += "," }
                item.write(to: &out)
            }
            out += "]"
        case .object(let members):
            out += "{"
            for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { out += "," }
                Self.quote(member.key, to: &out)
                out += ":"
                member.value.write(to: &out)
            }
            out += "}"
        }
    }

    private static func quote(_ text: String, to out: inout String) {
        out += "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            default:
                if scalar.value < 32 {
                    let digits = String(scalar.value, radix: 16)
                    out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        out += "\""
    }
}

/// Reads JSON without going deeper than it may.
private struct JSONParser {
    let bytes: [UInt8]
    let what: String
    private var index = 0
    private var depth = 0

    init(bytes: [UInt8], what: String) {
        self.bytes = bytes
        self.what = what
    }

    mutating func parse() throws(Fault) -> JSONValue {
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw Fault(.invalidRequest, "\(what): not UTF-8")
        }
        let value = try value()
        skipSpace()
        guard index == bytes.count else { throw wrong("expected the end") }
        return value
    }

    // MARK: - Private

    private func wrong(_ text: String) -> Fault {
        let found = index < bytes.count ? "byte \(index + 1)" : "its end"
        return Fault(.invalidRequest, "\(what): not JSON: \(text) at \(found)")
    }

    private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { index += 1 }
    }

    private mutating func value() throws(Fault) -> JSONValue {
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try nested { parser throws(Fault) in try parser.members() }
        case UInt8(ascii: "["): return try nested { parser throws(Fault) in try parser.items() }
        case UInt8(ascii: "\""): return .string(try text())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(
        _ body: (inout JSONParser) throws(Fault) -> JSONValue
    ) throws(Fault) -> JSONValue {
        depth += 1
        guard depth <= JSONValue.maximumDepth else {
            throw wrong("expected at most \(JSONValue.maximumDepth) levels")
        }
        index += 1
        let value = try body(&self)
        depth -= 1
        return value
    }

    private mutating func members() throws(Fault) -> JSONValue {
        var members: [String: JSONValue] = [:]
        skipSpace()
        if take("}") { return .object(members) }
        while true {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw wrong("expected a key") }
            let name = try text()
            skipSpace()
            guard take(":") else { throw wrong("expected \":\"") }
            members[name] = try value()
            skipSpace()
            if take("}") { return .object(members) }
            guard take(",") else { throw wrong("expected \",\" or \"}\"") }
        }
    }

    private mutating func items() throws(Fault) -> JSONValue {
        var items: [JSONValue] = []
        skipSpace()
        if take("]") { return .array(items) }
        while true {
            items.append(try value())
            skipSpace()
            if take("]") { return .array(items) }
            guard take(",") else { throw wrong("expected \",\" or \"]\"") }
        }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(Fault) -> JSONValue {
        let expected = text.withUTF8Buffer { Array($0) }
        guard bytes[index...].starts(with: expected) else { throw wrong("expected a value") }
        index += expected.count
        return value
    }

    private mutating func number() throws(Fault) -> JSONValue {
        let start = index
        let signs = Array("+-.eE0123456789".utf8)
        while let byte = current, signs.contains(byte) { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        let digits = text.hasPrefix("-") ? text.dropFirst() : Substring(text)
        let second = digits.dropFirst().first
        guard let first = digits.first, first.isNumber, first != "0" || second?.isNumber != true else {
            index = start
            throw wrong("expected a value")
        }
        if let number = Int64(text) { return .int(number) }
        guard let number = Double(text), number.isFinite, !text.hasSuffix(".") else {
            index = start
            throw wrong("expected a number")
        }
        return .double(number)
    }

    private mutating func text() throws(Fault) -> String {
        index += 1
        var out: [UInt8] = []
        while let byte = current {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: out, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(to: &out)
            case 0..<32: throw wrong("expected no control character in a string")
            default: out.append(byte)
            }
        }
        throw wrong("expected the end of a string")
    }

    private mutating func escape(to out: inout [UInt8]) throws(Fault) {
        guard let byte = current else { throw wrong("expected an escape") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
        case UInt8(ascii: "b"): out.append(8)
        case UInt8(ascii: "f"): out.append(12)
        case UInt8(ascii: "n"): out.append(10)
        case UInt8(ascii: "r"): out.append(13)
        case UInt8(ascii: "t"): out.append(9)
        case UInt8(ascii: "u"):
            var unit = try hex()
            if (0xD800..<0xDC00).contains(unit), current == UInt8(ascii: "\\"), index + 1 < bytes.count,
                bytes[index + 1] == UInt8(ascii: "u")
            {
                index += 2
                let low = try hex()
                unit = (0xDC00..<0xE000).contains(low) ? 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00) : 0xFFFD
            }
            // Half a pair alone is no character.
            let scalar = Unicode.Scalar(unit) ?? "\u{FFFD}"
            out.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw wrong("expected an escape")
        }
    }

    private mutating func hex() throws(Fault) -> UInt32 {
        guard index + 4 <= bytes.count,
            let unit = UInt32(String(decoding: bytes[index..<(index + 4)], as: UTF8.self), radix: 16)
        else { throw wrong("expected four hex digits") }
        index += 4
        return unit
    }
}
