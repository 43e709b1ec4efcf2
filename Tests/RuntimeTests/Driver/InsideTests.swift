import Foundation
import Model
import Runtime
import Testing
import Toolkit

@Suite("Inside a Machine", .serialized, .enabled(if: TestHost.isFit))
struct InsideTests {
    @Test("root has few capabilities, no new privileges and a system call filter")
    func confinement() async throws {
        try await TestHost.with { host in
            let lines = try await host.output(
                "grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status; ls /proc/self/fd; id"
            )
            let status = Dictionary(
                lines.compactMap { line in
                    let parts = line.split(separator: ":").map { $0.trimmingCharacters(in: .whitespaces) }
                    return parts.count == 2 ? (parts[0], parts[1]) : nil
                },
                uniquingKeysWith: { first, _ in first }
            )
            // chown, dac_override, fowner, fsetid, kill, setgid, setuid, setpcap, net_bind_service, sys_chroot, setfcap
            for set in ["CapEff", "CapPrm", "CapBnd"] { #expect(status[set] == "00000000800405fb") }
            for set in ["CapInh", "CapAmb"] { #expect(status[set] == "0000000000000000") }
            #expect(status["NoNewPrivs"] == "1" && status["Seccomp"] == "2")
            // Descriptor 3 is the folder that `ls` reads.
            #expect(lines.filter { $0.allSatisfy(\.isNumber) } == ["0", "1", "2", "3"])
            #expect(lines.last == "uid=0(root) gid=0(root)")
        }
    }

    @Test("an ordinary user has no capability, its groups, and yet the ports below 1024")
    func ordinaryUser() async throws {
        try await TestHost.with { host in
            let lines = try await host.output(
                "grep -E '^Cap' /proc/self/status; id; echo $HOME; (echo x | nc -l -p 80 &) ; sleep 0.1; nc 127.0.0.1 80 </dev/null",
                user: "app"
            )
            #expect(lines.prefix(5).allSatisfy { $0.hasSuffix("\t0000000000000000") })
            #expect(lines.suffix(3) == ["uid=1000(app) gid=1000(app) groups=2000(extra)", "/home/app", "x"])
        }
    }

    @Test("the kernel's switches are hidden or read only, other processes out of sight")
    func masked() async throws {
        try await TestHost.with { host in
            let script = """
                cat /proc/kcore | head -c 1 | wc -c
                echo 1 > /proc/sys/kernel/panic || echo refused
                echo b > /proc/sysrq-trigger || echo refused
                echo 1 > /sys/kernel/mm/ksm/run || echo refused
                dd if=/dev/vda of=/dev/null count=1 || echo no disk
                ls /proc | grep -c '^[0-9]'
                cat /etc/hosts | grep -c fly-local-6pn
                cat /etc/resolv.conf /etc/hostname
                echo > /etc/resolv.conf || echo refused
                echo > /tmp/file && echo writable
                """
            let sandbox = try await host.sandbox(script)
            let lines = try await host.output(of: sandbox)
            #expect(Array(lines.prefix(5)) == ["0", "refused", "refused", "refused", "no disk"])
            #expect(try #require(Int(lines[5])) < 8)
            #expect(
                Array(lines[6...]) == [
                    "1", "nameserver 192.0.2.54", "options ndots:1 timeout:2", sandbox.hostname, "refused", "writable",
                ]
            )
        }
    }

    @Test("memory, processes and CPU are limited by its control group")
    func limits() async throws {
        try await TestHost.with { host in
            var sandbox = try await host.sandbox("echo ready; sleep 100")
            sandbox.guest = .init(cpuKind: .shared, cpus: 2, memoryMiB: 128)
            let process = try await host.runtime.start(sandbox)
            let groups = try String(contentsOfFile: "/proc/\(process.pid)/cgroup", encoding: .utf8)
            #expect(groups.contains("/roost-\(host.paths.instance)/\(sandbox.id)"))
            func value(_ controller: String, _ old: String, _ new: String) throws -> String {
                let group = "roost-\(host.paths.instance)/\(sandbox.id)"
                let path =
                    CgroupMode.detect() == .unified
                    ? "/sys/fs/cgroup/\(group)/\(new)" : "/sys/fs/cgroup/\(controller)/\(group)/\(old)"
                return try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .newlines)
            }
            #expect(try value("memory", "memory.limit_in_bytes", "memory.max") == "\(128 << 20)")
            #expect(try value("pids", "pids.max", "pids.max") == "1024")
            #expect(try value("cpu", "cpu.cfs_quota_us", "cpu.max").hasPrefix("200000"))
            #expect(try String(contentsOfFile: "/proc/\(process.pid)/oom_score_adj", encoding: .utf8) == "100\n")
        }
    }

    @Test("volumes keep what is written, unlike the rest")
    func volumes() async throws {
        try await TestHost.with { host in
            let volumes = VolumeStore(paths: host.paths)
            let volume = Volume.sample()
            var sandbox = try await host.sandbox("id -u; echo more >> /data/v; cat /data/v", user: "app")
            let folder = try await volumes.open(volume, user: sandbox.user, layers: sandbox.layers)
            sandbox.mounts = [
                .init(source: folder, destination: "/data"),
                .init(source: host.layer, destination: "/ro", readOnly: true),
            ]
            #expect(try await host.output(of: sandbox) == ["1000", "more"])
            sandbox.command = ["sh", "-c", "cat /data/v; (echo > /ro/x) 2>/dev/null || echo read only"]
            #expect(try await host.output(of: sandbox).suffix(2) == ["more", "read only"])
            try await host.runtime.destroy(sandbox.id)
            #expect(try String(contentsOfFile: "\(folder)/v", encoding: .utf8) == "more\n")
            try await volumes.remove(volume.id)
        }
    }

    @Test("an image may have a hundred layers, and odd characters in their paths")
    func layers() async throws {
        try await TestHost.with { host in
            var sandbox = try await host.sandbox("cat /layer-0 /layer-99 /top")
            for number in 0..<100 {
                let layer = "\(host.root)/a-rather-long-name-for-a-layer,with:odd-characters-\(number)"
                try Durable.makeFolder(layer)
                for name in ["layer-\(number)", "top"] {
                    try "\(number)\n".write(toFile: "\(layer)/\(name)", atomically: false, encoding: .utf8)
                }
                sandbox.layers.append(layer)
            }
            #expect(try await host.output(of: sandbox) == ["0", "99", "99"])
        }
    }

    @Test("other commands can be run there while it runs")
    func exec() async throws {
        try await TestHost.with { host in
            let sandbox = try await host.sandbox("echo ready; sleep 100", user: "app")
            _ = try await host.runtime.start(sandbox)
            try await host.waitForLog(sandbox.id, "ready")
            let outcome = try await host.runtime.exec(
                sandbox.id,
                MachineCommand(words: ["sh", "-c", "id -u; cat; echo bad >&2; exit 4"], input: "given\n")
            )
            #expect(outcome == MachineCommand.Outcome(code: 4, output: "1000\ngiven\n", error: "bad\n"))
            let processes = try await host.runtime.processes(sandbox.id)
            #expect(processes.contains { $0.command.hasPrefix("sleep 100") && $0.memoryBytes > 0 })
            // One that takes no notice of a polite signal is ended all the same.
            let stubborn = ["sh", "-c", "trap '' TERM; sleep 97"]
            await #expect {
                try await host.runtime.exec(
                    sandbox.id,
                    MachineCommand(words: stubborn, timeout: .milliseconds(400))
                )
            } throws: {
                ($0 as? Fault)?.code == .timedOut
            }
            try await host.runtime.clear(sandbox.id)
            await #expect(throws: Fault.self) {
                try await host.runtime.exec(sandbox.id, MachineCommand(words: ["true"]))
            }
        }
    }
}
