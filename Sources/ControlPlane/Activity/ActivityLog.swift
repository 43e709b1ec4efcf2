import Foundation
package import Logging
import Model
package import Store
import Toolkit

#if canImport(Glibc)
import Glibc
#endif

/// The record of all that was changed or refused: a file that only grows, each line with the hash of the one before.
///
/// The store keeps number and hash of the last entry, so that lines can't be cut off at the end unnoticed.
package actor ActivityLog {
    private let path: String
    private let store: any StateStore
    private let logger: Logger
    private var descriptor: Int32 = -1
    private var number: Int64 = 0
    private var head = ActivityEntry.start
    private static let anchorKey = "/activity/head"
    /// As many entries are shown at most.
    static let maximumShown = 1000

    private struct Anchor: Codable {
        var number: Int64
        var hash: String
    }

    /// Opens nothing yet: the first entry does.
    package init(path: String, store: any StateStore, logger: Logger) {
        self.path = path
        self.store = store
        self.logger = logger
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Writes an entry and brings it to the disk; a failure is logged and costs the caller nothing else.
    func add(_ call: ActivityEntry.Call) async {
        do {
            try open()
            let entry = ActivityEntry(number: number + 1, at: .now(), call: call, previous: head)
            try append(entry.line + "\n")
            (number, head) = (entry.number, entry.hash)
            let anchor = try JSON.encode(Anchor(number: entry.number, hash: entry.hash))
            try await store.put(Self.anchorKey, anchor, expected: nil)
        } catch {
            logger.error("change not recorded", error: error, metadata: ["http.path": "\(call.path)"])
        }
    }

    /// The last entries that a filter lets through, newest first.
    func last(_ limit: Int, where matches: (ActivityEntry) -> Bool) throws -> [ActivityEntry] {
        var found: [ActivityEntry] = []
        for line in try lines().reversed() where found.count < min(limit, Self.maximumShown) {
            guard let entry = try? ActivityEntry(line: line), matches(entry) else { continue }
            found.append(entry)
        }
        return found
    }

    func verify() async throws -> ActivityVerdict {
        let entry = try await store.get(Self.anchorKey)
        let anchor = try entry.map { try JSON.decode(Anchor.self, from: $0.value, what: Self.anchorKey) }
        return ActivityVerdict(try lines(), anchor: anchor.map { ($0.number, $0.hash) })
    }

    // MARK: - Private

    private func lines() throws -> [Substring] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Fault(.io, "the record of changes \(path) can't be read")
        }
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
    }

    private func open() throws {
        guard descriptor < 0 else { return }
        let all = try lines()
        // The last whole entry: a line that a crash tore stays where it is, and shows in the verdict.
        let last = all.reversed().lazy.compactMap { try? ActivityEntry(line: $0) }.first
        (number, head) = (last?.number ?? 0, last?.hash ?? ActivityEntry.start)
        let opened = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw Durable.fault(errno, "open", path) }
        descriptor = opened
        if let end = FileManager.default.contents(atPath: path)?.last, end != UInt8(ascii: "\n") { try append("\n") }
    }

    private func append(_ text: String) throws(Fault) {
        let bytes = Array(text.utf8)
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        guard count == bytes.count, fdatasync(descriptor) == 0 else {
            let fault = Durable.fault(errno, "write", path)
            // What stands there now is read again before the next entry.
            close(descriptor)
            descriptor = -1
            throw fault
        }
    }
}
