import Model

/// A place in the bytes of a file, with its line and column.
struct TOMLScanner {
    let bytes: [UInt8]
    let file: String
    private(set) var index = 0
    private(set) var position = ConfigNode.Position(line: 1, column: 1)

    init(bytes: [UInt8], file: String) {
        self.bytes = bytes
        self.file = file
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    /// The byte at the place; nil at the end.
    var current: UInt8? { index < bytes.count ? bytes[index] : nil }

    /// The byte some way ahead; nil past the end.
    func peek(_ distance: Int) -> UInt8? {
        index + distance < bytes.count ? bytes[index + distance] : nil
    }

    func starts(with text: StaticString) -> Bool {
        guard index + text.utf8CodeUnitCount <= bytes.count else { return false }
        return (0..<text.utf8CodeUnitCount).allSatisfy { bytes[index + $0] == text.utf8Start[$0] }
    }

    /// Goes on by one byte; only a byte that begins a character counts as a column.
    mutating func advance() {
        guard let byte = current else { return }
        index += 1
        if byte == .lineFeed {
            position = ConfigNode.Position(line: position.line + 1, column: 1)
        } else if let next = current, next & 0xC0 == 0x80 {
            return
        } else {
            position.column += 1
        }
    }

    mutating func advance(by count: Int) {
        for _ in 0..<count { advance() }
    }

    /// Takes a byte if it is the one.
    mutating func take(_ byte: UInt8) -> Bool {
        guard current == byte else { return false }
        advance()
        return true
    }

    /// Takes a line feed, or a carriage return with a line feed.
    mutating func takeNewline() -> Bool {
        if current == .carriageReturn, peek(1) == .lineFeed { advance() }
        return take(.lineFeed)
    }

    mutating func skipBlanks() {
        while current == .space || current == .tab { advance() }
    }

    mutating func skipComment() {
        guard current == UInt8(ascii: "#") else { return }
        while let byte = current, byte != .lineFeed, byte != .carriageReturn { advance() }
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    // MARK: - Errors

    /// What stands at the place, in words.
    var found: String {
        guard let byte = current else { return "the end of the file" }
        if byte == .lineFeed || byte == .carriageReturn { return "the end of the line" }
        if byte == UInt8(ascii: "\"") { return "a double quote" }
        var end = index + 1
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        return ConfigNode.quoted(text(index..<end))
    }

    func fault(_ expected: String, hint: String? = nil) -> Fault {
        fault(at: position, "expected \(expected), found \(found)", hint: hint)
    }

    func fault(at position: ConfigNode.Position, _ message: String, hint: String? = nil) -> Fault {
        Fault(.invalidConfig, "\(file):\(position.line):\(position.column): \(message)", hint: hint)
    }

    /// Refuses what TOML allows nowhere, so that the parser sees only text.
    func refuseHostileBytes() throws(Fault) {
        var scanner = self
        while let byte = scanner.current {
            switch byte {
            case .tab, .lineFeed: break
            case .carriageReturn:
                guard scanner.peek(1) == .lineFeed else {
                    throw scanner.fault(
                        at: scanner.position,
                        "expected a line feed after the carriage return, found none"
                    )
                }
            case 0x00...0x1F, 0x7F:
                let code = (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
                throw scanner.fault(
                    at: scanner.position,
                    "expected text, found the control character U+00\(code)",
                    hint: byte == 0 ? "the file seems to be binary or UTF-16; save it as UTF-8" : nil
                )
            case 0x80...: try scanner.takeContinuation()
            default: break
            }
            scanner.advance()
        }
    }

    /// Refuses what is no UTF-8.
    func refuseBrokenText() throws(Fault) {
        var scanner = self
        while let byte = scanner.current {
            if byte >= 0x80 { try scanner.takeContinuation() }
            scanner.advance()
        }
    }

    // MARK: - Private

    /// Goes to the last byte of the character at the place.
    private mutating func takeContinuation() throws(Fault) {
        guard let length = Self.scalarLength(bytes[index...].prefix(4)) else {
            throw fault(
                at: position,
                "expected UTF-8, found the byte 0x\(String(bytes[index], radix: 16, uppercase: true))",
                hint: "save the file as UTF-8"
            )
        }
        advance(by: length - 1)
    }

    /// Bytes of the well-formed character at the start; nil when it is none.
    private static func scalarLength(_ bytes: ArraySlice<UInt8>) -> Int? {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
        return UTF8.width(scalar)
    }
}

extension UInt8 {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
}
