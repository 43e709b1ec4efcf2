package import Foundation
package import Model
package import Toolkit

/// The store of a single host: one SQLite file.
package actor SQLiteStore: StateStore {
    private let database: Database
    private let watchers = Watchers()
    private var revision: Int64
    /// Changes kept for watchers that resume; older ones are told to read all again.
    private let history: Int64
    /// Where it is noted how far the store has come; nil where nobody compares.
    private let mark: HighWater?
    private let id: Int64
    /// Of the last commit that was synced.
    private var durable: Int64
    /// What reads and writes took.
    package nonisolated let counts = CounterBook()
    private nonisolated let executor = BlockingExecutor("roost.store")
    /// When a look at the leases is due already, in milliseconds of the wall clock.
    private var wakeAt: Int64?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What need not outlive a loss of power by itself, as no Machine does either.
    ///
    /// The next other write takes these along, since the write-ahead log is synced as a whole. A killed process loses
    /// nothing in any case.
    private static let volatile = "/machines/"

    /// Opens the file, or makes it.
    ///
    /// A file that is damaged (`corrupt`), that has lost something (`corrupt`) or is of a newer version of Roost
    /// (`newerVersion`) is left as it is. `mark` is a file outside of the store that notes how far it has come; where
    /// there is none yet, the store must have come to revision `floor`. Watchers can resume from `history` changes ago.
    package init(path: String, mark: String? = nil, floor: Int64 = 0, history: Int64 = 1000) throws(Fault) {
        let known = mark.flatMap { HighWater.read($0) } ?? (floor > 0 ? .least(floor) : nil)
        if let known { try Self.refuseMissing(path, known) }
        let database = try Database(path: path)
        if let known { try Self.compare(database, path, known) }
        try database.check()
        try Self.migrate(database, path)
        guard case .integer(let current)? = try Self.meta("revision", database),
            case .integer(let id)? = try Self.meta("id", database)
        else { throw Fault(.corrupt, "\(path): the store's revision is missing") }
        self.database = database
        self.id = id
        self.mark = try mark.map { path throws(Fault) in try HighWater(path: path) }
        self.mark?.note(store: id, seen: current, durable: current)
        revision = current
        durable = current
        self.history = history
        // Those that an earlier daemon gave.
        executor.run(after: .zero) { [weak self] in self?.assumeIsolated { $0.endLeasesInTime() } }
    }

    package func get(_ key: String) throws -> Entry? {
        let start = ContinuousClock.now
        defer { took("read", since: start) }
        try expireLeases()
        return try database.execute("SELECT key, value, revision FROM entries WHERE key = ?", .text(key)).compactMap(
            Self.entry
        ).first
    }

    package func range(_ prefix: String) throws -> Snapshot {
        let start = ContinuousClock.now
        defer { took("read", since: start) }
        try expireLeases()
        return Snapshot(entries: try entries(prefix), revision: revision)
    }

    @discardableResult
    package func put(_ key: String, _ value: Data, expected: Int64?) throws -> Int64 {
        try expireLeases()
        return try write(key, value, expected, lease: nil)
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
        let start = ContinuousClock.now
        defer { took("write", since: start) }
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
        noteRevision(next, key)
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
        wakeForLeases()
        return id
    }

    package func keepAlive(_ lease: Int64) throws {
        try expireLeases()
        let now = Timestamp.now().milliseconds
        let rows = try database.execute(
            "UPDATE leases SET due = ? + ttl WHERE id = ? RETURNING ttl",
            .integer(now),
            .integer(lease)
        )
        guard !rows.isEmpty else {
            throw Fault(.timedOut, "lease \(lease) has ended")
        }
        wakeForLeases()
    }

    /// Moves what the write-ahead log holds into the file itself, which alone is then the whole store.
    package func checkpoint() throws { try database.checkpoint() }

    /// Earlier values of a key that are still known, the newest first.
    package func past(_ key: String) throws -> [Entry] {
        try database.execute(
            "SELECT key, value, revision FROM changes WHERE key = ? AND value IS NOT NULL ORDER BY revision DESC",
            .text(key)
        ).compactMap(Self.entry)
    }

    // MARK: - Private

    /// Before an empty one is made in its place.
    private static func refuseMissing(_ path: String, _ known: HighWater.Mark) throws(Fault) {
        var status = stat()
        if stat(path, &status) == 0, status.st_size > 0 { return }
        throw Fault.wentBack(path, "it is gone, and this host has seen revision \(known.seen) of it")
    }

    /// Before anything is written, so that what there is can still be looked into.
    private static func compare(_ database: Database, _ path: String, _ known: HighWater.Mark) throws(Fault) {
        let tables = try database.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'")
        var (id, revision): (Int64, Int64) = (0, 0)
        if !tables.isEmpty {
            if case .integer(let found)? = try meta("id", database) { id = found }
            if case .integer(let found)? = try meta("revision", database) { revision = found }
        }
        let objection = known.objection(store: id, revision: revision, boot: HighWater.currentBoot())
        guard let objection else { return }
        database.abandon()
        throw Fault.wentBack(path, objection)
    }

    private static func meta(_ name: String, _ database: Database) throws(Fault) -> Database.Value? {
        try database.execute("SELECT value FROM meta WHERE name = ?", .text(name)).first?.first
    }

    /// After each commit.
    private func noteRevision(_ next: Int64, _ key: String) {
        revision = next
        if !key.hasPrefix(Self.volatile) { durable = next }
        mark?.note(store: id, seen: next, durable: durable)
    }

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
        let start = ContinuousClock.now
        defer { took("write", since: start) }
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
        noteRevision(next, key)
        watchers.publish([(key, .put(Entry(key: key, value: value, revision: next)))])
        return next
    }

    private func took(_ operation: String, since start: ContinuousClock.Instant) {
        counts.time(.storeSeconds, app: nil, operation, took: start.duration(to: .now))
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

    /// Ends leases whose time is over, with all keys put with them: each lease and its keys at once, or not at all.
    private func expireLeases() throws {
        let now = Timestamp.now().milliseconds
        let due = try database.execute("SELECT id FROM leases WHERE due <= ? ORDER BY due", .integer(now))
        for case .integer(let lease) in due.compactMap(\.first) { try end(lease) }
    }

    private func end(_ lease: Int64) throws(Fault) {
        let rows = try database.execute("SELECT key FROM entries WHERE lease = ? ORDER BY key", .integer(lease))
        let keys = rows.compactMap { row -> String? in if case .text(let key)? = row.first { key } else { nil } }
        if let first = keys.first { try prepare(for: first) }
        var events: [(key: String, event: WatchEvent)] = []
        try database.transaction { () throws(Fault) in
            try database.execute("DELETE FROM leases WHERE id = ?", .integer(lease))
            for (number, key) in keys.enumerated() {
                let next = revision + 1 + Int64(number)
                try database.execute("DELETE FROM entries WHERE key = ?", .text(key))
                try record(next, key, value: nil)
                events.append((key, .deleted(key: key, revision: next)))
            }
        }
        for (key, event) in events { noteRevision(event.revision, key) }
        watchers.publish(events)
    }

    /// Comes back when the next lease may be over, so that it ends though nobody calls.
    private func wakeForLeases() {
        guard case .integer(let due)?? = try? database.execute("SELECT min(due) FROM leases").first?.first else {
            return
        }
        if let wakeAt, wakeAt <= due { return }
        wakeAt = due
        wake(after: .milliseconds(max(0, due - Timestamp.now().milliseconds) + 1))
    }

    private func wake(after delay: Duration) {
        executor.run(after: delay) { [weak self] in self?.assumeIsolated { $0.endLeasesInTime() } }
    }

    private func endLeasesInTime() {
        wakeAt = nil
        do {
            try expireLeases()
            // Again for the next one, and for one that is over only now: the wall clock may be behind the timer's.
            wakeForLeases()
        } catch {
            // A full disk, or a slow one: what can't be ended now is ended later, or by the next call.
            wake(after: .seconds(1))
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

    /// The version of the tables and of what keys mean; a store of a newer one is not touched.
    private static let schema: Int64 = 2

    private static func migrate(_ database: Database, _ path: String) throws(Fault) {
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
            // Tells this store from any other that may come to stand in its place.
            try database.execute("INSERT OR IGNORE INTO meta VALUES ('id', abs(random() / 2))")
            let rows = try database.execute("SELECT value FROM meta WHERE name = 'schema'")
            if case .integer(let found)? = rows.first?.first, found > schema {
                throw Fault(
                    .newerVersion,
                    "\(path) was written by a newer version of Roost (schema \(found), known here up to \(schema))",
                    hint: "it is left as it is; install that version of Roost on this host"
                )
            }
            try database.execute("INSERT OR REPLACE INTO meta VALUES ('schema', ?)", .integer(schema))
        }
    }
}
