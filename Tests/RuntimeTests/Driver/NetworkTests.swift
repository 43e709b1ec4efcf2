import Foundation
import Model
import Runtime
import Testing
import Toolkit

@Suite("A Machine's network", .serialized, .enabled(if: TestHost.isFit))
struct NetworkTests {
    @Test("the host reaches it, its neighbour does, and what it listens on is known")
    func inbound() async throws {
        try await TestHost.with { host in
            let server = try await host.sandbox("nc -ll -p 8080 -e echo hello & httpd -f -p 127.0.0.1:9090")
            _ = try await host.runtime.start(server)
            try await TestHost.eventually("listeners") { try await host.runtime.listeners(server.id).count == 2 }
            let ports = try await host.runtime.listeners(server.id).sorted { $0.port < $1.port }
            #expect(ports.map(\.port) == [8080, 9090])
            #expect(ports.map(\.loopbackOnly) == [false, true])
            let busybox = "/bin/busybox"
            for address in [server.address.ipv4, server.address.ipv6] {
                let answer = try await Command(busybox, ["nc", "-w", "3", address, "8080"]).run()
                #expect(answer.output == "hello\n")
            }
            let client = """
                nc -w 3 \(server.address.ipv4) 8080 </dev/null
                nc -w 3 \(server.address.ipv6) 8080 </dev/null
                """
            let seen = try await host.output(client, index: 1)
            #expect(seen == ["hello", "hello"])
            #expect(try await host.runtime.listeners(.random()).isEmpty)
        }
    }

    @Test("it reaches neither the host's addresses nor another instance's Machines")
    func closed() async throws {
        try await TestHost.with { host in
            try await TestHost.with { other in
                let foreign = try await other.sandbox("nc -ll -p 8080 -e echo secret")
                _ = try await other.runtime.start(foreign)
                try await TestHost.eventually("listener") { try await other.runtime.listeners(foreign.id).count == 1 }
                let port = try await host.freePort()
                try await host.whileRunning(["nc", "-ll", "-p", "\(port)", "-e", "echo", "secret"]) {
                    let targets = [host.plan.gateway.ipv4, host.plan.gateway.ipv6, other.plan.gateway.ipv4].map {
                        ($0, port)
                    }
                    for (address, port) in targets + [(foreign.address.ipv4, 8080), (foreign.address.ipv6, 8080)] {
                        let lines = try await host.output("nc -w 1 \(address) \(port) </dev/null || echo closed")
                        #expect(lines.contains("closed") && !lines.contains("secret"), "\(address)")
                    }
                    // The listener is there all the same.
                    let answer = try await Command("/bin/busybox", ["nc", "-w", "3", "127.0.0.1", "\(port)"]).run()
                    #expect(answer.output == "secret\n")
                }
            }
        }
    }

    @Test("it gets out under the host's address, in both families")
    func outbound() async throws {
        try await TestHost.with { host in
            // A place that knows nothing of Machines' addresses, but that of the host.
            let name = "\(host.paths.instance)out"
            let setup = """
                netns add \(name)
                link add name \(name)h type veth peer name eth0 netns \(name)
                addr add 198.51.100.1/24 dev \(name)h
                addr add 2001:db8:51::1/64 dev \(name)h nodad
                link set \(name)h up
                """
            try await Command("ip", ["-batch", "-"], input: setup).checked()
            do {
                let inside = """
                    link set lo up
                    addr add 198.51.100.2/24 dev eth0
                    addr add 2001:db8:51::2/64 dev eth0 nodad
                    link set eth0 up
                    """
                try await Command("ip", ["-n", name, "-batch", "-"], input: inside).checked()
                let server = ["nc", "-ll", "-p", "7777", "-e", "echo", "reached"]
                try await host.whileRunning(server, in: name) {
                    let script = """
                        for a in 198.51.100.2 2001:db8:51::2; do
                            i=0; until nc -w 2 $a 7777 </dev/null || [ $((i+=1)) -gt 20 ]; do sleep 0.1; done
                        done
                        nc -w 1 169.254.169.254 80 </dev/null || echo no metadata
                        """
                    let lines = try await host.output(script)
                    #expect(lines.filter { $0 == "reached" }.count == 2)
                    #expect(lines.contains("no metadata"))
                }
            } catch {
                Issue.record(error)
            }
            try await Command("ip", ["-batch", "-"], input: "link del \(name)h\nnetns del \(name)\n").checked()
        }
    }

    @Test("is provisioned again without harm, and mended where half of it is gone")
    func provisioning() async throws {
        try await TestHost.with { host in
            let sandbox = try await host.sandbox("nc -w 3 -l -p 8080")
            try await host.runtime.provision(sandbox.id, address: sandbox.address)
            try await Command("ip", ["link", "del", "v\(sandbox.id)"]).checked()
            try await host.runtime.provision(sandbox.id, address: sandbox.address)
            _ = try await host.runtime.start(sandbox)
            try await TestHost.eventually("listener") { try await host.runtime.listeners(sandbox.id).count == 1 }
            let answer = try await Command("/bin/busybox", ["nc", "-w", "3", sandbox.address.ipv4, "8080"]).run()
            #expect(answer.code == 0)
            // Preparing the host again takes nothing from Machines, either.
            try await host.runtime.prepareHost()
            await #expect { try await host.runtime.removeHostNetwork() } throws: {
                ($0 as? Fault)?.code == .invalidState
            }
        }
    }
}
