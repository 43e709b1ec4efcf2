import Foundation
import Glibc
import Model
import Testing
import Toolkit

@testable import Runtime

@Suite("Users of a Machine", .serialized, .enabled(if: TestHost.isFit))
struct UserTests {
    /// Why this host's Machines have the host's users, or nil.
    private func obstacle(_ host: TestHost) -> String? {
        guard !host.runtime.userNamespaces.areWanted else { return nil }
        let trial = UserNamespaceTrial.run(host.paths.machines, runtime: "runc")
        print("skipped: user namespaces: \(trial)")
        return "\(trial)"
    }

    private func owner(_ path: String) -> UInt32? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_uid : nil
    }

    /// What a program of the host prints in the user and network namespaces of a Machine's process.
    private static func inside(_ pid: Int32, _ program: String...) async throws -> String {
        let spaces = ["--user=/proc/\(pid)/ns/user", "--net=/proc/\(pid)/ns/net"]
        return try await Command("nsenter", spaces + program).checked()
    }

    @Test("root inside is nobody outside, and what it writes to a volume is root's there")
    func rootInside() async throws {
        try await TestHost.with { host in
            if obstacle(host) != nil { return }
            // As the daemon makes them: nobody else reads there.
            #expect(chmod(host.paths.run, 0o700) == 0 && chmod(host.paths.state, 0o700) == 0)
            try await host.runtime.prepareHost()
            #expect(host.runtime.userNamespaces.areWanted)
            var sandbox = try await host.sandbox(
                """
                id -u; ls -ldn /etc | cut -d' ' -f1-6; touch /etc/new /tmp/new /data/new && echo wrote
                ls -ln /data/old | grep -c ' 1000 '; ls -n / | grep -c 65534; sleep 100
                """
            )
            sandbox.command = ["/bin/busybox", "sh", "-c", sandbox.command[2]]
            let volume = "\(host.root)/volume"
            try Durable.makeFolder(volume)
            try KernelFile.create("\(volume)/old", [1])
            chown("\(volume)/old", 1000, 1000)
            sandbox.mounts = [.init(source: volume, destination: "/data")]
            let process = try await host.runtime.start(sandbox)
            try await host.waitForLog(sandbox.id, "wrote")
            let user = try #require(owner("/proc/\(process.pid)"))
            #expect(user >= 0x1000_0000 && user % UserRange.count == 0)
            #expect(owner("\(volume)/new") == 0 && owner("\(volume)/old") == 1000)
            #expect(owner("\(host.layer)/etc") == 0)
            let lines = await host.log(sandbox.id)
            #expect(lines.first == "0" && lines.contains("1"), "\(lines)")
            // Another daemon, a restart, and an end: nothing of it stays.
            try await host.runtime.clear(sandbox.id)
            let again = try await host.runtime.start(sandbox)
            #expect(owner("/proc/\(again.pid)") == user)
            let command = MachineCommand(words: ["busybox", "id", "-u"], input: "", timeout: .seconds(10))
            #expect(try await host.runtime.exec(sandbox.id, command).output == "0\n")
            try await host.runtime.destroy(sandbox.id)
            #expect(try !String(contentsOfFile: "/proc/self/mounts", encoding: .utf8).contains(sandbox.id.text))
        }
    }

    @Test("one that is not root keeps its number inside, and may listen on port 80 and ping")
    func user() async throws {
        try await TestHost.with { host in
            if obstacle(host) != nil { return }
            let sandbox = try await host.sandbox("id -u; cat /proc/self/uid_map; exec nc -l -p 80", user: "app")
            let process = try await host.runtime.start(sandbox)
            try await TestHost.eventually("it listens") {
                try await host.runtime.listeners(sandbox.id).contains { $0.port == 80 }
            }
            let lines = await host.log(sandbox.id)
            #expect(lines.first == "1000" && lines.last?.hasSuffix(" 65536") == true, "\(lines)")
            let group = try await Self.inside(process.pid, "cat", "/proc/sys/net/ipv4/ping_group_range")
            #expect(group == "0\t65535\n")
        }
    }

    @Test("what it writes to /dev/stdout and /dev/stderr by their names is logged", arguments: ["", "app"])
    func namedStreams(user: String) async throws {
        try await TestHost.with { host in
            if obstacle(host) != nil { return }
            let script =
                "echo one >/dev/stdout; echo two >>/dev/stderr; ln -s /dev/stdout /tmp/log; echo three >>/tmp/log"
            let sandbox = try await host.sandbox(script, user: user)
            _ = try await host.output(of: sandbox)
            #expect(Set(await host.log(sandbox.id)) == ["one", "two", "three"])
            try await host.runtime.destroy(sandbox.id)
        }
    }

    @Test("what the kernel counts by user is each Machine's own", .enabled(if: Command.find("python3") != nil))
    func limits() async throws {
        try await TestHost.with { host in
            if obstacle(host) != nil { return }
            let first = try await host.sandbox("sleep 100", user: "app", index: 0)
            let second = try await host.sandbox("sleep 100", user: "app", index: 1)
            let processes = [try await host.runtime.start(first), try await host.runtime.start(second)]
            // In the namespaces of the Machine, as its user: the image has no Python.
            func use(_ pid: Int32, _ count: Int) -> Command {
                let script = """
                    import ctypes, os, time
                    os.setresgid(1000, 1000, 1000); os.setresuid(1000, 1000, 1000)
                    c = ctypes.CDLL(None)
                    got = [c.inotify_init() for _ in range(\(count))]
                    print(sum(f >= 0 for f in got), flush=True)
                    time.sleep(\(count > 1 ? 5 : 0))
                    """
                return Command("nsenter", ["--user=/proc/\(pid)/ns/user", "python3", "-c", script])
            }
            async let greedy = use(processes[0].pid, 4000).run()
            try await Task.sleep(for: .seconds(2))
            let other = try await use(processes[1].pid, 1).run()
            #expect(other.output == "1\n", "\(other)")
            let used = try await greedy
            let limit = try String(contentsOfFile: "/proc/sys/fs/inotify/max_user_instances", encoding: .utf8)
            let most = try #require(Int(limit.trimmingCharacters(in: .whitespacesAndNewlines)))
            #expect(Int(used.output.trimmingCharacters(in: .newlines)) == min(most, 4000), "\(used)")
        }
    }

    @Test("a Machine of an earlier version gets users of its own at its next start, and one that runs is left alone")
    func earlierVersion() async throws {
        try await TestHost.with { host in
            if obstacle(host) != nil { return }
            var options = host.runtime.options
            options.ownUsers = false
            let old = OCIRuntime(paths: host.paths, options: options)
            try await old.prepareHost()
            let id = Machine.ID.random()
            let address = try #require(host.plan.address(index: 3))
            try await old.provision(id, address: address)
            var sandbox = try await host.sandbox("echo begun; sleep 100", index: 4)
            let unused = sandbox.id
            (sandbox.id, sandbox.address) = (id, address)
            let process = try await old.start(sandbox)
            #expect(owner("/proc/\(process.pid)") == 0)
            try await host.runtime.provision(id, address: address)
            #expect(try await host.runtime.start(sandbox) == process)
            try await host.runtime.clear(id)
            try await host.runtime.provision(id, address: address)
            let next = try await host.runtime.start(sandbox)
            #expect(try #require(owner("/proc/\(next.pid)")) >= 0x1000_0000)
            try await host.runtime.destroy(id)
            try await host.runtime.destroy(unused)
        }
    }

    @Test("ranges of one instance never overlap, and stay within what systemd leaves to containers")
    func ranges() {
        let bases = (0..<4096).map { UserRange(instance: "roost", number: $0).base }
        #expect(Set(bases).count == 4096)
        #expect(bases.allSatisfy { $0 >= 0x1000_0000 && $0 < 0x7000_0000 && $0 % UserRange.count == 0 })
    }
}
