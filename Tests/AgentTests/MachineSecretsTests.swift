import Foundation
import Model
import Store
import Testing
import Toolkit

@testable import Agent

@Suite("Secrets of Machines")
struct MachineSecretsTests {
    private struct Bench {
        let folder: String
        let store: any StateStore = MemoryStore()
        let keys: HostKeys
        let ledger: SecretLedger
        let secrets: MachineSecrets

        init() throws {
            folder = FileManager.default.temporaryDirectory.appending(path: "roost-agent-\(UUID().uuidString)").path
            keys = HostKeys(folder: folder)
            try keys.prepare()
            ledger = SecretLedger(store: store, keys: keys, files: nil)
            secrets = MachineSecrets(ledger: ledger, opener: keys.opener)
        }

        func remove() { try? FileManager.default.removeItem(atPath: folder) }

        func machine(version: Int?) -> Machine {
            var config = MachineConfig(image: "x")
            if let version { config.metadata[MachineConfig.secretsKey] = "\(version)" }
            return Machine(
                id: .random(),
                name: "m",
                app: "shop",
                region: "local",
                host: "h",
                createdAt: Timestamp(milliseconds: 0),
                spec: .init(instance: "i", config: config)
            )
        }
    }

    @Test("a Machine gets the version of its release, one without a release the newest")
    func versions() async throws {
        let bench = try Bench()
        defer { bench.remove() }
        _ = try await bench.ledger.change("shop", ["A": "1"])
        _ = try await bench.ledger.change("shop", ["A": "2", "B": "b"])
        #expect(try await bench.secrets.values(for: bench.machine(version: 1)) == ["A": "1"])
        #expect(try await bench.secrets.values(for: bench.machine(version: 0)).isEmpty)
        #expect(try await bench.secrets.values(for: bench.machine(version: 2)) == ["A": "2", "B": "b"])
        #expect(try await bench.secrets.values(for: bench.machine(version: nil)) == ["A": "2", "B": "b"])
        await #expect(throws: Fault.self) { try await bench.secrets.values(for: bench.machine(version: 9)) }
    }

    @Test("a rotation seals every version of every app to the new key, and forgets the old one")
    func rotation() async throws {
        let bench = try Bench()
        defer { bench.remove() }
        let first = try await bench.ledger.change("shop", ["A": "1"])
        _ = try await bench.ledger.change("shop", ["A": "2", "B": "b"])
        _ = try await bench.ledger.change("other", ["C": "c"])
        let old = try Data(contentsOf: URL(filePath: "\(bench.folder)/host-\(first.secrets["A"]?.key ?? "").key"))
        let answer = try await KeyRotation(store: bench.store, keys: bench.keys).rotate()
        #expect(answer.secrets == 4)
        let names = try FileManager.default.contentsOfDirectory(atPath: bench.folder).filter { $0.hasPrefix("host-") }
        #expect(names == ["host-\(answer.key).key"])
        for entry in try await bench.store.range("/").entries { #expect(!entry.value.contains(old)) }
        #expect(try await bench.secrets.values(for: bench.machine(version: 1)) == ["A": "1"])
        #expect(try await bench.secrets.values(for: bench.machine(version: 2)) == ["A": "2", "B": "b"])
        let after = try #require(try await bench.ledger.version("shop", 1))
        #expect(after.secrets["A"]?.digest == first.secrets["A"]?.digest)
        #expect(after.secrets["A"]?.createdAt == first.secrets["A"]?.createdAt)
        #expect(after.secrets["A"]?.key == answer.key)
        #expect(try await KeyRotation(store: bench.store, keys: bench.keys).rotate().secrets == 4)
    }

    @Test("a rotation that was cut off leaves everything readable, and the next one finishes it")
    func cutOff() async throws {
        let bench = try Bench()
        defer { bench.remove() }
        _ = try await bench.ledger.change("shop", ["A": "1"])
        // As far as it came: a new key, and nothing sealed to it.
        _ = try bench.keys.makeKey()
        #expect(try await bench.secrets.values(for: bench.machine(version: nil)) == ["A": "1"])
        _ = try await bench.ledger.change("shop", ["B": "2"])
        _ = try await KeyRotation(store: bench.store, keys: bench.keys).rotate()
        #expect(try await bench.secrets.values(for: bench.machine(version: 2)) == ["A": "1", "B": "2"])
    }
}
