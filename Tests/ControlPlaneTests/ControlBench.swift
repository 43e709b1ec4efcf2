import Foundation
import Logging
import Model
import Store
import Synchronization
import Toolkit

@testable import ControlPlane

/// A store whose reads fail as often as a test says.
actor FaultyStore: StateStore {
    private let store = MemoryStore()
    private var faults: [String: Int] = [:]

    /// The next reads of keys under a prefix fail so many times.
    func fail(_ prefix: String, times: Int) { faults[prefix] = times }

    func get(_ key: String) async throws -> Entry? {
        if let prefix = faults.keys.first(where: key.hasPrefix), let left = faults[prefix], left > 0 {
            faults[prefix] = left - 1
            throw Fault(.io, "the disk does not answer")
        }
        return await store.get(key)
    }

    func range(_ prefix: String) async throws -> Snapshot { await store.range(prefix) }

    func put(_ key: String, _ value: Data, expected: Int64?) async throws -> Int64 {
        try await store.put(key, value, expected: expected)
    }

    func delete(_ key: String, expected: Int64?) async throws { try await store.delete(key, expected: expected) }

    nonisolated func watch(_ prefix: String, after revision: Int64) -> AsyncStream<WatchEvent> {
        store.watch(prefix, after: revision)
    }

    func grantLease(ttl: Duration) async throws -> Int64 { await store.grantLease(ttl: ttl) }

    func keepAlive(_ lease: Int64) async throws { try await store.keepAlive(lease) }

    func put(_ key: String, _ value: Data, expected: Int64?, lease: Int64) async throws -> Int64 {
        try await store.put(key, value, expected: expected, lease: lease)
    }
}

/// The control plane on a fake fleet.
struct ControlBench {
    let store = FaultyStore()
    let fleet: FakeFleet
    let edges: EdgeLink
    let rollouts: Rollouts
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    init(fleet: FakeFleet = FakeFleet()) {
        self.fleet = fleet
        edges = EdgeLink(store: store, domain: "localhost", fleet: fleet, logger: Self.quiet)
        rollouts = Self.rollouts(store, fleet, edges)
    }

    /// Deploys on any store and fleet, with keys and a journal of their own.
    static func rollouts(
        _ store: any StateStore,
        _ fleet: any Fleet,
        _ edges: EdgeLink,
        build: @escaping Rollouts.Build = { _, _, _ in throw Fault(.buildFailed, "no build in this test") }
    ) -> Rollouts {
        Rollouts(
            store: store,
            fleet: fleet,
            edges: edges,
            secrets: SecretLedger(
                store: store,
                keys: HostKeys(folder: NSTemporaryDirectory() + "roost-keys-\(UUID().uuidString)"),
                files: nil
            ),
            settings: Rollouts.Settings(
                region: "local",
                domain: "localhost",
                url: { "http://\($0).localhost" },
                forgetApp: { _ in },
                collectImages: { _, _ in 0 }
            ),
            journal: RolloutJournal(folder: NSTemporaryDirectory() + "roost-journal-\(UUID().uuidString)"),
            logger: quiet,
            build: build
        )
    }

    func app(_ name: String, hostnames: [String] = []) async throws {
        var app = App(name: name, createdAt: .now(), owner: "o")
        app.hostnames = hostnames
        try await (store as any StateStore).apps.put(name, app)
    }

    func request(_ hostnames: [String] = []) -> DeployRequest {
        var config = AppConfig()
        var service = AppConfig.Service()
        service.hostnames = hostnames
        config.httpService = service
        return DeployRequest(config: config, manifest: nil, user: "ada", lines: [:])
    }
}

extension Machines.Settings {
    /// For tests in which no image is asked for.
    static let test = Machines.Settings(
        region: "local",
        holds: { _ in false },
        pull: { _, name in throw Fault(.imageNotFound, "no image \(name) in this test") }
    )
}
