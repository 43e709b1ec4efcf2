package import Foundation
import Model
import Toolkit

/// A store that is gone with its process: for tests, and the plainest statement of what a store does.
package actor MemoryStore: StateStore {
    private struct Value {
        var entry: Entry
        var lease: Int64?
    }

    private var values: [String: Value] = [:]
    private var changes: [(key: String, event: WatchEvent)] = []
    private var leases: [Int64: (ttl: Duration, due: ContinuousClock.Instant)] = [:]
    private var revision: Int64 = 0
    private let watchers = Watchers()
    private let clock = ContinuousClock()
    private nonisolated let executor = BlockingExecutor("roost.store.memory")

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    package init() {}

    package func get(_ key: String) -> Entry? {
        expireLeases()
        return values[key]?.entry
    }

    package func range(_ prefix: String) -> Snapshot {
        expireLeases()
        let found = values.values.map(\.entry).filter { $0.key.hasPrefix(prefix) }
        return Snapshot(entries: found.sorted { $0.key < $1.key }, revision: revision)
    }

    @discardableResult
    package func put(_ key: String, _ value: Data, expected: Int64?) throws -> Int64 {
        try write(key, value, expected, lease: nil)
    }

    @discardableResult
    package func put(_ key: String, _ value: Data, expected: Int64?, lease: Int64) throws -> Int64 {
        expireLeases()
        guard leases[lease] != nil else { throw Fault(.timedOut, "lease \(lease) has ended") }
        return try write(key, value, expected, lease: lease)
    }

    package func delete(_ key: String, expected: Int64?) throws {
        expireLeases()
        try check(key, expected)
        guard values.removeValue(forKey: key) != nil else { return }
        revision += 1
        publish(key, .deleted(key: key, revision: revision))
    }

    package nonisolated func watch(_ prefix: String, after revision: Int64) -> AsyncStream<WatchEvent> {
        let source = LazyWatch { await self.subscribe(prefix, after: revision) }
        return AsyncStream { await source.next() }
    }

    package func grantLease(ttl: Duration) -> Int64 {
        let id = Int64.random(in: 1...Int64.max)
        leases[id] = (ttl, clock.now + ttl)
        wakeForLeases(after: ttl)
        return id
    }

    package func keepAlive(_ lease: Int64) throws {
        expireLeases()
        guard let ttl = leases[lease]?.ttl else { throw Fault(.timedOut, "lease \(lease) has ended") }
        leases[lease] = (ttl, clock.now + ttl)
        wakeForLeases(after: ttl)
    }

    // MARK: - Private

    private func subscribe(_ prefix: String, after: Int64) -> AsyncStream<WatchEvent>? {
        let history = changes.map(\.event).filter { $0.revision > after && $0.key.hasPrefix(prefix) }
        return watchers.add(prefix, history: history)
    }

    private func write(_ key: String, _ value: Data, _ expected: Int64?, lease: Int64?) throws -> Int64 {
        expireLeases()
        try check(key, expected)
        revision += 1
        let entry = Entry(key: key, value: value, revision: revision)
        values[key] = Value(entry: entry, lease: lease)
        publish(key, .put(entry))
        return revision
    }

    private func check(_ key: String, _ expected: Int64?) throws(Fault) {
        let current = values[key]?.entry.revision ?? 0
        if let expected, expected != current { throw Fault.conflict(key, expected: expected, current: current) }
    }

    private func publish(_ key: String, _ event: WatchEvent) {
        changes.append((key, event))
        watchers.publish([(key, event)])
    }

    private func wakeForLeases(after delay: Duration) {
        executor.run(after: delay + .milliseconds(1)) { [weak self] in
            self?.assumeIsolated { $0.endLeasesInTime() }
        }
    }

    private func endLeasesInTime() {
        expireLeases()
        // One that is over only now: the timer's clock may be ahead.
        let left = leases.values.map { $0.due - clock.now }.min()
        if let left, left < .milliseconds(10) { wakeForLeases(after: left) }
    }

    private func expireLeases() {
        let ended = leases.filter { $0.value.due <= clock.now }.keys
        for lease in ended {
            leases.removeValue(forKey: lease)
            for key in values.filter({ $0.value.lease == lease }).keys.sorted() {
                values.removeValue(forKey: key)
                revision += 1
                publish(key, .deleted(key: key, revision: revision))
            }
        }
    }
}
