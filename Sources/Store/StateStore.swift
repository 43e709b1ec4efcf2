package import Foundation
package import Model

/// Revisioned keys with compare-and-put, range, watch and leases: the meaning is etcd's.
///
/// Implemented on SQLite (one host) and in memory (tests); etcd comes with the second host. One conformance suite runs
/// on all of them.
package protocol StateStore: Sendable {
    /// The value of a key and the revision that wrote it; nil when there is none.
    func get(_ key: String) async throws -> Entry?

    /// All keys that begin with `prefix`, in key order, as of one revision.
    func range(_ prefix: String) async throws -> Snapshot

    /// Writes when the key's revision is still `expected`; 0 means that it must not exist, nil that anything goes.
    ///
    /// - Returns: the new revision.
    /// - Throws: ``Fault`` `revisionConflict` when somebody else wrote first; nothing has changed then.
    @discardableResult
    func put(_ key: String, _ value: Data, expected: Int64?) async throws -> Int64

    /// Removes a key; one that is not there is no error.
    ///
    /// - Throws: ``Fault`` `revisionConflict` as `put` does.
    func delete(_ key: String, expected: Int64?) async throws

    /// Every change of keys under `prefix` after `revision`, in order.
    ///
    /// A watcher that asks for a revision whose history is gone, or that falls too far behind, gets `.reset` and has to
    /// read the range again.
    func watch(_ prefix: String, after revision: Int64) -> AsyncStream<WatchEvent>

    /// Makes a lease that ends when it is not kept alive for `ttl`; keys put with it then go away.
    func grantLease(ttl: Duration) async throws -> Int64

    /// Starts the lease's time again.
    ///
    /// - Throws: ``Fault`` `timedOut` when it has ended already.
    func keepAlive(_ lease: Int64) async throws

    /// As `put`, and the key goes away with the lease.
    @discardableResult
    func put(_ key: String, _ value: Data, expected: Int64?, lease: Int64) async throws -> Int64
}

/// A key as it stands.
package struct Entry: Equatable, Sendable {
    package var key: String
    package var value: Data
    /// Of the write that made this value.
    package var revision: Int64

    package init(key: String, value: Data, revision: Int64) {
        self.key = key
        self.value = value
        self.revision = revision
    }
}

/// A range as of one revision.
package struct Snapshot: Sendable {
    package var entries: [Entry]
    /// Of the whole store; watch after it to miss nothing.
    package var revision: Int64

    package init(entries: [Entry], revision: Int64) {
        self.entries = entries
        self.revision = revision
    }
}

/// One step of a watch.
package enum WatchEvent: Equatable, Sendable {
    case put(Entry)
    case deleted(key: String, revision: Int64)
    case reset
}

extension WatchEvent {
    /// The key that changed; empty for `.reset`.
    package var key: String {
        switch self {
        case .put(let entry): entry.key
        case .deleted(let key, _): key
        case .reset: ""
        }
    }

    /// When it changed; 0 for `.reset`.
    package var revision: Int64 {
        switch self {
        case .put(let entry): entry.revision
        case .deleted(_, let revision): revision
        case .reset: 0
        }
    }
}

extension Fault {
    /// The store that there is can't be all that this host had.
    package static func wentBack(_ path: String, _ objection: String) -> Fault {
        Fault(
            .corrupt,
            "\(path) has lost something: \(objection). Nothing was started and nothing ended: what runs goes on",
            hint: """
                roost store restore puts the last good copy in its place; roost store accept goes on with what there is
                """
        )
    }

    static func conflict(_ key: String, expected: Int64, current: Int64) -> Fault {
        Fault(
            .revisionConflict,
            "\(key) is at revision \(current), not \(expected)",
            hint: "somebody else changed it: read it again, then try again"
        )
    }
}
