import Foundation
package import Model
import Toolkit

/// Objects of one kind under one prefix, as JSON.
///
/// An object that does not parse is a ``Fault`` `corrupt`; the entry stays as it is.
package struct Records<Value: Codable & Sendable>: Sendable {
    private let store: any StateStore
    package let prefix: String

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

    /// The record of that name, and its revision; nil when there is none.
    package func get(_ name: String) async throws -> Versioned? {
        guard let entry = try await store.get(prefix + name) else { return nil }
        return Versioned(value: try decode(entry), revision: entry.revision)
    }

    /// All objects whose name begins with `start`, in the order of their names.
    package func list(_ start: String = "") async throws -> [Value] {
        try await store.range(prefix + start).entries.map { try decode($0) }
    }

    /// As `list`, with the revision of each.
    package func versions(_ start: String = "") async throws -> [Versioned] {
        try await store.range(prefix + start).entries.map { Versioned(value: try decode($0), revision: $0.revision) }
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

    /// Writes a record, with `expected` only over that revision, and returns the new one.
    @discardableResult
    package func put(_ name: String, _ value: Value, expected: Int64? = nil) async throws -> Int64 {
        try await store.put(prefix + name, try JSON.encode(value), expected: expected)
    }

    /// As `put`, and the object goes away with the lease.
    package func put(_ name: String, _ value: Value, lease: Int64) async throws {
        try await store.put(prefix + name, try JSON.encode(value), expected: nil, lease: lease)
    }

    func entries() async throws -> [Entry] { try await store.range(prefix).entries }

    /// Removes one, if it is still at the revision that `expected` says.
    package func delete(_ name: String, expected: Int64? = nil) async throws {
        try await store.delete(prefix + name, expected: expected)
    }

    /// All that can be read, by name.
    package func named() async throws -> [(name: String, value: Versioned)] {
        try await store.range(prefix).entries.compactMap { entry in
            guard let value = try? decode(entry) else { return nil }
            return (String(entry.key.dropFirst(prefix.count)), Versioned(value: value, revision: entry.revision))
        }
    }

    /// Reads, changes and writes, again while others write in between; keys that only a newer version knows are kept.
    ///
    /// - Throws: what `change` throws; nothing has changed then.
    @discardableResult
    package func update(
        _ name: String,
        missing: @autoclosure () -> Fault,
        _ change: (inout Value) throws -> Void
    ) async throws -> Value {
        while true {
            guard let entry = try await store.get(prefix + name) else { throw missing() }
            let leftovers = Leftovers()
            let before = try decode(entry, leaving: leftovers)
            var value = before
            try change(&value)
            let data = leftovers.isEmpty ? try JSON.encode(value) : try Self.merged(leftovers, before, value)
            do {
                try await store.put(prefix + name, data, expected: entry.revision)
                return value
            } catch let fault as Fault where fault.code == .revisionConflict {
                continue
            }
        }
    }

    private func decode(_ entry: Entry, leaving leftovers: Leftovers? = nil) throws(Fault) -> Value {
        do {
            return try JSON.decode(Value.self, from: entry.value, what: entry.key, leaving: leftovers)
        } catch {
            if error.code == .newerVersion { throw Fault(error.code, "the store's \(error.message)", hint: error.hint) }
            let name = entry.key
            throw Fault(
                .corrupt,
                "the store's \(error.message)",
                hint:
                    "it is left as it is; roost store show \(name) shows it, roost store repair \(name) puts an older one back"
            )
        }
    }

    /// What is written, with the keys that this version did not know.
    private static func merged(_ leftovers: Leftovers, _ before: Value, _ after: Value) throws(Fault) -> Data {
        func tree(_ value: Value) throws(Fault) -> ConfigValue {
            try JSON.decode(ConfigValue.self, from: JSON.encode(value), what: "record")
        }
        return try JSON.encode(leftovers.merged(before: tree(before), into: tree(after)))
    }
}

extension StateStore {
    package var apps: Records<App> { Records(self, "/apps/") }
    /// Private networks but the default one, named for their number, which is given once.
    package var networks: Records<AppNetwork> { Records(self, "/networks/") }
    /// Named `<app>/<id>`.
    package var machines: Records<Machine> { Records(self, "/machines/") }
    /// Named for the host name.
    package var certificates: Records<HostCertificate> { Records(self, "/certs/") }
    package var volumes: Records<Volume> { Records(self, "/volumes/") }
    /// Named `<app>/<id>`.
    package var rollouts: Records<Rollout> { Records(self, "/rollouts/") }
}

extension StateStore {
    /// Named `<app>/<version, 8 digits>`, so that their order is that of their versions.
    package var releases: Records<Release> { Records(self, "/releases/") }
    /// Named for the host name.
    package var hostNames: Records<HostNameClaim> { Records(self, "/hostnames/") }
    /// Who deploys an app, named for the app; the value is the roll-out's ID.
    package var deployLocks: Records<String> { Records(self, "/locks/deploy/") }
    /// Sealed secrets, named `<app>/<version, 8 digits>`.
    package var secrets: Records<SecretSet> { Records(self, "/secrets/") }
}

extension Release {
    /// Where the store has it.
    package static func key(_ app: String, _ version: Int) -> String {
        versionKey(app, version)
    }
}
