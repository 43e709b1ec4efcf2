import Glibc

/// Reads numbers from the kernel's small files with as little work as can be: a host with a thousand Machines has
/// thousands of them, asked for every few seconds.
struct KernelNumbers {
    private var bytes: [UInt8]
    private(set) var count = 0

    /// With room for the largest file that is read, in bytes; what is longer is cut off.
    init(room: Int = 16 << 10) {
        bytes = [UInt8](repeating: 0, count: room)
    }

    /// Takes a file in; false when it can't be read.
    mutating func load(_ path: String) -> Bool {
        count = 0
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { break }
            count += got
        }
        return count > 0
    }

    /// The first number of a file that has only that; nil for `max`, and where there is none.
    mutating func one(_ path: String) -> Int64? {
        guard load(path) else { return nil }
        var place = 0
        return number(&place)
    }

    /// All numbers of a line, up to the first word that is none.
    func row(after place: Int) -> [Int64] {
        var place = place
        var row: [Int64] = []
        while let number = number(&place) { row.append(number) }
        return row
    }

    /// Calls `body` with the hash of each line's first word and the number behind it.
    func eachPair(_ body: (_ name: Span, _ value: Int64) -> Void) {
        var place = 0
        while place < count {
            let start = place
            while place < count, bytes[place] > 32 { place += 1 }
            let name = Span(start: start, end: place)
            if let value = number(&place) { body(name, value) }
            while place < count, bytes[place] != 10 { place += 1 }
            place += 1
        }
    }

    /// A word of the file.
    struct Span {
        var start: Int
        var end: Int
    }

    /// Whether a word is that one.
    func matches(_ span: Span, _ word: StaticString) -> Bool {
        guard span.end - span.start == word.utf8CodeUnitCount else { return false }
        return bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return false }
            return memcmp(base.advanced(by: span.start), word.utf8Start, word.utf8CodeUnitCount) == 0
        }
    }

    /// The place behind a word that stands at a line's begin, after blanks.
    func find(_ word: StaticString) -> Int? {
        var place = 0
        while place < count {
            while place < count, bytes[place] == 32 { place += 1 }
            let end = place + word.utf8CodeUnitCount
            if end <= count, matches(Span(start: place, end: end), word) { return end }
            while place < count, bytes[place] != 10 { place += 1 }
            place += 1
        }
        return nil
    }

    /// The number that comes next on the same line.
    private func number(_ place: inout Int) -> Int64? {
        while place < count, bytes[place] == 32 || bytes[place] == 9 { place += 1 }
        var value: UInt64 = 0
        let start = place
        while place < count, (48...57).contains(bytes[place]) {
            value = value &* 10 &+ UInt64(bytes[place] - 48)
            place += 1
        }
        return place > start ? Int64(clamping: value) : nil
    }
}
