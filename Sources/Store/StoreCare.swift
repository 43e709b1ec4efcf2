import Foundation
package import Model
import Toolkit

/// Looks at the records of a store one by one, and puts an older one in the place of one that can't be read.
package struct StoreCare: Sendable {
    private let store: SQLiteStore
    private let copies: StoreCopies

    /// A record that can't be read, and what could be done about it.
    package struct Trouble: Equatable, Sendable {
        package var key: String
        package var revision: Int64
        package var reason: String
        /// The newest earlier revision that can be read; nil when none is known.
        package var older: Int64?
        /// Where that is: `history`, or the copy's path.
        package var source: String?

        init(key: String, revision: Int64, reason: String) {
            self.key = key
            self.revision = revision
            self.reason = reason
        }
    }

    package init(_ store: SQLiteStore, _ copies: StoreCopies) {
        self.store = store
        self.copies = copies
    }

    /// All records under a prefix that can't be read.
    package func troubles(_ prefix: String = "/") async throws -> [Trouble] {
        var found: [Trouble] = []
        for entry in try await store.range(prefix).entries {
            guard let reason = Self.complaint(entry) else { continue }
            var trouble = Trouble(key: entry.key, revision: entry.revision, reason: reason)
            if let (older, source) = try await older(entry) {
                trouble.older = older.revision
                trouble.source = source
            }
            found.append(trouble)
        }
        return found
    }

    /// A record as it stands.
    package func show(_ key: String) async throws -> Entry {
        guard let entry = try await store.get(key) else {
            throw Fault(.invalidRequest, "the store has no \(key)", hint: "roost store show lists what can't be read")
        }
        return entry
    }

    /// Moves a record that can't be read aside, to `/damaged/…`, and puts the newest readable one in its place.
    ///
    /// Without an older one the record goes when `drop` says so; else that is refused.
    package func repair(_ key: String, drop: Bool) async throws -> Trouble {
        let entry = try await show(key)
        guard let reason = Self.complaint(entry) else {
            throw Fault(.invalidState, "\(key) can be read: there is nothing to repair")
        }
        var trouble = Trouble(key: key, revision: entry.revision, reason: reason)
        let found = try await older(entry)
        guard found != nil || drop else {
            throw Fault(
                .corrupt,
                "no older \(key) is known that can be read",
                hint: "to be rid of it: roost store repair \(key) --drop; what runs is not ended by that"
            )
        }
        try await store.put("\(Self.aside)\(key.dropFirst())/\(entry.revision)", entry.value, expected: nil)
        if let (older, source) = found {
            try await store.put(key, older.value, expected: entry.revision)
            trouble.older = older.revision
            trouble.source = source
        } else {
            try await store.delete(key, expected: entry.revision)
        }
        return trouble
    }

    // MARK: - Private

    /// Where what was moved aside is.
    private static let aside = "/damaged/"

    private func older(_ entry: Entry) async throws -> (Entry, String)? {
        let past = try await store.past(entry.key).first { $0.revision < entry.revision && Self.complaint($0) == nil }
        if let past { return (past, "history") }
        for copy in copies.all() {
            guard let database = try? Database(path: copy.path, journal: "DELETE") else { continue }
            let rows = try? database.execute("SELECT value, revision FROM entries WHERE key = ?", .text(entry.key))
            database.close()
            guard case .blob(let value)? = rows?.first?.first, case .integer(let revision)? = rows?.first?.last else {
                continue
            }
            let old = Entry(key: entry.key, value: value, revision: revision)
            if Self.complaint(old) == nil { return (old, copy.path) }
        }
        return nil
    }

    /// Why a record can't be read; nil when it can.
    ///
    /// Kinds that are not known here only have to be JSON.
    package static func complaint(_ entry: Entry) -> String? {
        func read<Value: Decodable>(_: Value.Type) -> String? {
            do throws(Fault) {
                _ = try JSON.decode(Value.self, from: entry.value, what: entry.key)
                return nil
            } catch {
                return error.message
            }
        }
        let kind = entry.key.dropFirst().prefix { $0 != "/" }
        return switch kind {
        case "apps": read(App.self)
        case "machines": read(Machine.self)
        case "releases": read(Release.self)
        case "rollouts": read(Rollout.self)
        case "volumes": read(Volume.self)
        case "damaged": nil
        default: read(ConfigValue.self)
        }
    }
}

extension StoreCare.Trouble: KeyedForm {
    package static var blank: Self { Self(key: "", revision: 0, reason: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("key", &key)
        try form.field("revision", &revision)
        try form.field("reason", &reason)
        try form.field("older", &older)
        try form.field("source", &source)
    }
}
