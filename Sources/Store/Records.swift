package import Model
import Toolkit

/// Objects of one kind under one prefix, as JSON.
///
/// An object that does not parse is a ``Fault`` `corrupt`; the entry stays as it is.
package struct Records<Value: Codable & Sendable>: Sendable {
    private let store: any StateStore
    private let prefix: String

    /// The objects of `store` whose keys begin with `prefix`, which ends in `/`.
    package init(_ store: any StateStore, _ prefix: String) {
        self.store = store
        self.prefix = prefix
    }

    /// An object and the revision that wrote it.
    package struct Versioned: Sendable {
        package var value: Value
        package var revision: Int64
    }

    package func get(_ name: String) async throws -> Versioned? {
        guard let entry = try await store.get(prefix + name) else { return nil }
        return Versioned(value: try decode(entry), revision: entry.revision)
    }

    /// All objects whose name begins with `start`, in the order of their names.
    package func list(_ start: String = "") async throws -> [Value] {
        try await store.range(prefix + start).entries.map(decode)
    }

    /// As `list`, but without the objects that do not parse, of which `unreadable` is told with their names.
    ///
    /// For what must go on beside a damaged record. Who decides by what is absent what to remove needs the other one.
    package func list(_ start: String = "", unreadable: (String, Fault) -> Void) async throws -> [Value] {
        try await store.range(prefix + start).entries.compactMap { entry in
            do throws(Fault) {
                return try decode(entry)
            } catch {
                unreadable(String(entry.key.dropFirst(prefix.count)), error)
                return nil
            }
        }
    }

    @discardableResult
    package func put(_ name: String, _ value: Value, expected: Int64? = nil) async throws -> Int64 {
        try await store.put(prefix + name, try JSON.encode(value), expected: expected)
    }

    package func delete(_ name: String) async throws {
        try await store.delete(prefix + name, expected: nil)
    }

    /// Reads, changes and writes, again while others write in between.
    ///
    /// - Throws: what `change` throws; nothing has changed then.
    @discardableResult
    package func update(
        _ name: String,
        missing: @autoclosure () -> Fault,
        _ change: (inout Value) throws -> Void
    ) async throws -> Value {
        while true {
            guard var current = try await get(name) else { throw missing() }
            try change(&current.value)
            do {
                try await put(name, current.value, expected: current.revision)
                return current.value
            } catch let fault as Fault where fault.code == .revisionConflict {
                continue
            }
        }
    }

    private func decode(_ entry: Entry) throws(Fault) -> Value {
        do {
            return try JSON.decode(Value.self, from: entry.value, what: entry.key)
        } catch {
            throw Fault(.corrupt, "the store's \(error.message)", hint: "was it written by a newer version of Roost?")
        }
    }
}

extension StateStore {
    package var apps: Records<App> { Records(self, "/apps/") }
    /// Named `<app>/<id>`.
    package var machines: Records<Machine> { Records(self, "/machines/") }
    package var volumes: Records<Volume> { Records(self, "/volumes/") }
    /// Named `<app>/<id>`.
    package var rollouts: Records<Rollout> { Records(self, "/rollouts/") }
}

extension StateStore {
    /// Named `<app>/<version, 8 digits>`, so that their order is that of their versions.
    package var releases: Records<Release> { Records(self, "/releases/") }
    /// Who deploys an app, named for the app; the value is the roll-out's ID.
    package var deployLocks: Records<String> { Records(self, "/locks/deploy/") }
}

extension Release {
    /// Where the store has it.
    package static func key(_ app: String, _ version: Int) -> String {
        let digits = String(version)
        return "\(app)/" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }
}
