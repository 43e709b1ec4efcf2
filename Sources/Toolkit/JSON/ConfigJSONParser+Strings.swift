import Model

extension ConfigJSONParser {
    /// In double quotes; the opening one stands at the place.
    mutating func parseString() throws(Fault) -> String {
        let opened = scanner.position
        scanner.advance()
        var bytes: [UInt8] = []
        while let byte = scanner.current {
            switch byte {
            case UInt8(ascii: "\""):
                scanner.advance()
                return String(decoding: bytes, as: UTF8.self)
            case UInt8(ascii: "\\"): try parseEscape(into: &bytes)
            case 0x00...0x1F:
                let place = "\(opened.line):\(opened.column)"
                let hint = "the text begins at \(place); a line end in it is written \\n"
                throw scanner.fault("a closing double quote", hint: hint)
            default:
                bytes.append(byte)
                scanner.advance()
            }
        }
        throw scanner.fault("a closing double quote", hint: "the text begins at \(opened.line):\(opened.column)")
    }

    // MARK: - Private

    private mutating func parseEscape(into bytes: inout [UInt8]) throws(Fault) {
        let position = scanner.position
        scanner.advance()
        let escapes: [UInt8: UInt8] = [
            UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
            UInt8(ascii: "/"): UInt8(ascii: "/"), UInt8(ascii: "b"): 0x08, UInt8(ascii: "f"): 0x0C,
            UInt8(ascii: "n"): .lineFeed, UInt8(ascii: "r"): .carriageReturn, UInt8(ascii: "t"): .tab,
        ]
        if scanner.current == UInt8(ascii: "u") {
            let scalar = try parseScalar(at: position)
            bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            return
        }
        guard let byte = scanner.current, let plain = escapes[byte] else {
            let escapes = "(\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX)"
            throw scanner.fault(
                at: position,
                "expected an escape \(escapes), found a backslash and \(scanner.found)"
            )
        }
        bytes.append(plain)
        scanner.advance()
    }

    /// `uXXXX`, or a pair of them that stands for one character.
    private mutating func parseScalar(at position: ConfigNode.Position) throws(Fault) -> Unicode.Scalar {
        let first = try parseUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        if first < 0xDC00, scanner.starts(with: "\\u") {
            scanner.advance()
            let second = try parseUnit()
            if (0xDC00...0xDFFF).contains(second) {
                let code = 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)
                if let scalar = Unicode.Scalar(code) { return scalar }
            }
        }
        let code = String(first, radix: 16, uppercase: true)
        throw scanner.fault(at: position, "expected a Unicode character, found half of a pair, U+\(code)")
    }

    private mutating func parseUnit() throws(Fault) -> UInt32 {
        scanner.advance()
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = scanner.current, byte < 0x80, let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw scanner.fault("4 hexadecimal digits after the backslash") }
            code = code << 4 | UInt32(digit)
            scanner.advance()
        }
        return code
    }
}
