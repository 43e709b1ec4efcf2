import Foundation
package import Model
import Toolkit

/// The last good copies of a store, beside it: `store.backup/<when>-<revision>.db`, whole and checked each.
package struct StoreCopies: Sendable {
    package let database: String
    package let folder: String
    /// Older ones go.
    package static let kept = 24

    /// One of them.
    package struct Copy: Equatable, Sendable {
        package var path: String
        /// Sorts by time: `20261130T061500Z`.
        package var made: String
        package var revision: Int64

        /// Nil for a file that is none.
        init?(folder: String, name: String) {
            let parts = name.replacing(".db", with: "").split(separator: "-")
            guard name.hasSuffix(".db"), parts.count == 2, let revision = Int64(parts[1]) else { return nil }
            path = "\(folder)/\(name)"
            made = String(parts[0])
            self.revision = revision
        }
    }

    package init(database: String, folder: String) {
        self.database = database
        self.folder = folder
    }

    /// The newest first.
    package func all() -> [Copy] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.compactMap { Copy(folder: folder, name: $0) }.sorted {
            ($1.made, $1.revision) < ($0.made, $0.revision)
        }
    }

    /// Copies the store unless the newest copy has all of it; may block.
    ///
    /// - Throws: ``Fault`` `corrupt` when the store is damaged; no copy is made or removed then.
    @discardableResult
    package func make(_ now: Timestamp) throws(Fault) -> Copy? {
        try Durable.makeFolder(folder, mode: 0o700)
        let fresh = "\(folder)/fresh"
        try Database.copy(database, to: fresh)
        let copy = try Database(path: fresh, journal: "DELETE")
        let revision = try Self.number("revision", copy)
        copy.close()
        if let newest = all().first, newest.revision == revision {
            unlink(fresh)
            return nil
        }
        let name = "\(Self.compact(now))-\(revision).db"
        guard rename(fresh, "\(folder)/\(name)") == 0 else { throw Durable.fault(errno, "rename", fresh) }
        for old in all().dropFirst(Self.kept) { unlink(old.path) }
        return Copy(folder: folder, name: name)
    }

    /// Puts a copy in the store's place, and the store aside; nothing may use either.
    ///
    /// Its revisions go on above all that were ever given out, so that nobody takes an old one for a new one.
    ///
    /// - Returns: where the store that was is now; nil when there was none.
    package func restore(_ copy: Copy, mark: String, now: Timestamp) throws(Fault) -> String? {
        let fresh = "\(database).restored"
        try Database.copy(copy.path, to: fresh)
        let next = max(copy.revision, HighWater.read(mark)?.seen ?? 0) + 1
        let store = try Database(path: fresh, journal: "DELETE")
        try store.execute("UPDATE meta SET value = ? WHERE name = 'revision'", .integer(next))
        // What was seen between is not in it, so nobody can go on from there.
        try store.execute("DELETE FROM changes")
        let id = try Self.number("id", store)
        store.close()
        let aside = try putAside(now)
        guard rename(fresh, database) == 0 else { throw Durable.fault(errno, "rename", fresh) }
        try HighWater(path: mark).note(store: id, seen: next, durable: next)
        return aside
    }

    /// Copies the store as of this moment to a file of its own; may block.
    ///
    /// - Returns: the copy's revision.
    package func take(to path: String) throws(Fault) -> Int64 {
        try Database.copy(database, to: path)
        let copy = try Database(path: path, journal: "DELETE")
        defer { copy.close() }
        return try Self.number("revision", copy)
    }

    /// Makes a copy that came from elsewhere the store of a host that has none.
    ///
    /// Snapshots of volumes, which were on the other host's disk, are not in it any more.
    package func bringIn(_ file: String, mark: String, now: Timestamp) throws(Fault) {
        try Durable.makeFolder(folder, mode: 0o700)
        let fresh = "\(folder)/fresh"
        try Database.copy(file, to: fresh)
        let store = try Database(path: fresh, journal: "DELETE")
        try store.execute("DELETE FROM entries WHERE key >= '/snapshots/' AND key < '/snapshots0'")
        let name = "\(Self.compact(now))-\(try Self.number("revision", store)).db"
        store.close()
        guard rename(fresh, "\(folder)/\(name)") == 0, let copy = Copy(folder: folder, name: name) else {
            throw Durable.fault(errno, "rename", fresh)
        }
        _ = try restore(copy, mark: mark, now: now)
    }

    /// Goes on with the store that there is, whatever it was before; nothing may use it.
    ///
    /// - Returns: its revision from now on.
    package func accept(mark: String) throws(Fault) -> Int64 {
        let seen = HighWater.read(mark)?.seen ?? 0
        unlink(mark)
        // Makes what is missing.
        _ = try SQLiteStore(path: database)
        let store = try Database(path: database)
        let next = max(try Self.number("revision", store), seen) + 1
        try store.execute("UPDATE meta SET value = ? WHERE name = 'revision'", .integer(next))
        try store.execute("DELETE FROM changes")
        try HighWater(path: mark).note(store: try Self.number("id", store), seen: next, durable: next)
        return next
    }

    // MARK: - Private

    private func putAside(_ now: Timestamp) throws(Fault) -> String? {
        let files = ["", "-wal", "-shm"].map { "\(database)\($0)" }.filter {
            FileManager.default.fileExists(atPath: $0)
        }
        guard !files.isEmpty else { return nil }
        let aside = "\((database as NSString).deletingLastPathComponent)/store.aside-\(Self.compact(now))"
        try Durable.makeFolder(aside, mode: 0o700)
        for file in files {
            let target = "\(aside)/\((file as NSString).lastPathComponent)"
            guard rename(file, target) == 0 else { throw Durable.fault(errno, "move aside", file) }
        }
        return aside
    }

    private static func number(_ name: String, _ database: Database) throws(Fault) -> Int64 {
        let rows = try database.execute("SELECT value FROM meta WHERE name = ?", .text(name))
        guard case .integer(let value)? = rows.first?.first else {
            throw Fault(.corrupt, "a store without its \(name)")
        }
        return value
    }

    /// `20261130T061500Z`.
    private static func compact(_ now: Timestamp) -> String {
        now.rfc3339.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
    }
}
