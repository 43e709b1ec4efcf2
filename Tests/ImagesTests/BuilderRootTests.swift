import Foundation
import Model
import Testing
import Toolkit

@testable import Images

@Suite("A builder's root", .enabled(if: Requirements.met(["unshare", "setpriv", "pivot_root"])))
struct BuilderRootTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("of the host", to: "secret")
        try folder.write("to be read", to: "in/file")
        try folder.write("", to: "out/nothing")
    }

    private func root() -> BuilderRoot {
        var root = BuilderRoot(place: "\(folder.path)/root", isolation: BuildIsolation())
        root.readOnly = ["\(folder.path)/in"]
        root.writable = ["\(folder.path)/out"]
        return root
    }

    private func lines(_ root: BuilderRoot, _ script: String) async throws -> [String] {
        try await root.checked(["sh", "-c", script]).split(separator: "\n").map(String.init)
    }

    @Test("holds what the command needs, and nothing else of the host")
    func contents() async throws {
        let path = folder.path
        let script = """
            cat \(path)/in/file; echo
            echo x >\(path)/in/file || echo read only
            echo made >\(path)/out/file
            ls \(path)
            ls -d /home /var/lib /etc/shadow /etc/ssh /root/* /opt /srv /host /boot 2>/dev/null
            ls /run
            ls /tmp
            echo x >/usr/x || echo read only
            echo x >/x || echo read only
            """
        let found = try await lines(root(), "exec 2>/dev/null; \(script)")
        #expect(found == ["to be read", "read only", "in", "out", "mount", "roost-secrets", "read only", "read only"])
        #expect(try String(contentsOfFile: "\(path)/out/file", encoding: .utf8) == "made\n")
        #expect(!Mounts.below("\(path)/root"))
    }

    @Test("reaches neither the kernel's switches, nor devices, nor other processes, nor a network")
    func kernel() async throws {
        let script = """
            exec 2>/dev/null
            echo x >/proc/sys/kernel/core_pattern || echo refused
            mknod /tmp/disk b 254 0; head -c 1 /tmp/disk >/dev/null || echo no disk
            ls /proc | grep -c '^[0-9]'
            cat /proc/net/dev | grep -c :
            ls /sys/class/net
            grep CapEff /proc/self/status
            hostname changed; echo x >/sys/kernel/mm/ksm/run || echo refused
            """
        let found = try await lines(root(), script)
        #expect(found.prefix(2) == ["refused", "no disk"])
        #expect(try #require(Int(found[2])) < 8)
        #expect(found[3...4] == ["1", "lo"])
        // sys_admin for mounts; neither sys_module, net_admin, sys_rawio, sys_ptrace, syslog, bpf nor dac_read_search.
        let capabilities = try #require(UInt64(found[5].suffix(16), radix: 16))
        for number in [2, 12, 16, 17, 19, 34, 39] { #expect(capabilities >> number & 1 == 0, "\(number)") }
        #expect(found.last == "refused")
    }

    @Test("secrets are files in memory, under their names, in no list of processes")
    func secrets() async throws {
        var root = root()
        let value = "line one\nüñ$(id)'\"\\ \(Int.random(in: 0...Int.max))"
        root.secrets = ["TOKEN": value, "empty": ""]
        let script = """
            cat /run/roost-secrets/TOKEN | base64 -w0; echo; stat -c %s /run/roost-secrets/empty
            df --output=fstype /run/roost-secrets | tail -1
            cat /proc/*/cmdline /proc/*/environ | tr '\\0' ' ' | grep -c 'line [o]ne'
            """
        let found = try await lines(root, "exec 2>/dev/null; \(script); true")
        #expect(found == [Data(value.utf8).base64EncodedString(), "0", "tmpfs", "0"])
    }

    @Test("cancelling ends all of it", .timeLimit(.minutes(1)))
    func cancelled() async throws {
        let marker = Int.random(in: 100_000...999_999)
        let root = root()
        let task = Task { try await root.run(["sh", "-c", "trap '' TERM; sleep \(marker) & wait"]) }
        try await eventually(within: .seconds(20)) { Processes.running("sleep \(marker)") }
        task.cancel()
        _ = try? await task.value
        try await eventually(within: .seconds(5)) { !Processes.running("sleep \(marker)") }
    }

    @Test(
        "registries of the host's own networks are those that its owner names",
        arguments: [
            ("127.0.0.1:5000/x:1", true), ("127.0.0.1:5001/x:1", false), ("registry.lan/a/b", true),
            ("registry.lan:5000/a/b", true), ("localhost/x", false), ("python:3.13", false), ("registry.lan", false),
        ]
    )
    func listed(image: String, listed: Bool) {
        var isolation = BuildIsolation()
        isolation.registries = ["127.0.0.1:5000", "registry.lan"]
        #expect(isolation.isListed(image) == listed)
    }
}
