import Agent
import FakeRuntime
import Foundation
import Logging
import Model
import Runtime
import Store
import Synchronization
import Testing

/// A store that refuses to write while its disk is "full".
private final class FillingStore: StateStore {
    private let inner = MemoryStore()
    let isFull = Mutex(false)

    private func check() throws {
        if isFull.withLock({ $0 }) { throw Fault(.diskFull, "no space left") }
    }

    func get(_ key: String) async throws -> Entry? { await inner.get(key) }
    func range(_ prefix: String) async throws -> Snapshot { await inner.range(prefix) }
    func watch(_ prefix: String, after revision: Int64) -> AsyncStream<WatchEvent> {
        inner.watch(prefix, after: revision)
    }
    func grantLease(ttl: Duration) async throws -> Int64 { await inner.grantLease(ttl: ttl) }
    func keepAlive(_ lease: Int64) async throws { try await inner.keepAlive(lease) }
    func put(_ key: String, _ value: Data, expected: Int64?) async throws -> Int64 {
        try check()
        return try await inner.put(key, value, expected: expected)
    }
    func put(_ key: String, _ value: Data, expected: Int64?, lease: Int64) async throws -> Int64 {
        try check()
        return try await inner.put(key, value, expected: expected, lease: lease)
    }
    func delete(_ key: String, expected: Int64?) async throws {
        try check()
        try await inner.delete(key, expected: expected)
    }
}

@Suite("Agent on a full disk")
struct FullDiskTests {
    @Test("what is asked for is refused; what happens is dealt with, and written once there is room")
    func full() async throws {
        let (store, runtime, prober) = (FillingStore(), FakeRuntime(), Prober())
        let host = HostServices(
            name: "here",
            region: "local",
            runtime: runtime,
            store: store,
            prober: prober,
            image: { _ in (Image(digest: "sha256:0", layers: [], config: .init(cmd: ["true"])), []) },
            volumeFolder: { volume, _, _ in "/volumes/\(volume.id)" },
            removeVolumeFolder: { _ in },
            freeAddress: { Machine.Address(ipv4: "127.0.0.1", ipv6: "::\($1.count + 1)") },
            readLog: { _, _, _ in LogFeed() },
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        // A record that nobody can read keeps neither the agent nor other Machines down, and loses nothing.
        let damaged = Machine.ID.random()
        _ = try await store.put("/machines/b/\(damaged)", Data("{".utf8), expected: 0)
        runtime.state.withLock { _ = $0.provisioned.insert(damaged) }
        let agent = LocalAgent(host: host)
        try await agent.adopt()
        #expect(runtime.state.withLock { $0.provisioned.contains(damaged) })
        let order = MachineOrder(
            id: .random(),
            app: "a",
            name: "a",
            region: "local",
            config: MachineConfig(image: "roost/a@sha256:0"),
            release: 1
        )
        try await withThrowingTaskGroup { group in
            group.addTask { try await agent.run() }
            group.addTask {
                let id = try await agent.create(order).id
                try await agent.start(id)
                store.isFull.withLock { $0 = true }
                await #expect(throws: Fault.self) { try await agent.stop(id, then: .stopped) }
                #expect(runtime.state.withLock { $0.running[id] != nil && $0.signals.isEmpty })
                // A crash is restarted all the same.
                runtime.end(id, code: 1)
                for _ in 0..<500 where runtime.state.withLock({ $0.starts.count }) < 2 {
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(runtime.state.withLock { $0.starts.count } == 2)
                store.isFull.withLock { $0 = false }
                let changes = try await agent.changes(of: id)
                for await machine in changes where machine.status.events.last?.kind == .restart {
                    break
                }
                // Written within the pause between two tries.
                var written = false
                for _ in 0..<1000 where !written {
                    let events = try await store.machines.get("a/\(id)")?.value.status.events ?? []
                    written = events.contains { $0.kind == .restart }
                    try await Task.sleep(for: .milliseconds(10))
                }
                #expect(written)
                try await agent.stop(id, then: .stopped)
            }
            try await group.next()
            group.cancelAll()
        }
    }
}
