import Crypto
import Glibc
import Model
import Toolkit

/// Writes a tar archive and hashes it on the way: the same members in the same order give the same bytes.
///
/// The plain `ustar` header, with a `pax` one before it only for what does not fit.
///
/// > Source: POSIX.1-2017, `pax`, "pax Interchange Format" and "ustar Interchange Format".
struct TarWriter: ~Copyable {
    private let path: String
    private let descriptor: Int32
    private var hash = SHA256()
    private var buffer: [UInt8] = []
    /// What is still to come of the content of the member begun last.
    private var owed: Int64 = 0
    private var padding = 0
    private var written: Int64 = 0

    /// Makes the file, which must not be there yet.
    init(path: String) throws(Fault) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Durable.fault(errno, "make", path) }
        buffer.reserveCapacity(Self.bufferSize + 64 << 10)
    }

    deinit { close(descriptor) }

    /// Begins a member; `append` then has to bring as many bytes as it says.
    mutating func begin(_ entry: TarEntry) throws(Fault) {
        precondition(owed == 0, "the member before is not complete")
        let records = Self.paxRecords(of: entry)
        if !records.isEmpty {
            var pax = TarEntry(path: "PaxHeaders/x", kind: .file)
            pax.size = Int64(records.count)
            try put(Self.header(pax, flag: UInt8(ascii: "x")))
            try put(records)
            try put([UInt8](repeating: 0, count: Self.padding(after: Int64(records.count))))
        }
        try put(Self.header(entry, flag: entry.kind.flag))
        owed = entry.size
        padding = Self.padding(after: entry.size)
    }

    /// Goes on with the content of the member begun last.
    mutating func append(_ bytes: ArraySlice<UInt8>) throws(Fault) {
        owed -= Int64(bytes.count)
        precondition(owed >= 0, "more content than the header says")
        try put(bytes)
        if owed == 0, padding > 0 {
            try put([UInt8](repeating: 0, count: padding))
            padding = 0
        }
    }

    /// Ends the archive.
    ///
    /// - Returns: 64 hex digits of its SHA-256, and its size in bytes.
    consuming func finish() throws(Fault) -> (digest: String, size: Int64) {
        precondition(owed == 0, "the last member is not complete")
        try put([UInt8](repeating: 0, count: 1024))
        try flush()
        guard ftruncate(descriptor, off_t(written)) == 0 else { throw Durable.fault(errno, "write", path) }
        return (Hex.text(hash.finalize()), written)
    }

    // MARK: - Private

    private static let bufferSize = 1 << 20

    private mutating func put(_ bytes: some Collection<UInt8>) throws(Fault) {
        buffer.append(contentsOf: bytes)
        if buffer.count >= Self.bufferSize { try flush() }
    }

    private mutating func flush() throws(Fault) {
        hash.update(data: buffer)
        // A hole of a file stays one in the archive.
        if Self.isEmpty(buffer) {
            guard lseek(descriptor, off_t(buffer.count), SEEK_CUR) >= 0 else {
                throw Durable.fault(errno, "write", path)
            }
        } else {
            try FileTree.writeAll(buffer[...], to: descriptor, path)
        }
        written += Int64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Whether all bytes of a large piece are zero.
    static func isEmpty(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { bytes in
            guard bytes.count >= 4096, bytes[0] == 0, let start = bytes.baseAddress else { return false }
            return memcmp(start, start + 1, bytes.count - 1) == 0
        }
    }

    private static func padding(after size: Int64) -> Int { Int((512 - size % 512) % 512) }

    private static func header(_ entry: TarEntry, flag: UInt8) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        let name = entry.kind == .folder ? entry.path + "/" : entry.path
        put(Array(name.utf8), into: &block, at: 0, width: 100)
        put(octal(UInt64(entry.mode & 0o7777), digits: 7), into: &block, at: 100, width: 8)
        put(octal(UInt64(entry.user), digits: 7), into: &block, at: 108, width: 8)
        put(octal(UInt64(entry.group), digits: 7), into: &block, at: 116, width: 8)
        put(octal(UInt64(entry.size), digits: 11), into: &block, at: 124, width: 12)
        put(octal(UInt64(max(0, entry.changed)), digits: 11), into: &block, at: 136, width: 12)
        put(Array("        ".utf8), into: &block, at: 148, width: 8)
        block[156] = flag
        put(Array(entry.target.utf8), into: &block, at: 157, width: 100)
        put(Array("ustar\u{0}00".utf8), into: &block, at: 257, width: 8)
        if entry.kind == .characterDevice || entry.kind == .blockDevice {
            put(octal(UInt64(entry.device.major), digits: 7), into: &block, at: 329, width: 8)
            put(octal(UInt64(entry.device.minor), digits: 7), into: &block, at: 337, width: 8)
        }
        let sum = block.reduce(UInt64(0)) { $0 + UInt64($1) }
        put(octal(sum, digits: 6) + [0, UInt8(ascii: " ")], into: &block, at: 148, width: 8)
        return block
    }

    private static func put(_ bytes: [UInt8], into block: inout [UInt8], at place: Int, width: Int) {
        for (index, byte) in bytes.prefix(width).enumerated() { block[place + index] = byte }
    }

    /// The lowest digits; what has more is in the `pax` header.
    private static func octal(_ value: UInt64, digits: Int) -> [UInt8] {
        (0..<digits).map { UInt8(ascii: "0") + UInt8(value >> (3 * UInt64(digits - 1 - $0)) & 7) }
    }

    private static func paxRecords(of entry: TarEntry) -> [UInt8] {
        var records: [UInt8] = []
        let nameLimit = entry.kind == .folder ? 99 : 100
        if entry.path.utf8.count > nameLimit || !entry.path.utf8.allSatisfy({ $0 < 0x80 }) {
            records += record("path", Array((entry.kind == .folder ? entry.path + "/" : entry.path).utf8))
        }
        if entry.target.utf8.count > 100 || !entry.target.utf8.allSatisfy({ $0 < 0x80 }) {
            records += record("linkpath", Array(entry.target.utf8))
        }
        if entry.size >= 1 << 33 { records += record("size", Array(String(entry.size).utf8)) }
        if entry.user >= 1 << 21 { records += record("uid", Array(String(entry.user).utf8)) }
        if entry.group >= 1 << 21 { records += record("gid", Array(String(entry.group).utf8)) }
        for (name, value) in entry.attributes.sorted(by: { $0.key < $1.key }) {
            records += record("SCHILY.xattr.\(name)", value)
        }
        return records
    }

    /// `<length> <key>=<value>\n`, where the length counts its own digits too.
    private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = Array(" \(key)=".utf8) + value + [UInt8(ascii: "\n")]
        var length = rest.count
        while String(length).utf8.count + rest.count != length { length = String(length).utf8.count + rest.count }
        return Array(String(length).utf8) + rest
    }
}
