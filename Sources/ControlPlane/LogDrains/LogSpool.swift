import Foundation
import Glibc
import Model
import Toolkit

/// Lines that were read of Machines' logs and are not everywhere yet: files of lines, each named for where it begins.
///
/// Where a line stands is told in bytes of all that was ever kept, so one number is enough to know who has what.
struct LogSpool {
    private struct Segment {
        var start: Int64
        var count: Int64
        var end: Int64 { start + count }
    }

    private let folder: String
    private let limit: Int64
    /// Oldest first; the last one is written to.
    private var segments: [Segment] = []
    /// Bytes of a file after which the next one is begun.
    private let segmentLimit: Int64

    /// Takes up what an earlier daemon has left; a last line that was not written whole is cut off: it is read once more.
    ///
    /// - Throws: ``Fault`` `io` or `diskFull` when the folder can't be made or read.
    init(folder: String, limit: Int64, segmentLimit: Int64 = 4 << 20) throws {
        (self.folder, self.limit, self.segmentLimit) = (folder, limit, segmentLimit)
        try Durable.makeFolder(folder, mode: 0o700)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        for start in names.filter({ $0.hasSuffix(Self.suffix) }).compactMap({ Int64($0.dropLast(6)) }).sorted() {
            segments.append(Segment(start: start, count: try Self.mended(path(start))))
        }
    }

    private static let suffix = ".lines"

    /// Where the oldest line stands.
    var start: Int64 { segments.first?.start ?? 0 }
    /// Where the next line will stand.
    var end: Int64 { segments.last?.end ?? 0 }
    /// Bytes that are kept.
    var count: Int64 { end - start }

    /// Adds lines, all or none of them.
    ///
    /// - Throws: ``Fault`` `diskFull` or `io`.
    mutating func append(_ entries: [LogEntry]) throws {
        guard !entries.isEmpty else { return }
        if segments.last.map({ $0.count >= segmentLimit }) ?? true { segments.append(Segment(start: end, count: 0)) }
        let place = segments.count - 1
        let path = path(segments[place].start)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Durable.fault(errno, "open", path) }
        defer { close(descriptor) }
        let bytes = Array(entries.map { $0.record + "\n" }.joined().utf8)
        var written = 0
        while written < bytes.count {
            let got = bytes.withUnsafeBytes {
                write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
            }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else {
                let fault = Durable.fault(errno, "write to", path)
                ftruncate(descriptor, off_t(segments[place].count))
                throw fault
            }
            written += got
        }
        segments[place].count += Int64(bytes.count)
    }

    /// Has the disk keep what was added.
    func sync() throws {
        guard let last = segments.last else { return }
        let path = path(last.start)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        // One that has never been written to is not there.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Durable.fault(errno, "sync", path) }
    }

    /// Lines from a place on, at least one where there is one.
    ///
    /// - Returns: each with the place after it; a line that can't be read is left out.
    func read(from place: Int64, most bytes: Int = LogDrain.mostBytes) throws -> [(entry: LogEntry?, next: Int64)] {
        guard let segment = segments.first(where: { $0.end > place }) else { return [] }
        let begin = max(place, segment.start)
        let path = path(segment.start)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Durable.fault(errno, "open", path) }
        defer { close(descriptor) }
        var size = min(bytes, Int(segment.end - begin))
        while true {
            let found = try Self.bytes(descriptor, path, Int(begin - segment.start), size)
            var lines: [(LogEntry?, Int64)] = []
            var first = found.startIndex
            while let newline = found[first...].firstIndex(of: UInt8(ascii: "\n")) {
                lines.append((LogEntry(record: found[first..<newline]), begin + Int64(newline + 1)))
                first = newline + 1
            }
            if !lines.isEmpty || size >= Int(segment.end - begin) || found.count < size { return lines }
            size *= 2
        }
    }

    /// Removes what everybody has.
    mutating func remove(before place: Int64) throws {
        while let first = segments.first, first.end <= place, segments.count > 1 { try removeFirst() }
    }

    /// Removes the oldest lines while there are more than may be.
    ///
    ///
    /// `gone` is told of the lines before they go, each with the place after it, and of where the oldest stands then.
    mutating func shrink(_ gone: (_ lines: [(entry: LogEntry, next: Int64)], _ start: Int64) -> Void) throws {
        while count > limit, segments.count > 1 {
            let first = segments[0]
            var lines: [(entry: LogEntry, next: Int64)] = []
            var place = first.start
            while place < first.end {
                let some = try read(from: place)
                guard let last = some.last else { break }
                lines += some.compactMap { line in line.entry.map { ($0, line.next) } }
                place = last.next
            }
            gone(lines, first.end)
            try removeFirst()
        }
    }

    // MARK: - Private

    private mutating func removeFirst() throws {
        let path = path(segments[0].start)
        guard unlink(path) == 0 || errno == ENOENT else { throw Durable.fault(errno, "remove", path) }
        segments.removeFirst()
    }

    private func path(_ start: Int64) -> String {
        let digits = String(start)
        return "\(folder)/\(String(repeating: "0", count: max(0, 19 - digits.count)))\(digits)\(Self.suffix)"
    }

    /// Cuts off what was not written whole; returns the bytes that are left.
    private static func mended(_ path: String) throws -> Int64 {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw Durable.fault(errno, "open", path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Durable.fault(errno, "look at", path) }
        var end = Int(status.st_size)
        while end > 0 {
            let begin = max(0, end - (64 << 10))
            let piece = try bytes(descriptor, path, begin, end - begin)
            if let newline = piece.lastIndex(of: UInt8(ascii: "\n")) {
                end = begin + newline + 1
                break
            }
            end = begin
        }
        guard end == Int(status.st_size) || ftruncate(descriptor, off_t(end)) == 0 else {
            throw Durable.fault(errno, "cut", path)
        }
        return Int64(end)
    }

    private static func bytes(_ descriptor: Int32, _ path: String, _ offset: Int, _ count: Int) throws -> [UInt8] {
        var number: Int32 = 0
        let found = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            while filled < count {
                let got = pread(
                    descriptor,
                    buffer.baseAddress?.advanced(by: filled),
                    count - filled,
                    off_t(offset + filled)
                )
                if got < 0, errno == EINTR { continue }
                if got < 0 { number = errno }
                guard got > 0 else { break }
                filled += got
            }
        }
        guard number == 0 else { throw Durable.fault(number, "read", path) }
        return found
    }
}
