import Foundation
package import Model
import Toolkit

/// What a store holds, seen from outside of the daemon: nothing is changed, neither file nor log.
package struct StoreInspection: Sendable {
    /// Nil when there is no store that could be read.
    package var revision: Int64?
    /// Why it is not all that this host had, or can't be used at all.
    package var objection: Fault?
    /// Keys of records that can't be read, with the reason.
    package var unreadable: [(key: String, reason: String)] = []
    /// Machines that have a record, readable or not.
    package var machines: Set<Machine.ID> = []
    /// Certificates of host names, those that can be read.
    package var certificates: [HostCertificate] = []

    /// Looks at the store of a host; nil when the host never had one.
    package init?(path: String, mark: String) {
        let known = HighWater.read(mark)
        var status = stat()
        guard stat(path, &status) == 0, status.st_size > 0 else {
            guard let known else { return nil }
            objection = Fault.wentBack(path, "it is gone, and this host has seen revision \(known.seen) of it")
            return
        }
        do throws(Fault) {
            let database = try Database(path: path)
            defer { database.abandon() }
            try database.check()
            try read(database, path, known)
        } catch {
            objection = error
        }
    }

    // MARK: - Private

    private mutating func read(_ database: Database, _ path: String, _ known: HighWater.Mark?) throws(Fault) {
        var numbers: [String: Int64] = [:]
        let tables = try database.execute("SELECT 1 FROM sqlite_master WHERE name IN ('meta', 'entries')")
        // Without its tables it is empty, as a file is that lost its log before the first checkpoint.
        guard tables.count == 2 else {
            revision = 0
            objection = known.map {
                Fault.wentBack(path, "it is empty, and this host has seen revision \($0.seen) of it")
            }
            return
        }
        for row in try database.execute("SELECT name, value FROM meta") {
            if case .text(let name) = row[0], case .integer(let value) = row[1] { numbers[name] = value }
        }
        let current = numbers["revision"] ?? 0
        revision = current
        let reason = known?.objection(
            store: numbers["id"] ?? 0,
            revision: current,
            boot: HighWater.currentBoot()
        )
        objection = reason.map { Fault.wentBack(path, $0) }
        for row in try database.execute("SELECT key, value, revision FROM entries") {
            guard case .text(let key) = row[0], case .blob(let value) = row[1], case .integer(let revision) = row[2]
            else {
                continue
            }
            if let reason = StoreCare.complaint(Entry(key: key, value: value, revision: revision)) {
                unreadable.append((key, reason))
            }
            let names = key.split(separator: "/")
            if names.first == "machines", let id = names.last.flatMap({ Machine.ID(String($0)) }) {
                machines.insert(id)
            }
            if names.first == "certs", let one = try? JSON.decode(HostCertificate.self, from: value, what: key) {
                certificates.append(one)
            }
        }
    }
}

extension StoreInspection {
    /// All records as they stand, of a store that the daemon may be using.
    ///
    /// - Throws: ``Fault`` when the file can't be read as a store.
    package static func records(path: String) throws(Fault) -> [Entry] {
        // Opening would make it.
        guard access(path, F_OK) == 0 else { return [] }
        let database = try Database(path: path)
        defer { database.abandon() }
        return try records(in: database)
    }

    /// All records of a copy that nobody uses, each page of which is sound.
    ///
    /// - Throws: ``Fault`` `corrupt` when one is not.
    package static func records(copy path: String) throws(Fault) -> [Entry] {
        guard access(path, F_OK) == 0 else { throw Durable.fault(errno, "open", path) }
        let database = try Database(path: path, journal: "DELETE")
        defer { database.close() }
        try database.check()
        return try records(in: database)
    }

    private static func records(in database: Database) throws(Fault) -> [Entry] {
        try database.execute("SELECT key, value, revision FROM entries ORDER BY key").compactMap { row in
            guard case .text(let key) = row[0], case .blob(let value) = row[1], case .integer(let revision) = row[2]
            else { return nil }
            return Entry(key: key, value: value, revision: revision)
        }
    }
}
