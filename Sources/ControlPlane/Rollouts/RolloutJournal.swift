import Foundation
import Model
import Toolkit

/// The story of each roll-out, a file of JSON lines each, which a client may read from its start and follow.
package actor RolloutJournal {
    private let folder: String
    private var followers: [String: [Int: AsyncStream<RolloutEvent>.Continuation]] = [:]
    private var nextFollower = 0
    /// Roll-outs whose output was more than is kept, which is said once each.
    private var full: Set<String> = []
    /// Its files may be on a slow disk.
    private nonisolated let executor = BlockingExecutor("roost.journal")

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// A build that talks without end fills no disk: lines beyond this are not kept.
    private static let maximumBytes: UInt64 = 16 << 20

    /// - Parameter folder: made when the first line is written.
    package init(folder: String) {
        self.folder = folder
    }

    /// Adds an event and tells those who follow.
    ///
    /// A disk that is full costs the line, never the roll-out.
    func append(_ event: RolloutEvent, to rollout: Rollout) {
        // Nor does it fill the memory of this daemon, where a client reads slowly or not at all.
        if write(event, rollout) {
            pass(event, rollout)
        } else if full.insert(rollout.id).inserted {
            let word = RolloutEvent.line("(what is written from here on is not kept: it is more than 16 MiB)")
            _ = write(word, rollout, always: true)
            pass(word, rollout)
        }
        if case .finished = event {
            full.remove(rollout.id)
            for follower in (followers.removeValue(forKey: rollout.id) ?? [:]).values { follower.finish() }
        }
    }

    /// All events so far, then those to come; ends after `finished`.
    func follow(_ rollout: Rollout) -> AsyncStream<RolloutEvent> {
        let (stream, continuation) = AsyncStream.makeStream(of: RolloutEvent.self)
        var over = false
        let data = FileManager.default.contents(atPath: path(rollout.app, rollout.id)) ?? Data()
        for line in data.split(separator: UInt8(ascii: "\n")) {
            guard let event = try? JSON.decode(RolloutEvent.self, from: Data(line), what: "event") else { continue }
            continuation.yield(event)
            if case .finished = event { over = true }
        }
        if over || rollout.phase.isOver {
            if !over { continuation.yield(.finished(rollout, url: nil)) }
            continuation.finish()
        } else {
            nextFollower += 1
            followers[rollout.id, default: [:]][nextFollower] = continuation
        }
        return stream
    }

    /// Forgets an app's stories but the newest ones.
    func prune(_ app: String, keep: Int) {
        let folder = "\(self.folder)/\(app)"
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
        for name in names.dropLast(keep) { try? FileManager.default.removeItem(atPath: "\(folder)/\(name)") }
        if keep == 0 { try? FileManager.default.removeItem(atPath: folder) }
    }

    // MARK: - Private

    private func pass(_ event: RolloutEvent, _ rollout: Rollout) {
        for (number, follower) in followers[rollout.id] ?? [:] {
            // One that has left is forgotten here; it would stay as long as the roll-out else.
            if case .terminated = follower.yield(event) { followers[rollout.id]?[number] = nil }
        }
    }

    private func path(_ app: String, _ id: String) -> String { "\(folder)/\(app)/\(id).ndjson" }

    /// False for a line too many; an event that a fault of the disk costs counts as told.
    private func write(_ event: RolloutEvent, _ rollout: Rollout, always: Bool = false) -> Bool {
        let path = path(rollout.app, rollout.id)
        if !FileManager.default.fileExists(atPath: path) {
            try? Durable.makeFolder("\(folder)/\(rollout.app)", mode: 0o700)
            _ = FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
        }
        guard let file = FileHandle(forWritingAtPath: path), let line = try? JSON.encode(event) else { return true }
        defer { try? file.close() }
        guard let size = try? file.seekToEnd() else { return true }
        if case .line = event, !always, size > Self.maximumBytes { return false }
        try? file.write(contentsOf: line + Data("\n".utf8))
        return true
    }
}
