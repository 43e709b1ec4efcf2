import Foundation
import Model
import Testing
import Toolkit

/// Private addresses of apps, called from inside of real Machines, from the host, and from neither.
@Suite("Flycast", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct FlycastTests {
    /// Asks for a URL and prints the status, then the body; a port that nobody answers at is a word.
    private static let get = """
        import sys, urllib.request as u, urllib.error as e
        try:
            answer = u.urlopen(u.Request(sys.argv[1], headers={"X-Who": "me"}), timeout=float(sys.argv[2]))
            print(answer.status, answer.read().decode())
        except e.HTTPError as error:
            print(error.code, error.read().decode())
        except OSError as error:
            print("nobody", type(getattr(error, "reason", error)).__name__)
        """

    /// Says a line to a port and prints what comes back; then the same by ICMP, for a port of 0.
    private static let say = """
        import socket, struct, sys
        host, port, text = sys.argv[1], int(sys.argv[2]), sys.argv[3]
        try:
            if port:
                s = socket.create_connection((host, port), 15)
                s.sendall(text.encode() + b"\\n"); s.shutdown(socket.SHUT_WR)
                data = b""
                while piece := s.recv(4096): data += piece
                print(data.decode().strip() or "nothing")
            else:
                s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6); s.settimeout(3)
                s.sendto(struct.pack(">BBHHH", 128, 0, 0, 7, 1) + b"roost", (host, 0))
                while (answer := s.recvfrom(1500))[0][0] != 129: pass
                print("echo", answer[1][0])
        except OSError as error:
            print("nobody", type(error).__name__)
        """

    /// A second process of the app: it says who called, and what.
    private static let echo = """
        import socket, threading
        server = socket.create_server(("0.0.0.0", 7000))
        def serve(c):
            data = c.makefile("rb")
            while line := data.readline(): c.sendall(b"heard " + line)
            c.close()
        while True:
            threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
        """

    private static let ports = """
        [[services]]
          internal_port = 7000
          processes = ["echo"]
          auto_start_machines = true
          auto_stop_machines = "stop"
          [[services.ports]]
            port = 7000
          [[services.ports]]
            port = 7001
            handlers = ["proxy_proto"]
        """

    @Test("an app is called by its private address from its network: by HTTP and as bytes, asleep and awake, by itself")
    func called() async throws {
        try await Self.with(["front", "db", "secret"], networks: ["secret": "blue"]) { host in
            let told = try await host.roost("ips", "allocate-v6", "--private", "-a", "db", "--json")
            let address = try Self.address(told.output)
            #expect(told.code == 0 && address.hasPrefix("fdaa:0:1:0:1::"), "\(told.all)")
            // Again is the same one.
            let again = try await host.done("ips", "allocate-v6", "--private", "-a", "db", "--json")
            #expect(try Self.address(again) == address)
            #expect(try await host.done("dig", "--short", "db.flycast") == "\(address)\n")
            try await eventually("it answers") {
                try await run(host, "front", Self.get, "http://db.flycast/health", "20").hasPrefix("200 fine")
            }
            try await headers(host, address)
            // By itself; by another port than any that it has; and as the address alone.
            #expect(try await run(host, "db", Self.get, "http://db.flycast/health", "20") == "200 fine")
            #expect(try await run(host, "front", Self.get, "http://[\(address)]/health", "20") == "200 fine")
            #expect(try await run(host, "front", Self.get, "http://db.flycast:8080/health", "5").hasPrefix("nobody"))
            // Bytes, and bytes behind a header that says who calls.
            #expect(try await run(host, "front", Self.say, "db.flycast", "7000", "hello") == "heard hello")
            let header = try await run(host, "front", Self.say, "db.flycast", "7001", "hello")
            let me = try #require(try await host.machines("front").first?.privateIP)
            #expect(header.hasPrefix("heard PROXY TCP6 \(me) \(address) "), "\(header)")
            #expect(header.contains(" 7001") && header.hasSuffix("heard hello"), "\(header)")
            #expect(try await inside(host, Self.say, address, "0", "x") == "echo \(address)")
            // Another network hears of nothing, and gets nothing where it knows the address.
            let unheard = try await run(host, "secret", Self.get, "http://db.flycast/health", "5")
            #expect(unheard == "nobody gaierror")
            #expect(try await run(host, "secret", Self.get, "http://[\(address)]/health", "5").hasPrefix("nobody"))
            #expect(try await run(host, "secret", Self.say, address, "7000", "hello").hasPrefix("nobody"))
            // Nor does this host, which is in none.
            let outside = try await Shell.run("/usr/bin/curl", ["-s", "-m", "3", "-g", "http://[\(address)]/health"])
            #expect(outside.code != 0, "\(outside.all)")
            try await asleep(host)
            try await withoutServe(host)
        }
    }

    @Test("an address on another network is for that network alone, and one that is released is nobody's")
    func crossing() async throws {
        try await Self.with(["front", "db", "secret"], networks: ["secret": "blue"]) { host in
            let there = try Self.address(
                try await host.done("ips", "allocate-v6", "--private", "--network", "blue", "-a", "db", "--json")
            )
            #expect(there.hasPrefix("fdaa:0:2:0:1::"))
            try await eventually("it answers") {
                try await run(host, "secret", Self.get, "http://db.flycast/health", "20") == "200 fine"
            }
            // Networks are closed as ever: what it leads to is the edge.
            let inside = try #require(try await host.machines("db").first?.privateIP)
            #expect(try await run(host, "secret", Self.get, "http://[\(inside)]:8080/health", "3").hasPrefix("nobody"))
            #expect(try await run(host, "front", Self.get, "http://db.flycast/health", "5").hasPrefix("nobody"))
            #expect(try await run(host, "front", Self.get, "http://[\(there)]/health", "5").hasPrefix("nobody"))
            #expect(try await host.done("ips", "list", "-a", "db").contains("private ingress (blue)"))
            let own = try Self.address(try await host.done("ips", "allocate-v6", "--private", "-a", "db", "--json"))
            try await eventually("both answer") {
                try await run(host, "front", Self.get, "http://[\(own)]/health", "20") == "200 fine"
            }
            try await host.done("ips", "release", there, "-a", "db")
            try await eventually("it is gone") {
                try await run(host, "secret", Self.get, "http://[\(there)]/health", "5").hasPrefix("nobody")
            }
            #expect(try await run(host, "front", Self.get, "http://db.flycast/health", "20") == "200 fine")
            let none = try await host.roost("ips", "release", there, "-a", "db")
            #expect(none.code == 1 && none.error.contains("has no address \(there)"), "\(none.all)")
            let unknown = try await host.roost("ips", "allocate-v6", "--private", "--network", "red", "-a", "db")
            #expect(unknown.code == 1 && unknown.error.contains("there is no network red"), "\(unknown.all)")
        }
    }

    @Test("an app that is deployed with --flycast answers inside alone, until it is given the host's address")
    func closed() async throws {
        try await TestHost.with { host in
            let apps = [try TestApp("front"), try TestApp("inner", https: true)]
            defer { for app in apps { app.remove() } }
            try await host.done("deploy", apps[0].folder)
            let outcome = try await host.roost("deploy", apps[1].folder, "--flycast")
            #expect(outcome.code == 0 && outcome.output.contains("http://inner.flycast"), "\(outcome.all)")
            #expect(try await host.get("front", "/health").status == 200)
            #expect(try await host.get("inner", "/health").status == 404)
            // There is nothing that force_https could send it to.
            #expect(try await run(host, "front", Self.get, "http://inner.flycast/health", "20") == "200 fine")
            let list = try await host.done("ips", "list", "-a", "inner")
            #expect(list.contains("private ingress") && !list.contains("public ingress"), "\(list)")
            // A later deploy opens nothing.
            try await host.done("deploy", apps[1].folder)
            #expect(try await host.get("inner", "/health").status == 404)
            // As scripts do, for both families: the host listens on one of them alone.
            let six = try await host.roost("ips", "allocate-v6", "-a", "inner")
            #expect(six.code == 0 && six.error.contains("listens on no IPv6 address"), "\(six.all)")
            #expect(try await host.get("inner", "/health").status == 404)
            let four = try await host.roost("ips", "allocate-v4", "-a", "inner", "--yes")
            #expect(four.code == 0 && four.error.contains("no address for one app alone"), "\(four.all)")
            #expect(four.output.contains("127.0.0.1") && four.output.contains("public ingress (shared)"))
            try await eventually("it is open") { try await host.get("inner", "/health").status == 200 }
            try await host.done("ips", "release", "127.0.0.1", "-a", "inner")
            try await eventually("it is closed") { try await host.get("inner", "/health").status == 404 }
        }
    }

    @Test("services and checks are listed as flyctl lists them")
    func lists() async throws {
        try await Self.with(["db"]) { host in
            let services = try await host.done("services", "list", "-a", "db").split(separator: "\n").map(String.init)
            #expect(services.first?.hasPrefix("PROTOCOL") == true && services.count == 5, "\(services)")
            #expect(services.contains { $0.contains("80 => 8080") && $0.contains("[HTTP]") && $0.contains("app") })
            #expect(services.contains { $0.contains("7001 => 7000") && $0.contains("[PROXY_PROTO]") })
            try await eventually("the checks pass") {
                let checks = try await host.done("checks", "list", "-a", "db")
                return checks.contains("passing") && checks.hasPrefix("NAME")
            }
            let none = try await host.done("checks", "list", "--check-name", "none", "-a", "db")
            #expect(none.split(separator: "\n").count == 1)
            let machine = try #require(try await host.machines("db").first { !$0.checks.isEmpty })
            #expect(try await host.done("checks", "list", "--json", "-a", "db").contains(machine.id))
            #expect(try await host.done("ips", "private", "-a", "db").contains(machine.privateIP))
            let ping = try await host.done("ping", "db.internal", "-n", "2", "-i", "100ms")
            #expect(
                ping.contains("bytes from \(machine.privateIP) (\(machine.id).vm.db.internal), seq=1 time="),
                "\(ping)"
            )
            let wrong = try await host.roost("ping", "db.flycast", "-n", "1")
            #expect(wrong.code == 1, "\(wrong.all)")
        }
    }

    // MARK: - Private

    /// A host with these apps deployed; `db` has a service of bytes beside its pages.
    private static func with(
        _ names: [String],
        networks: [String: String] = [:],
        _ body: (TestHost) async throws -> Void
    ) async throws {
        try await TestHost.with { host in
            for (name, network) in networks { try await host.done("apps", "create", name, "--network", network) }
            for name in names {
                let app = try TestApp(name, extra: name == "db" ? ports : "")
                defer { app.remove() }
                if name == "db" { try addEcho(app) }
                try await host.done("deploy", app.folder, "--ha=false")
            }
            try await body(host)
        }
    }

    private static func addEcho(_ app: TestApp) throws {
        try echo.write(toFile: "\(app.folder)/echo.py", atomically: true, encoding: .utf8)
        let file = "\(app.folder)/fly.toml"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let processes = "  app = \"python3 server.py\"\n"
        let service = "  processes = [\"app\"]\n"
        try text.replacing(processes, with: "\(processes)  echo = \"python3 echo.py\"\n")
            .replacing(service, with: "\(service)  auto_start_machines = true\n  auto_stop_machines = \"stop\"\n")
            .write(toFile: file, atomically: true, encoding: .utf8)
    }

    private static func address(_ json: String) throws -> String {
        try JSON.decode(IPAssignment.self, from: Data(json.utf8), what: "address").ip
    }

    /// What the app is told of a caller inside.
    private func headers(_ host: TestHost, _ address: String) async throws {
        let me = try #require(try await host.machines("front").first?.privateIP)
        let text = try await run(host, "front", Self.get, "http://db.flycast/headers", "20")
        let told = try JSON.decode([String: String].self, from: Data(text.dropFirst(4).utf8), what: "headers")
        let lower = Dictionary(told.map { ($0.key.lowercased(), $0.value) }) { first, _ in first }
        #expect(lower["host"] == "db.flycast" && lower["x-who"] == "me")
        #expect(lower["fly-client-ip"] == me && lower["x-forwarded-for"] == me, "\(lower)")
        #expect(lower["fly-forwarded-port"] == "80" && lower["fly-forwarded-proto"] == "http")
        #expect(lower["x-forwarded-port"] == "80" && lower["x-forwarded-ssl"] == "off")
        #expect(lower["fly-request-id"]?.isEmpty == false)
    }

    /// All Machines sleep; the name is there, and a call wakes one.
    private func asleep(_ host: TestHost) async throws {
        for machine in try await host.machines("db") {
            try await host.done("machine", "stop", machine.id, "-a", "db")
        }
        #expect(try await host.done("dig", "--short", "db.flycast").hasPrefix("fdaa:"))
        #expect(try await run(host, "front", Self.get, "http://db.flycast/health", "30") == "200 fine")
        #expect(try await run(host, "front", Self.say, "db.flycast", "7000", "woken") == "heard woken")
    }

    /// The edge goes on by itself, and so does the next one, with what is on the disk.
    private func withoutServe(_ host: TestHost) async throws {
        try await host.killDaemon("serve")
        #expect(try await inside(host, Self.get, "http://db.flycast/health", "20") == "200 fine")
        try await host.killDaemon("edge")
        try await host.start("edge")
        try await eventually("the next edge answers") {
            try await inside(host, Self.get, "http://db.flycast/health", "20") == "200 fine"
        }
        try await host.start("serve")
        try await eventually("all of it answers") {
            try await run(host, "front", Self.get, "http://db.flycast/health", "20") == "200 fine"
        }
    }

    /// As `run`, past the daemon: from the network of a Machine that shares the app's, by what the resolver says there.
    private func inside(_ host: TestHost, _ script: String, _ words: String...) async throws -> String {
        let machines = try await Shell.line("ls /run/netns | grep '^\(host.paths.instance)-'")
        let path = "\(host.root)/inside.py"
        try script.write(toFile: path, atomically: true, encoding: .utf8)
        for space in machines.split(whereSeparator: \.isWhitespace) {
            // ip netns exec binds /etc/netns/NAME/resolv.conf over the host's.
            let folder = "/etc/netns/\(space)"
            let own = try await Shell.line(
                "ip -n \(space) -6 -o addr show dev eth0 scope global | grep -c fdaa:0:1: || true"
            )
            guard own.hasPrefix("1") else { continue }
            return try await Shell.line(
                "trap 'rm -rf \(folder)' EXIT; mkdir -p \(folder); echo nameserver fdaa::3 > \(folder)/resolv.conf; "
                    + "ip netns exec \(space) python3 \(path) \(words.joined(separator: " "))"
            ).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        throw Failure("no Machine of the network has a namespace")
    }

    private func run(_ host: TestHost, _ app: String, _ script: String, _ words: String...) async throws -> String {
        let path = "\(host.root)/script.py"
        try script.write(toFile: path, atomically: true, encoding: .utf8)
        let quoted = words.map { "\"\($0)\"" }.joined(separator: " ")
        let line =
            "\(TestHost.package)/.build/debug/roost ssh console -u root -a \(app) -C 'python3 - \(quoted)' < \(path)"
        let outcome = try await Shell.run("/bin/bash", ["-c", line], environment: host.environment, limit: 90)
        guard outcome.code == 0 else { throw Failure("\(app): \(outcome.all)") }
        return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
