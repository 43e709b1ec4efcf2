import CSQLite
package import Foundation
package import Model

/// One connection to an SQLite file.
///
/// Not for concurrent use: its owner is an actor.
package final class Database {
    private let handle: OpaquePointer
    let path: String
    private var isOpen = true
    private var statements: [String: OpaquePointer] = [:]

    /// Opens or makes the file, in write-ahead mode with full syncs.
    ///
    /// A commit survives a loss of power unless the owner chose otherwise for it.
    ///
    /// - Throws: ``Fault`` `corrupt` when the file is not a database, `io` when it can't be opened.
    package init(path: String, journal: String = "WAL") throws(Fault) {
        // Nobody else may read it, whatever the folder's mode is; the files that SQLite puts beside it take that over.
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        if file >= 0 { Foundation.close(file) }
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            sqlite3_close(opened)
            throw Fault(.io, "\(path): \(String(cString: sqlite3_errstr(code)))")
        }
        handle = opened
        self.path = path
        sqlite3_busy_timeout(handle, 5000)
        try execute("PRAGMA journal_mode = \(journal)")
        try execute("PRAGMA synchronous = FULL")
        // Pages of 4 KiB. A checkpoint syncs twice while everybody waits: seldom and large is better here than often.
        try execute("PRAGMA wal_autocheckpoint = 8192")
    }

    deinit { close() }

    /// Ends the connection; nothing may be asked of it afterwards.
    package func close() {
        guard isOpen else { return }
        isOpen = false
        for statement in statements.values { sqlite3_finalize(statement) }
        statements = [:]
        sqlite3_close(handle)
    }

    /// Lets go of the files as they are: a closed connection would move what it could read of the log into the file.
    func abandon() { isOpen = false }

    /// A parameter or a column.
    package enum Value {
        case text(String)
        case integer(Int64)
        case blob(Data)
        case null
    }

    /// Runs one statement and returns its rows.
    ///
    /// Statements are prepared once and kept.
    @discardableResult
    package func execute(_ sql: String, _ parameters: Value...) throws(Fault) -> [[Value]] {
        let statement = try prepare(sql)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (index, value) in parameters.enumerated() { bind(value, at: Int32(index + 1), in: statement) }
        var rows: [[Value]] = []
        while true {
            let code = sqlite3_step(statement)
            if code == SQLITE_DONE { return rows }
            guard code == SQLITE_ROW else { throw fault(code, sql) }
            rows.append((0..<sqlite3_column_count(statement)).map { column(statement, $0) })
        }
    }

    /// Runs `body` in one transaction: all of it happens, or nothing.
    package func transaction<Result>(_ body: () throws(Fault) -> Result) throws(Fault) -> Result {
        try execute("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // Nothing to do when this fails too: SQLite has then rolled back by itself.
            _ = try? execute("ROLLBACK")
            throw error
        }
    }

    // MARK: - Private

    private func prepare(_ sql: String) throws(Fault) -> OpaquePointer {
        if let ready = statements[sql] { return ready }
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw fault(code, sql) }
        statements[sql] = statement
        return statement
    }

    private func bind(_ value: Value, at index: Int32, in statement: OpaquePointer) {
        // SQLITE_TRANSIENT, a macro with a cast that Swift can't import: SQLite copies what it is given.
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch value {
        case .text(let text): sqlite3_bind_text(statement, index, text, -1, transient)
        case .integer(let number): sqlite3_bind_int64(statement, index, number)
        case .blob(let data):
            data.withUnsafeBytes { bytes in
                _ = sqlite3_bind_blob64(statement, index, bytes.baseAddress, UInt64(bytes.count), transient)
            }
        case .null: sqlite3_bind_null(statement, index)
        }
    }

    private func column(_ statement: OpaquePointer, _ index: Int32) -> Value {
        switch sqlite3_column_type(statement, index) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, index))
        case SQLITE_TEXT:
            guard let text = sqlite3_column_text(statement, index) else { return .null }
            return .text(String(cString: text))
        case SQLITE_BLOB:
            guard let bytes = sqlite3_column_blob(statement, index) else { return .blob(Data()) }
            return .blob(Data(bytes: bytes, count: Int(sqlite3_column_bytes(statement, index))))
        default: return .null
        }
    }

    private func fault(_ code: Int32, _ sql: String) -> Fault {
        let text = "\(path): \(String(cString: sqlite3_errmsg(handle))) (\(sql.prefix(40)))"
        switch code & 0xff {
        case SQLITE_FULL: return Fault(.diskFull, text, hint: "free space on the disk that holds it, then try again")
        case SQLITE_CORRUPT, SQLITE_NOTADB:
            return Fault(
                .corrupt,
                text,
                hint: "it is left as it is; roost store restore puts the last good copy in its place"
            )
        default: return Fault(.io, text)
        }
    }
}
