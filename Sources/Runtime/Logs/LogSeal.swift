import Foundation
import Glibc
import Model
import Toolkit

/// Ends the last line of a process that ended without a line break, so that the next one's first line stands alone.
enum LogSeal {
    /// Adds an empty last piece for each stream that the log leaves open.
    ///
    /// To be called when nobody writes to it.
    static func close(_ path: String) throws(Fault) {
        let descriptor = open(path, O_RDWR | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { Glibc.close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_size > 0 else { return }
        // A record has at most 8 KiB and a head.
        let count = min(Int(status.st_size), 32 << 10)
        let bytes = LogTail.read(descriptor, from: Int(status.st_size) - count, count: count)
        let text = openStreams(bytes).map { "\(Timestamp.now().rfc3339) \($0) F \n" }.joined()
        guard text.isEmpty || write(descriptor, text, text.utf8.count) == text.utf8.count else {
            throw Durable.fault(errno, "write to", path)
        }
    }

    /// Streams whose last record is a piece of a line.
    static func openStreams(_ bytes: [UInt8]) -> [String] {
        var tags: [String: Bool] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
            guard fields.count == 4 else { continue }
            tags[String(decoding: fields[1], as: UTF8.self)] = fields[2].elementsEqual("P".utf8)
        }
        return tags.filter { $0.value && LogLine.Stream(rawValue: $0.key) != nil }.keys.sorted()
    }
}
