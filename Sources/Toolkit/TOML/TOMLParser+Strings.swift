import Model

extension TOMLParser {
    /// In double quotes, with escapes, on one line.
    mutating func parseBasicString() throws(Fault) -> String {
        let opened = scanner.position
        scanner.advance()
        var bytes: [UInt8] = []
        while let byte = scanner.current, byte != .lineFeed, byte != .carriageReturn {
            switch byte {
            case UInt8(ascii: "\""):
                scanner.advance()
                return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"):
                try parseEscape(into: &bytes)
            default:
                bytes.append(byte)
                scanner.advance()
            }
        }
        throw unclosed("a closing double quote", opened)
    }

    /// In single quotes, without escapes, on one line.
    mutating func parseLiteralString() throws(Fault) -> String {
        let opened = scanner.position
        scanner.advance()
        let start = scanner.index
        while let byte = scanner.current, byte != .lineFeed, byte != .carriageReturn {
            if byte == UInt8(ascii: "'") {
                defer { scanner.advance() }
                return scanner.text(start..<scanner.index)
            }
            scanner.advance()
        }
        throw unclosed("a closing single quote", opened)
    }

    mutating func parseMultilineBasicString() throws(Fault) -> String {
        let opened = scanner.position
        scanner.advance(by: 3)
        _ = scanner.takeNewline()
        var bytes: [UInt8] = []
        while let byte = scanner.current {
            switch byte {
            case UInt8(ascii: "\""):
                if takeClosing(byte, into: &bytes) { return String(decoding: bytes, as: UTF8.self) }
            case UInt8(ascii: "\\"):
                if !takeLineContinuation() { try parseEscape(into: &bytes) }
            default:
                takeTextByte(byte, into: &bytes)
            }
        }
        throw unclosed("three closing double quotes", opened)
    }

    mutating func parseMultilineLiteralString() throws(Fault) -> String {
        let opened = scanner.position
        scanner.advance(by: 3)
        _ = scanner.takeNewline()
        var bytes: [UInt8] = []
        while let byte = scanner.current {
            if byte == UInt8(ascii: "'") {
                if takeClosing(byte, into: &bytes) { return String(decoding: bytes, as: UTF8.self) }
            } else {
                takeTextByte(byte, into: &bytes)
            }
        }
        throw unclosed("three closing single quotes", opened)
    }

    // MARK: - Private

    private func unclosed(_ expected: String, _ opened: ConfigNode.Position) -> Fault {
        scanner.fault(expected, hint: "the text begins at \(opened.line):\(opened.column)")
    }

    /// A line ends in a line feed alone, whatever system the file was written on.
    private mutating func takeTextByte(_ byte: UInt8, into bytes: inout [UInt8]) {
        if byte != .carriageReturn { bytes.append(byte) }
        scanner.advance()
    }

    /// Three quotes close; one or two more before them belong to the text, and so do fewer than three.
    private mutating func takeClosing(_ quote: UInt8, into bytes: inout [UInt8]) -> Bool {
        var count = 0
        while count < 5, scanner.take(quote) { count += 1 }
        let inText = count < 3 ? count : count - 3
        bytes.append(contentsOf: repeatElement(quote, count: inText))
        return count >= 3
    }

    /// A backslash at the end of a line takes all blanks and line ends after it along.
    private mutating func takeLineContinuation() -> Bool {
        var ahead = scanner
        ahead.advance()
        ahead.skipBlanks()
        guard ahead.takeNewline() else { return false }
        repeat { ahead.skipBlanks() } while ahead.takeNewline()
        scanner = ahead
        return true
    }

    private mutating func parseEscape(into bytes: inout [UInt8]) throws(Fault) {
        let position = scanner.position
        scanner.advance()
        let byte = scanner.current
        switch byte {
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "t"): bytes.append(.tab)
        case UInt8(ascii: "n"): bytes.append(.lineFeed)
        case UInt8(ascii: "f"): bytes.append(0x0C)
        case UInt8(ascii: "r"): bytes.append(.carriageReturn)
        case UInt8(ascii: "\""): bytes.append(UInt8(ascii: "\""))
        case UInt8(ascii: "\\"): bytes.append(UInt8(ascii: "\\"))
        case UInt8(ascii: "u"): return try parseUnicodeEscape(digits: 4, at: position, into: &bytes)
        case UInt8(ascii: "U"): return try parseUnicodeEscape(digits: 8, at: position, into: &bytes)
        default:
            throw scanner.fault(
                at: position,
                "expected an escape (\\b \\t \\n \\f \\r \\\" \\\\ \\uXXXX \\UXXXXXXXX), found a backslash and \(scanner.found)",
                hint: "in single quotes a backslash is itself"
            )
        }
        scanner.advance()
    }

    private mutating func parseUnicodeEscape(
        digits: Int,
        at position: ConfigNode.Position,
        into bytes: inout [UInt8]
    ) throws(Fault) {
        scanner.advance()
        var code: UInt32 = 0
        for _ in 0..<digits {
            guard let byte = scanner.current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80
            else {
                throw scanner.fault("\(digits) hexadecimal digits after the backslash")
            }
            code = code << 4 | UInt32(digit)
            scanner.advance()
        }
        guard let scalar = Unicode.Scalar(code) else {
            throw scanner.fault(
                at: position,
                "expected a Unicode character, found U+\(String(code, radix: 16, uppercase: true))"
            )
        }
        bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    }
}
