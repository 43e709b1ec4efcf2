import Crypto
import Foundation
import Glibc
import Model
import Toolkit

/// Reads a tar archive member by member and hashes it on the way.
///
/// Knows `ustar`, `pax` and the long names and large numbers of GNU tar; trusts nothing that it reads.
///
/// > Source: POSIX.1-2017, `pax`; GNU tar manual, "Basic Tar Format".
struct TarReader: ~Copyable {
    private let name: String
    private let descriptor: Int32
    private var hash = SHA256()
    private var buffer = [UInt8](repeating: 0, count: 256 << 10)
    private var unread = 0..<0
    /// Bytes of the current member's content that nobody has taken yet.
    private var rest: Int64 = 0
    private var padding: Int64 = 0
    private var members = 0

    static let maximumMembers = 2_000_000
    /// Of one `pax` header or long name; Linux allows 64 KiB of extended attributes.
    static let maximumHeader: Int64 = 1 << 20

    init(path: String) throws(Fault) {
        name = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Durable.fault(errno, "open", path) }
    }

    deinit { close(descriptor) }

    /// The next member, or nil at the end; what was not read of the one before is passed over.
    ///
    /// - Throws: ``Fault`` `corrupt` for what is no archive, `unsupported` for kinds of members that no layer needs.
    mutating func next() throws(Fault) -> TarEntry? {
        try skip(rest + padding)
        (rest, padding) = (0, 0)
        var extra = Extra()
        while let block = try block() {
            if block.allSatisfy({ $0 == 0 }) { return nil }
            members += 1
            guard members <= Self.maximumMembers else { throw fault("holds more than \(Self.maximumMembers) members") }
            guard Self.checksumFits(block) else { throw fault("is damaged: a header's checksum is wrong") }
            let size = try number(block[124..<136], "size")
            switch block[156] {
            case UInt8(ascii: "x"):
                guard extra.read(pax: try header(size)) else { throw fault("has a pax header that can't be read") }
            case UInt8(ascii: "g"): _ = try header(size)
            case UInt8(ascii: "L"): extra.path = try header(size).prefix { $0 != 0 }.map { $0 }
            case UInt8(ascii: "K"): extra.target = try header(size).prefix { $0 != 0 }.map { $0 }
            default: return try member(block, size: size, extra)
            }
        }
        return nil
    }

    /// Takes content of the current member.
    ///
    /// - Returns: at most 256 KiB; empty at the member's end.
    mutating func read() throws(Fault) -> ArraySlice<UInt8> {
        guard rest > 0 else { return [] }
        if unread.isEmpty { try fill() }
        guard !unread.isEmpty else { throw fault("ends in the middle") }
        let count = Int(min(Int64(unread.count), rest))
        let piece = buffer[unread.lowerBound..<unread.lowerBound + count]
        unread = unread.lowerBound + count..<unread.upperBound
        rest -= Int64(count)
        return piece
    }

    /// Reads what is left after the last member.
    ///
    /// - Returns: 64 hex digits of the SHA-256 of the whole file.
    consuming func finish() throws(Fault) -> String {
        while true {
            unread = 0..<0
            try fill()
            if unread.isEmpty { return Hex.text(hash.finalize()) }
        }
    }

    // MARK: - Private

    private mutating func fill() throws(Fault) {
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Durable.fault(errno, "read", name) }
            unread = 0..<count
            buffer.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            return
        }
    }

    private mutating func take(_ count: Int) throws(Fault) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            if unread.isEmpty { try fill() }
            guard !unread.isEmpty else { throw fault("ends in the middle") }
            let end = min(unread.lowerBound + count - bytes.count, unread.upperBound)
            bytes.append(contentsOf: buffer[unread.lowerBound..<end])
            unread = end..<unread.upperBound
        }
        return bytes
    }

    private mutating func skip(_ count: Int64) throws(Fault) {
        var left = count
        while left > 0 {
            if unread.isEmpty { try fill() }
            guard !unread.isEmpty else { throw fault("ends in the middle") }
            let step = Int(min(Int64(unread.count), left))
            unread = unread.lowerBound + step..<unread.upperBound
            left -= Int64(step)
        }
    }

    /// The next header; nil at the end of the file, which some writers do without the two blocks of zeros.
    private mutating func block() throws(Fault) -> [UInt8]? {
        if unread.isEmpty { try fill() }
        return unread.isEmpty ? nil : try take(512)
    }

    private mutating func header(_ size: Int64) throws(Fault) -> [UInt8] {
        guard size <= Self.maximumHeader else { throw fault("has a header of \(size) bytes") }
        let bytes = try take(Int(size))
        try skip((512 - size % 512) % 512)
        return bytes
    }

    private mutating func member(_ block: [UInt8], size: Int64, _ extra: Extra) throws(Fault) -> TarEntry {
        guard let kind = TarEntry.Kind(flag: block[156]) else {
            let flag = ConfigNode.quoted(String(Unicode.Scalar(block[156])))
            throw Fault(.unsupported, "the layer \(name) holds a member of the kind \(flag)")
        }
        var entry = TarEntry(path: try path(block, extra), kind: kind)
        entry.mode = UInt32(truncatingIfNeeded: try number(block[100..<108], "mode") & 0o7777)
        entry.user = try owner(block[108..<116], extra.user)
        entry.group = try owner(block[116..<124], extra.group)
        if let changed = extra.changed {
            entry.changed = changed
        } else {
            entry.changed = try number(block[136..<148], "time")
        }
        entry.target = try text(extra.target ?? Array(block[157..<257].prefix { $0 != 0 }))
        entry.attributes = extra.attributes
        if kind == .characterDevice || kind == .blockDevice {
            entry.device.major = UInt32(truncatingIfNeeded: try number(block[329..<337], "device"))
            entry.device.minor = UInt32(truncatingIfNeeded: try number(block[337..<345], "device"))
        }
        if kind == .file {
            entry.size = extra.size ?? size
            rest = entry.size
            padding = (512 - entry.size % 512) % 512
        }  // Some writers give folders and links a size, but never a content.
        return entry
    }

    private func path(_ block: [UInt8], _ extra: Extra) throws(Fault) -> String {
        if let path = extra.path { return try text(path) }
        let name = Array(block[0..<100].prefix { $0 != 0 })
        let isPOSIX = block[257..<263].elementsEqual("ustar\u{0}".utf8)
        let prefix = isPOSIX ? Array(block[345..<500].prefix { $0 != 0 }) : []
        return try text(prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name)
    }

    private func owner(_ field: ArraySlice<UInt8>, _ extra: Int64?) throws(Fault) -> UInt32 {
        let value = if let extra { extra } else { try number(field, "owner") }
        guard let owner = UInt32(exactly: value), owner != .max else { throw fault("names the owner \(value)") }
        return owner
    }

    private func text(_ bytes: [UInt8]) throws(Fault) -> String {
        guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw Fault(.unsupported, "the layer \(name) holds a name that is not UTF-8")
        }
        return text
    }

    /// Octal digits, or GNU's base 256 when the first bit is set.
    private func number(_ field: ArraySlice<UInt8>, _ what: String) throws(Fault) -> Int64 {
        if let first = field.first, first & 0x80 != 0 {
            let value = field.dropFirst().suffix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            let plain = first == 0x80 && field.dropFirst().dropLast(8).allSatisfy { $0 == 0 }
            guard plain, value <= 1 << 50 else { throw fault("has a negative or huge \(what)") }
            return Int64(value)
        }
        let digits = field.drop { $0 == UInt8(ascii: " ") }.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
        if digits.isEmpty { return 0 }
        guard let value = Int64(String(decoding: digits, as: UTF8.self), radix: 8), value >= 0 else {
            throw fault("has a damaged \(what)")
        }
        return value
    }

    private static func checksumFits(_ block: [UInt8]) -> Bool {
        // The checksum's own field counts as blanks.
        let sum = block.reduce(0) { $0 + Int($1) } - block[148..<156].reduce(0) { $0 + Int($1) } + 8 * 32
        let digits = block[148..<156].drop { $0 == UInt8(ascii: " ") }.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
        return Int(String(decoding: digits, as: UTF8.self), radix: 8) == sum
    }

    private func fault(_ what: String) -> Fault { Fault(.corrupt, "the layer \(name) \(what)") }
}
