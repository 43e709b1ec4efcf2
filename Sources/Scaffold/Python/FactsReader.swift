#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What a line of `facts.py` can be read into.
protocol FactsReadable {
    init(_ facts: inout FactsReader) throws(FactsReader.Malformed)
}

/// Reads a line that `facts.py` printed, one value after the other, straight into the types that it is for.
///
/// `JSONDecoder` first makes a tree of all values and then looks each up by its key, which took longer than Python's
/// parser did. This goes through the bytes once. It reads any JSON without blanks between its parts, which is what
/// `json.dumps` and `JSONSerialization` write.
struct FactsReader {
    /// The line is cut off, or no JSON.
    struct Malformed: Error {}

    private let bytes: UnsafeBufferPointer<UInt8>
    private var next = 0

    private init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The module of a whole line; nil when it is cut off or broken.
    static func module(_ line: UnsafeBufferPointer<UInt8>) -> PythonModule? {
        var facts = FactsReader(line)
        guard let module = try? PythonModule(&facts), facts.next == line.count else { return nil }
        return module
    }

    /// The modules of lines, up to the first that is cut off or broken.
    static func modules(_ output: String) -> [PythonModule] {
        var output = output
        return output.withUTF8 { bytes in
            var modules: [PythonModule] = []
            var start = 0
            while start < bytes.count, let base = bytes.baseAddress,
                let found = memchr(base + start, Int32(UInt8(ascii: "\n")), bytes.count - start)
            {
                let end = UnsafeRawPointer(found) - UnsafeRawPointer(base)
                guard let module = module(UnsafeBufferPointer(rebasing: bytes[start..<end])) else { break }
                modules.append(module)
                start = end + 1
            }
            return modules
        }
    }

    // MARK: - Objects and lists

    /// Begins an object, whose fields ``key()`` then names.
    mutating func open() throws(Malformed) { try expect("{") }

    /// The next field of the open object, whose value has to be read next; nil at the object's end.
    mutating func key() throws(Malformed) -> String? {
        if take("}") { return nil }
        _ = take(",")
        let name = try string()
        try expect(":")
        return name
    }

    mutating func openList() throws(Malformed) { try expect("[") }

    /// Whether an element follows, which then has to be read; at the list's end that is taken.
    mutating func hasNext() throws(Malformed) -> Bool {
        if take("]") { return false }
        _ = take(",")
        guard next < bytes.count else { throw Malformed() }
        return true
    }

    mutating func list<Element: FactsReadable>() throws(Malformed) -> [Element] {
        var elements: [Element] = []
        try openList()
        while try hasNext() { elements.append(try Element(&self)) }
        return elements
    }

    mutating func optional<Element: FactsReadable>() throws(Malformed) -> Element? {
        isNull() ? nil : try Element(&self)
    }

    // MARK: - Plain values

    mutating func isNull() -> Bool { take("null") }

    mutating func bool() throws(Malformed) -> Bool {
        if take("true") { return true }
        try expect("false")
        return false
    }

    mutating func int() throws(Malformed) -> Int { Int(truncatingIfNeeded: try integer()) }

    mutating func integer() throws(Malformed) -> Int64 {
        guard let number = Int64(word()) else { throw Malformed() }
        return number
    }

    mutating func double() throws(Malformed) -> Double {
        guard let number = Double(word()) else { throw Malformed() }
        return number
    }

    mutating func string() throws(Malformed) -> String {
        try expect("\"")
        let start = next
        while next < bytes.count, bytes[next] != UInt8(ascii: "\""), bytes[next] != UInt8(ascii: "\\") { next += 1 }
        guard next < bytes.count else { throw Malformed() }
        let plain = bytes[start..<next]
        if take("\"") { return String(decoding: plain, as: UTF8.self) }
        var text = Array(plain)
        while next < bytes.count {
            let byte = bytes[next]
            next += 1
            switch byte {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try unescape(into: &text)
            default: text.append(byte)
            }
        }
        throw Malformed()
    }

    /// Goes past a value of any kind.
    mutating func skip(depth: Int = 0) throws(Malformed) {
        guard next < bytes.count, depth < 64 else { throw Malformed() }
        switch bytes[next] {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "["):
            try openList()
            while try hasNext() { try skip(depth: depth + 1) }
        case UInt8(ascii: "{"):
            try open()
            while try key() != nil { try skip(depth: depth + 1) }
        default: if word().isEmpty { throw Malformed() }
        }
    }

    // MARK: - Private

    private mutating func take(_ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard bytes.count - next >= count, let base = bytes.baseAddress,
            memcmp(base + next, text.utf8Start, count) == 0
        else { return false }
        next += count
        return true
    }

    private mutating func expect(_ text: StaticString) throws(Malformed) {
        guard take(text) else { throw Malformed() }
    }

    /// A number, `true`, `false` or `null`.
    private mutating func word() -> Substring {
        let start = next
        while next < bytes.count, !",]}".utf8.contains(bytes[next]) { next += 1 }
        return Substring(decoding: bytes[start..<next], as: UTF8.self)
    }

    private mutating func unescape(into text: inout [UInt8]) throws(Malformed) {
        guard next < bytes.count else { throw Malformed() }
        let letter = bytes[next]
        next += 1
        switch letter {
        case UInt8(ascii: "n"): text.append(0x0A)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "r"): text.append(0x0D)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "f"): text.append(0x0C)
        case UInt8(ascii: "u"):
            var code = try hex()
            if (0xD800..<0xDC00).contains(code), take("\\u") {
                let low = try hex()
                guard (0xDC00..<0xE000).contains(low) else { throw Malformed() }
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
            }
            text += Array(String(Unicode.Scalar(code).map(Character.init) ?? "\u{FFFD}").utf8)
        default: text.append(letter)
        }
    }

    private mutating func hex() throws(Malformed) -> UInt32 {
        guard bytes.count - next >= 4,
            let code = UInt32(Substring(decoding: bytes[next..<(next + 4)], as: UTF8.self), radix: 16)
        else { throw Malformed() }
        next += 4
        return code
    }
}

extension String: FactsReadable {
    init(_ facts: inout FactsReader) throws(FactsReader.Malformed) { self = try facts.string() }
}

extension Int: FactsReadable {
    init(_ facts: inout FactsReader) throws(FactsReader.Malformed) { self = try facts.int() }
}
