import Foundation
import Model
import Synchronization
import Testing
import Toolkit

@testable import Runtime

@Suite("Neighbours", .serialized, .enabled(if: TestHost.isFit && Command.find("python3") != nil))
struct NeighbourTests {
    /// Runs Python with all rights in a Machine's network: more than anybody inside has.
    private func python(_ host: TestHost, _ id: Machine.ID, _ script: String) async throws -> String {
        try await Command("ip", ["netns", "exec", "\(host.paths.instance)-\(id)", "python3", "-c", script]).checked()
    }

    @Test("a build reaches no Machine, in neither family, and no other build")
    func builds() async throws {
        try await TestHost.with { host in
            let server = try await host.sandbox("nc -ll -p 8080 -e echo secret")
            _ = try await host.runtime.start(server)
            try await TestHost.eventually("listener") { try await host.runtime.listeners(server.id).count == 1 }
            var build = try await host.sandbox("", index: 1)
            build.id = .random()
            build.command = [
                "sh", "-c",
                """
                for a in \(server.address.ipv4) \(server.address.ipv6) \(host.plan.gateway.ipv4); do
                    nc -w 2 $a 8080 </dev/null && echo reached $a
                done
                ip addr show eth0 | grep -c \(host.plan.builds.ipv4.description.split(separator: ".").prefix(3).joined(separator: "."))
                """,
            ]
            let lines = Lines()
            _ = try await host.runtime.runToEnd(build) { lines.add($0) }
            // In any order: the runtime copies the two outputs separately.
            #expect(lines.all.contains("1") && !lines.all.contains { $0.contains("secret") || $0.contains("reached") })
            // The Machine is there all the same.
            let answer = try await Command("/bin/busybox", ["nc", "-w", "3", server.address.ipv4, "8080"]).run()
            #expect(answer.output == "secret\n")
            let first = try await host.runtime.makeBuildNetwork()
            let second = try await host.runtime.makeBuildNetwork()
            let address = host.plan.buildAddress(slot: first.slot)
            let ping = try await Command(
                "nsenter",
                ["--net=\(second.path)", "/bin/busybox", "ping", "-c", "1", "-W", "1", address.ipv4]
            ).run()
            #expect(ping.code != 0)
            try await host.runtime.removeBuildNetwork(first)
            try await host.runtime.removeBuildNetwork(second)
        }
    }

    @Test("sources that are not a Machine's own do not pass the bridge: IPv4, IPv6, ARP, advertisements")
    func forged() async throws {
        try await TestHost.with { host in
            let liar = try await host.sandbox("sleep 100", index: 0)
            let victim = try await host.sandbox("nc -u -l -p 7 & nc -u -l -p 8; sleep 100", index: 1)
            let third = try #require(host.plan.address(index: 2))
            _ = try await host.runtime.start(victim)
            _ = try await host.runtime.start(liar)
            let send = { (body: String) in
                _ = try await python(
                    host,
                    liar.id,
                    """
                    import socket, struct
                    mac = lambda a: bytes([0x02, 0x52]) + socket.inet_aton(a)
                    me, victim, third = "\(liar.address.ipv4)", "\(victim.address.ipv4)", "\(third.ipv4)"
                    me6, victim6, third6 = "\(liar.address.ipv6)", "\(victim.address.ipv6)", "\(third.ipv6)"
                    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
                    raw.bind(("eth0", 0))
                    \(body)
                    """
                )
            }
            let frames = [
                // ARP: the gateway is at my address.
                """
                arp = struct.pack("!HHBBH", 1, 0x800, 6, 4, 2) + mac(me) + socket.inet_aton(third) + mac(victim) + socket.inet_aton(victim)
                raw.send(mac(victim) + mac(me) + b"\\x08\\x06" + arp)
                """,
                // A foreign hardware address.
                "raw.send(mac(victim) + mac(third) + b'\\x08\\x00' + b'\\x45' + bytes(11) + socket.inet_aton(me) + socket.inet_aton(victim))",
                // IPv4 of a neighbour.
                "raw.send(mac(victim) + mac(me) + b'\\x08\\x00' + b'\\x45' + bytes(11) + socket.inet_aton(third) + socket.inet_aton(victim))",
                // IPv6 of a neighbour, by the call that an ordinary user may make.
                """
                s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
                s.setsockopt(socket.IPPROTO_IPV6, 78, 1)
                s.bind((third6, 9))
                s.sendto(b"x", (victim6, 8))
                """,
                // An advertisement of a neighbour's address under one's own.
                """
                head = struct.pack("!IHBB", 6 << 28, 32, 58, 255) + socket.inet_pton(10, me6) + socket.inet_pton(10, victim6)
                body = bytes([136, 0, 0, 0, 0x60, 0, 0, 0]) + socket.inet_pton(10, third6) + bytes([2, 1]) + mac(me)
                raw.send(mac(victim) + mac(me) + b"\\x86\\xdd" + head + body)
                """,
            ]
            // All that comes to the victim's link up to what it may hear, in hexadecimal digits.
            async let seen = python(
                host,
                victim.id,
                """
                import socket, time
                raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
                raw.settimeout(0.2)
                end, frame = time.time() + 60, b""
                while time.time() < end and b"my own" not in frame:
                    try: frame = raw.recv(2000)
                    except TimeoutError: continue
                    print(frame.hex())
                """
            )
            try await Task.sleep(for: .seconds(1))
            for frame in frames { try await send(frame) }
            try await send("socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b'my own', (victim6, 8))")
            let text = try await seen
            #expect(text.contains("6d79206f776e"), "what is one's own passes")
            let forged = [
                try #require(IPv4Block.number(third.ipv4)).bigEndianHex, try #require(IPv6Text.digits(of: third.ipv6)),
            ]
            for address in forged { #expect(!text.contains(address), "\(address) in \(text)") }
        }
    }

    @Test("a Machine fills no more of the host's connection table than its part")
    func flood() async throws {
        try await TestHost.with { host in
            let sandbox = try await host.sandbox("sleep 100")
            // Where the host's resolver would listen: a refused connection leaves the table at once.
            let listener = try listening(at: host.plan.gateway.ipv4, port: 53)
            defer { close(listener) }
            func count() throws -> Int {
                let text = try String(contentsOfFile: "/proc/sys/net/netfilter/nf_conntrack_count", encoding: .utf8)
                return try #require(Int(text.trimmingCharacters(in: .newlines)))
            }
            let before = try count()
            _ = try await python(
                host,
                sandbox.id,
                """
                import socket
                for port in range(20000, 32000):
                    s = socket.socket()
                    s.settimeout(0.001)
                    s.bind(("", port))
                    s.connect_ex(("\(host.plan.gateway.ipv4)", 53))
                    s.close()
                """
            )
            let added = try count() - before
            // Others use the table meanwhile, too.
            #expect(added > 1000 && added < Firewall.connections + 2000, "\(added)")
        }
    }

    @Test("what its monitor takes counts to a Machine's own CPU")
    func monitor() async throws {
        try await TestHost.with { host in
            let sandbox = try await host.sandbox("echo ready; sleep 100")
            let process = try await host.runtime.start(sandbox)
            let groups = try String(contentsOfFile: "/proc/\(process.monitorPID)/cgroup", encoding: .utf8)
            if CgroupMode.detect() == .unified {
                #expect(groups.contains("/monitors/\(sandbox.id)"))
            } else {
                let cpu = groups.split(separator: "\n").filter { $0.contains("cpu:") || $0.contains("cpuacct:") }
                #expect(!cpu.isEmpty && cpu.allSatisfy { $0.hasSuffix("/\(sandbox.id)") }, "\(groups)")
            }
            let inside = try await host.output("cat /proc/self/cgroup | grep -c roost; cat /proc/self/mountinfo")
            // Neither names of the host's control groups nor where layers lie.
            #expect(inside.first == "0")
            #expect(!inside.contains { $0.contains("lowerdir=\(host.root)") || $0.contains("upperdir=\(host.root)") })
        }
    }

    @Test("an image may have one layer several times")
    func sameLayerTwice() async throws {
        try await TestHost.with { host in
            let empty = "\(host.root)/empty"
            try Durable.makeFolder(empty)
            var sandbox = try await host.sandbox("echo runs")
            sandbox.layers = [host.layer, empty, empty, host.layer, empty]
            #expect(try await host.output(of: sandbox) == ["runs"])
        }
    }

    @Test("a build that has frozen itself ends, and leaves no control group")
    func frozen() async throws {
        try await TestHost.with { host in
            let group = try host.runtime.makeBuildGroup()
            let join = group.processFiles.map { "echo 0 > \($0)" }.joined(separator: "; ")
            let sleeper = Process()
            sleeper.executableURL = URL(filePath: "/bin/sh")
            sleeper.arguments = ["-c", "\(join); sleep 100 & wait"]
            try sleeper.run()
            let folder = try #require(group.hierarchies["freezer"] ?? group.hierarchies[""])
            let isOld = group.hierarchies["freezer"] != nil
            let place = isOld ? folder : "\(folder)/builder"
            try await TestHost.eventually("two processes") {
                (KernelFile.read("\(place)/cgroup.procs") ?? "").split(separator: "\n").count >= 2
            }
            if isOld {
                // As deep as a build could hide.
                try KernelFile.makeFolder("\(folder)/sub", mode: 0o755)
                let pids = (KernelFile.read("\(folder)/cgroup.procs") ?? "").split(separator: "\n")
                try KernelFile.write(String(try #require(pids.last)), to: "\(folder)/sub/cgroup.procs")
                try KernelFile.write("FROZEN", to: "\(folder)/sub/freezer.state")
            }
            try host.runtime.removeBuildGroup(group.id)
            sleeper.waitUntilExit()
            #expect(sleeper.terminationStatus == SIGKILL)
            for folder in group.hierarchies.values { #expect(!KernelFile.exists(folder)) }
            #expect(host.runtime.cgroups.buildsLeft().isEmpty)
        }
    }
}

extension UInt32 {
    fileprivate var bigEndianHex: String { String(format: "%08x", self) }
}

private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}

/// A socket whose connections the kernel completes, and nobody accepts.
private func listening(at address: String, port: UInt16) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = port.bigEndian
    inet_pton(AF_INET, address, &place.sin_addr)
    let done = withUnsafePointer(to: &place) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { plain in
            bind(descriptor, plain, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 && listen(descriptor, 4096) == 0
        }
    }
    guard done else { throw POSIXError(.EADDRINUSE) }
    return descriptor
}
