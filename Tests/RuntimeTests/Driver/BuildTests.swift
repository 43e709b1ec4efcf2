import Foundation
import Model
import Runtime
import Synchronization
import Testing
import Toolkit

@Suite("Build steps", .serialized, .enabled(if: TestHost.isFit))
struct BuildTests {
    private func step(_ host: TestHost, _ script: String, network: Bool = false) -> Sandbox {
        var sandbox = Sandbox(
            id: .random(),
            hostname: "build",
            layers: [host.layer],
            image: Image.Config(),
            command: ["sh", "-c", script],
            env: [:],
            guest: .init(memoryMiB: 64),
            address: host.plan.gateway
        )
        sandbox.network = network
        return sandbox
    }

    @Test("tell each line and their exit code; what they write becomes a layer")
    func runs() async throws {
        try await TestHost.with { host in
            let upper = "\(host.root)/upper"
            let before = try await HostTraces.look(host)
            let lines = Mutex<[String]>([])
            let script = "echo one; echo two >&2; echo made > /made; rm /etc/group; ip a | grep -c eth0; exit 3"
            let code = try await host.runtime.runToEnd(step(host, script), upper: upper) { line in
                lines.withLock { $0.append(line) }
            }
            #expect(code == 3)
            // In any order: the runtime copies the two outputs separately.
            #expect(lines.withLock { Set($0) } == ["one", "two", "0"])
            #expect(try String(contentsOfFile: "\(upper)/made", encoding: .utf8) == "made\n")
            let removed =
                try FileManager.default.attributesOfItem(atPath: "\(upper)/etc/group")[.type] as? FileAttributeType
            #expect(removed == .typeCharacterSpecial)
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(upper)/etc") == ["group"])
            #expect(try await host.runtime.list().isEmpty)
            let left = try await HostTraces.look(host).added(since: before)
            #expect(left == [])
        }
    }

    @Test("reach the network only when they may")
    func network() async throws {
        try await TestHost.with { host in
            for network in [true, false] {
                let lines = Mutex<[String]>([])
                let script = "cat /proc/net/dev | grep -c eth0"
                _ = try await host.runtime.runToEnd(step(host, script, network: network)) { line in
                    lines.withLock { $0.append(line) }
                }
                #expect(lines.withLock { $0 } == [network ? "1" : "0"])
            }
        }
    }

    @Test("that can't be run say why")
    func fails() async throws {
        try await TestHost.with { host in
            var sandbox = step(host, "")
            sandbox.command = ["/nonexistent"]
            await #expect { try await host.runtime.runToEnd(sandbox) { _ in } } throws: {
                ($0 as? Fault)?.code == .invalidConfig
            }
        }
    }

    @Test("are killed when nobody wants them any more", .timeLimit(.minutes(1)))
    func cancelled() async throws {
        try await TestHost.with { host in
            let before = try await HostTraces.look(host)
            let (started, continuation) = AsyncStream.makeStream(of: Void.self)
            let sandbox = step(host, "trap '' TERM INT; echo started; while :; do sleep 1; done", network: true)
            await withTaskGroup { group in
                group.addTask {
                    await #expect(throws: CancellationError.self) {
                        try await host.runtime.runToEnd(sandbox) { _ in continuation.yield() }
                    }
                }
                for await _ in started { break }
                group.cancelAll()
            }
            let left = try await HostTraces.look(host).added(since: before)
            #expect(left == [])
        }
    }

    @Test("of a daemon that crashed are removed by the next")
    func abandoned() async throws {
        try await TestHost.with { host in
            let before = try await HostTraces.look(host)
            let (started, continuation) = AsyncStream.makeStream(of: Void.self)
            let sandbox = step(host, "echo started; while :; do sleep 1; done", network: true)
            try await withThrowingTaskGroup { group in
                group.addTask {
                    // Its own process is killed under it by the other daemon.
                    _ = try await host.runtime.runToEnd(sandbox) { _ in continuation.yield() }
                }
                for await _ in started { break }
                try await OCIRuntime(paths: host.paths, options: host.runtime.options).prepareHost()
                try await group.waitForAll()
            }
            let left = try await HostTraces.look(host).added(since: before)
            #expect(left == [])
        }
    }
}
