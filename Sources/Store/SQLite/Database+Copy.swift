import CSQLite
import Foundation
package import Model
import Toolkit

extension Database {
    /// Copies a database as of one moment, whoever writes to it meanwhile, and checks the copy.
    ///
    /// - Parameters:
    ///   - source: is not changed.
    ///   - target: is whole once it is there.
    /// - Throws: ``Fault`` `corrupt` when the source is damaged; there is no target then.
    package static func copy(_ source: String, to target: String) throws(Fault) {
        let temporary = "\(target).new"
        unlink(temporary)
        do {
            try backup(source, to: temporary)
            let copy = try Database(path: temporary, journal: "DELETE")
            try copy.check()
            copy.close()
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, target) == 0 else { throw Durable.fault(errno, "rename", temporary) }
    }

    /// Looks at every page.
    ///
    /// - Throws: ``Fault`` `corrupt` with SQLite's words.
    package func check() throws(Fault) {
        let rows = try execute("PRAGMA quick_check(3)")
        let words = rows.compactMap { row -> String? in if case .text(let text)? = row.first { text } else { nil } }
        guard words == ["ok"] else { throw Fault(.corrupt, "\(path): \(words.joined(separator: "; "))") }
    }

    /// Moves what the write-ahead log holds into the file, and empties the log; so the file alone is the store.
    package func checkpoint() throws(Fault) {
        try execute("PRAGMA wal_checkpoint(TRUNCATE)")
    }

    // MARK: - Private

    private static func backup(_ source: String, to target: String) throws(Fault) {
        var from: OpaquePointer?
        var to: OpaquePointer?
        defer {
            sqlite3_close(from)
            sqlite3_close(to)
        }
        let file = open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Durable.fault(errno, "create", target) }
        Foundation.close(file)
        guard sqlite3_open_v2(source, &from, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK,
            sqlite3_open_v2(target, &to, SQLITE_OPEN_READWRITE, nil) == SQLITE_OK
        else { throw Fault(.io, "\(source): can't be opened for a copy") }
        sqlite3_busy_timeout(from, 5000)
        guard let backup = sqlite3_backup_init(to, "main", from, "main") else {
            throw Fault(.io, "\(source): \(String(cString: sqlite3_errmsg(to)))")
        }
        let code = sqlite3_backup_step(backup, -1)
        sqlite3_backup_finish(backup)
        guard code == SQLITE_DONE else {
            let damaged = [SQLITE_CORRUPT, SQLITE_NOTADB].contains(code & 0xff)
            let full = code & 0xff == SQLITE_FULL
            throw Fault(
                full ? .diskFull : damaged ? .corrupt : .io,
                "\(source): \(String(cString: sqlite3_errstr(code)))",
                hint: full ? "free space on the disk that holds \(target)" : nil
            )
        }
    }
}
