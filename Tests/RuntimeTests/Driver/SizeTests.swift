import Foundation
import Glibc
import Model
import Testing
import Toolkit

@testable import Runtime

@Suite("The size that a Machine sees", .serialized, .enabled(if: TestHost.isFit), .timeLimit(.minutes(5)))
struct SizeTests {
    /// What programs look at, one a line.
    private static let look = """
        cat /sys/devices/system/cpu/online; nproc; grep -c ^processor /proc/cpuinfo; grep -c '^cpu[0-9]' /proc/stat
        grep MemTotal /proc/meminfo
        cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null
        """

    private static var hostCPUs: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

    private static func number(_ name: String, _ text: String) -> Int {
        let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
        return (line?.split(separator: " ").dropFirst().first).flatMap { Int($0) } ?? 0
    }

    private func read(_ host: TestHost, _ id: Machine.ID, _ words: [String]) async throws -> String {
        try await host.runtime.exec(id, MachineCommand(words: words)).output
    }

    @Test("all that tells of CPUs and memory tells of its own, and of the new size after the next start")
    func agrees() async throws {
        try await TestHost.with { host in
            var sandbox = try await host.sandbox(Self.look)
            sandbox.guest = .init(memoryMiB: 128)
            let small = try await host.output(of: sandbox)
            #expect(small == ["0", "1", "1", "1", "MemTotal:           131072 kB", "\(128 << 20)"])
            // No more CPUs than there are can be seen by any means.
            sandbox.guest = .init(cpus: 64, memoryMiB: 192)
            let cpus = Self.hostCPUs
            let large = try await host.output(of: sandbox).suffix(6)
            #expect(
                Array(large) == [
                    cpus == 1 ? "0" : "0-\(cpus - 1)", "\(cpus)", "\(cpus)", "\(cpus)",
                    "MemTotal:           196608 kB", "\(192 << 20)",
                ]
            )
        }
    }

    @Test("a command inside counts as the first program does, and an ordinary user too")
    func execs() async throws {
        try await TestHost.with { host in
            let sandbox = try await host.sandbox("sleep 100", user: "app")
            _ = try await host.runtime.start(sandbox)
            #expect(try await read(host, sandbox.id, ["nproc"]) == "1\n")
            let text = try await read(host, sandbox.id, ["cat", "/proc/meminfo"])
            #expect(Self.number("MemTotal", text) == 64 << 10)
        }
    }

    @Test("what is left moves with what is used, and the next daemon goes on with it")
    func refreshes() async throws {
        try await TestHost.with { host in
            var sandbox = try await host.sandbox(
                "cat /proc/meminfo; echo ready; dd if=/dev/zero of=/dev/shm/a bs=1M count=40 2>/dev/null; echo full; "
                    + "while :; do :; done"
            )
            sandbox.guest = .init(memoryMiB: 128)
            _ = try await host.runtime.start(sandbox)
            try await host.waitForLog(sandbox.id, "full")
            let before = try await read(host, sandbox.id, ["cat", "/proc/meminfo"])
            #expect(Self.number("MemAvailable", before) == 128 << 10)
            // As after a kill of the daemon: it knows nothing but what is there.
            let successor = OCIRuntime(paths: host.paths)
            _ = await successor.refreshSizes()
            let after = try await read(host, sandbox.id, ["cat", "/proc/meminfo"])
            #expect(Self.number("MemTotal", after) == 128 << 10)
            #expect((60 << 10...88 << 10).contains(Self.number("MemAvailable", after)), "\(after)")
            #expect(Self.number("Shmem", after) >= 40 << 10)
            let id = sandbox.id
            try await TestHost.eventually("its time of the CPU") {
                _ = await successor.refreshSizes()
                let stat = try await host.runtime.exec(id, MachineCommand(words: ["head", "-1", "/proc/stat"]))
                return (stat.output.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) > 20
            }
        }
    }

    @Test("root inside can change none of it, and sees nobody else's groups")
    func closed() async throws {
        try await TestHost.with { host in
            let lines = try await host.output(
                """
                for f in /proc/meminfo /proc/stat /proc/cpuinfo /sys/devices/system/cpu/online; do
                (echo 1 > $f) 2>/dev/null && echo "wrote $f"; rm -f $f 2>/dev/null && echo "removed $f"; done
                for f in $(find /sys/fs/cgroup -type f 2>/dev/null); do
                (echo 1 > $f) 2>/dev/null && echo "wrote $f"; done
                find /sys/fs/cgroup -name '*roost*'; grep -c roost /proc/self/cgroup
                mkdir /sys/fs/cgroup/x /sys/fs/cgroup/*/x 2>/dev/null && echo made
                """
            )
            #expect(lines == ["0"])
        }
    }

    @Test("two that want a CPU each are taken apart within a few rounds", .enabled(if: hostCPUs > 1))
    func balances() async throws {
        try await TestHost.with { host in
            let busy = "echo ready; while :; do :; done"
            let first = try await host.sandbox(busy)
            let second = try await host.sandbox(busy, index: 1)
            for sandbox in [first, second] {
                _ = try await host.runtime.start(sandbox)
                try await host.waitForLog(sandbox.id, "ready")
            }
            let cgroups = host.runtime.cgroups
            guard cgroups.splitsCPUs else { return }
            #expect(cgroups.places()[first.id]?.cpus != cgroups.places()[second.id]?.cpus)
            let place = try #require(cgroups.places()[first.id])
            #expect(place.cpus.count == 1)
            try cgroups.move(second.id, to: place.cpus)
            let successor = OCIRuntime(paths: host.paths)
            try await TestHost.eventually(within: .seconds(30), "a CPU for each") {
                _ = await successor.refreshSizes()
                try await Task.sleep(for: .milliseconds(500))
                let places = cgroups.places()
                return places[first.id]?.cpus != places[second.id]?.cpus
            }
            #expect(try await read(host, second.id, ["nproc"]) == "1\n")
        }
    }
}
