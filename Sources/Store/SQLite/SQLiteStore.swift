package import Foundation
package import Model
import Toolkit

/// The store of a single host: one SQLite file.
package actor SQLiteStore: StateStore {
    private let database: Database
    private let watchers = Watchers()
    private var revision: Int64
    /// Changes kept for watchers that resume; older ones are told to read all again.
    private let history: Int64

    /// What need not outlive a loss of power by itself, as no Machine does either.
    ///
    /// The next other write takes these along, since the write-ahead log is synced as a whole. A killed process loses
    /// nothing in any case.
    private static let volatile = "/machines/"

    /// Opens the file, or makes it.
    ///
    /// - Throws: ``Fault`` `corrupt` when the file is damaged: it is left as it is.
    package init(path: String, history: Int64 = 1000) throws(Fault) {
        let database = try Database(path: path)
        try Self.migrate(database)
        guard
            case .integer(let current)? = try database.execute("SELECT value FROM meta WHERE name = 'revision'").first?
                .first
        else { throw Fault(.corrupt, "\(path): the store's revision is missing") }
        self.database = database
        revision = current
        self.history = history
    }

    package func get(_ key: String) throws -> Entry? {
        try expireLeases()
        return try database.execute("SELECT key, value, revision FROM entries WHERE key = ?", .text(key)).compactMap(
            Self.entry
        ).first
    }

    package func range(_ prefix: String) throws -> Snapshot {
        try expireLeases()
        return Snapshot(entries: try entries(prefix), revision: revision)
    }

    @discardableResult
    package func put(_ key: String, _ value: Data, expected: Int64?) throws -> Int64 {
        try write(key, value, expected, lease: nil)
    }

    @discardableResult
    package func put(_ key: String, _ value: Data, expected: Int64?, lease: Int64) throws -> Int64 {
        try expireLeases()
        guard try !database.execute("SELECT 1 FROM leases WHERE id = ?", .integer(lease)).isEmpty else {
            throw Fault(.timedOut, "lease \(lease) has ended")
        }
        return try write(key, value, expected, lease: lease)
    }

    package func delete(_ key: String, expected: Int64?) throws {
        try expireLeases()
        let next = revision + 1
        try prepare(for: key)
        let removed = try database.transaction { () throws(Fault) -> Bool in
            guard let current = try current(key) else {
                if let expected, expected != 0 { throw Fault.conflict(key, expected: expected, current: 0) }
                return false
            }
            if let expected, expected != current { throw Fault.conflict(key, expected: expected, current: current) }
            try database.execute("DELETE FROM entries WHERE key = ?", .text(key))
            try record(next, key, value: nil)
            return true
        }
        guard removed else { return }
        revision = next
        watchers.publish([(key, .deleted(key: key, revision: next))])
    }

    package nonisolated func watch(_ prefix: String, after revision: Int64) -> AsyncStream<WatchEvent> {
        let source = LazyWatch { try await self.subscribe(prefix, after: revision) }
        return AsyncStream { await source.next() }
    }

    package func grantLease(ttl: Duration) throws -> Int64 {
        let id = Int64.random(in: 1...Int64.max)
        let due = Timestamp.now().advanced(by: ttl).milliseconds
        try database.execute(
            "INSERT INTO leases (id, ttl, due) VALUES (?, ?, ?)",
            .integer(id),
            .integer(ttl.milliseconds),
            .integer(due)
        )
        return id
    }

    package func keepAlive(_ lease: Int64) throws {
        try expireLeases()
        let now = Timestamp.now().milliseconds
        let rows = try database.execute(
            "UPDATE leases SET due = ? + ttl WHERE id = ? RETURNING id",
            .integer(now),
            .integer(lease)
        )
        if rows.isEmpty { throw Fault(.timedOut, "lease \(lease) has ended") }
    }

    // MARK: - Private

    /// The history after `after`, then all that follows; nil when that history is gone.
    private func subscribe(_ prefix: String, after: Int64) throws -> AsyncStream<WatchEvent>? {
        guard
            case .integer(let oldest)? = try database.execute("SELECT coalesce(min(revision), 0) FROM changes").first?
                .first
        else { return nil }
        if after < revision, oldest == 0 || after < oldest - 1 { return nil }
        let rows = try database.execute(
            "SELECT key, value, revision FROM changes WHERE revision > ? AND key >= ? AND key < ? ORDER BY revision",
            .integer(after),
            .text(prefix),
            .text(Self.end(of: prefix))
        )
        return watchers.add(prefix, history: rows.compactMap(Self.change))
    }

    private func write(_ key: String, _ value: Data, _ expected: Int64?, lease: Int64?) throws(Fault) -> Int64 {
        let next = revision + 1
        try prepare(for: key)
        try database.transaction { () throws(Fault) in
            let current = try current(key) ?? 0
            if let expected, expected != current { throw Fault.conflict(key, expected: expected, current: current) }
            try database.execute(
                "INSERT OR REPLACE INTO entries (key, value, revision, lease) VALUES (?, ?, ?, ?)",
                .text(key),
                .blob(value),
                .integer(next),
                lease.map { .integer($0) } ?? .null
            )
            try record(next, key, value: value)
        }
        revision = next
        watchers.publish([(key, .put(Entry(key: key, value: value, revision: next)))])
        return next
    }

    /// Says how safe the next write has to be.
    private func prepare(for key: String) throws(Fault) {
        try database.execute("PRAGMA synchronous = \(key.hasPrefix(Self.volatile) ? "NORMAL" : "FULL")")
    }

    private func record(_ revision: Int64, _ key: String, value: Data?) throws(Fault) {
        try database.execute(
            "INSERT INTO changes (revision, key, value) VALUES (?, ?, ?)",
            .integer(revision),
            .text(key),
            value.map { .blob($0) } ?? .null
        )
        try database.execute("UPDATE meta SET value = ? WHERE name = 'revision'", .integer(revision))
        if revision % 500 == 0 {
            try database.execute("DELETE FROM changes WHERE revision <= ?", .integer(revision - history))
        }
    }

    private func expireLeases() throws {
        let now = Timestamp.now().milliseconds
        let ended = try database.execute("DELETE FROM leases WHERE due <= ? RETURNING id", .integer(now))
        for case .integer(let lease) in ended.compactMap(\.first) {
            let keys = try database.execute("SELECT key FROM entries WHERE lease = ?", .integer(lease))
            for case .text(let key) in keys.compactMap(\.first) { try delete(key, expected: nil) }
        }
    }

    private func current(_ key: String) throws(Fault) -> Int64? {
        let rows = try database.execute("SELECT revision FROM entries WHERE key = ?", .text(key))
        guard case .integer(let revision)? = rows.first?.first else { return nil }
        return revision
    }

    private func entries(_ prefix: String) throws(Fault) -> [Entry] {
        try database.execute(
            "SELECT key, value, revision FROM entries WHERE key >= ? AND key < ? ORDER BY key",
            .text(prefix),
            .text(Self.end(of: prefix))
        ).compactMap(Self.entry)
    }

    /// The first text after all that begin with `prefix`; our keys are ASCII.
    private static func end(of prefix: String) -> String { prefix + "\u{10FFFF}" }

    private static func entry(_ row: [Database.Value]) -> Entry? {
        guard case .text(let key) = row[0], case .blob(let value) = row[1], case .integer(let revision) = row[2] else {
            return nil
        }
        return Entry(key: key, value: value, revision: revision)
    }

    private static func change(_ row: [Database.Value]) -> WatchEvent? {
        if let entry = entry(row) { return .put(entry) }
        guard case .text(let key) = row[0], case .integer(let revision) = row[2] else { return nil }
        return .deleted(key: key, revision: revision)
    }

    private static func migrate(_ database: Database) throws(Fault) {
        try database.transaction { () throws(Fault) in
            try database.execute("CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL)")
            try database.execute(
                """
                CREATE TABLE IF NOT EXISTS entries (
                  key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL, lease INTEGER
                ) WITHOUT ROWID
                """
            )
            try database.execute("CREATE INDEX IF NOT EXISTS entries_lease ON entries (lease) WHERE lease IS NOT NULL")
            try database.execute(
                "CREATE TABLE IF NOT EXISTS changes (revision INTEGER PRIMARY KEY, key TEXT NOT NULL, value BLOB)"
            )
            try database.execute(
                "CREATE TABLE IF NOT EXISTS leases (id INTEGER PRIMARY KEY, ttl INTEGER NOT NULL, due INTEGER NOT NULL)"
            )
            try database.execute("INSERT OR IGNORE INTO meta VALUES ('revision', 0)")
        }
    }
}
