import Foundation
import Model
import Testing
import Toolkit

/// Private names and networks, asked for and tried from inside of real Machines.
@Suite("Private network", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct NamesTests {
    /// A client that knows no more of names than the messages.
    private static let dig = """
        import socket, struct, sys
        name, kind = sys.argv[1], int(sys.argv[2])
        where = [l.split()[1] for l in open("/etc/resolv.conf") if l.startswith("nameserver")]
        assert len(where) == 1, where
        question = b"".join(bytes([len(p)]) + p.encode() for p in name.split(".")) + b"\\0"
        family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.settimeout(5)
        s.sendto(struct.pack(">6H", 7, 256, 1, 0, 0, 0) + question + struct.pack(">HH", kind, 1), (where[0], 53))
        answer = s.recv(4096)
        code, count, place = answer[3] & 15, answer[7], 12 + len(question) + 4
        found = []
        for _ in range(count):
            size = struct.unpack(">H", answer[place + 10:place + 12])[0]
            data = answer[place + 12:place + 12 + size]
            found.append(socket.inet_ntop(socket.AF_INET6, data) if kind == 28 else socket.inet_ntoa(data) if kind == 1
                else data[1:].decode())
            place += 12 + size
        print(code, *found)
        """

    /// Which of these addresses of other Machines can be reached; one that refuses can.
    private static let reach = """
        import socket, sys
        for address in sys.argv[1:]:
            s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
            s.settimeout(1.5)
            try:
                s.connect((address, 8080)); word = "open"
            except OSError as error:
                word = "open" if isinstance(error, ConnectionRefusedError) else "closed"
            print(address, word)
        """

    @Test("Machines find each other by name, also while serve is down, and each network knows only its own")
    func names() async throws {
        try await TestHost.with { host in
            try await host.done("apps", "create", "secret", "--network", "staging")
            let apps = try ["front", "secret", "other"].map { try TestApp($0) }
            defer { for app in apps { app.remove() } }
            for app in apps { try await host.done("deploy", app.folder) }
            let front = try await host.machines("front")
            let (first, ids) = (front[0].id, front.map(\.id).sorted())
            // Its name leads to all that run, from another app's Machine, in both families.
            let six = try await ask(host, "other", "front.internal", 28)
            #expect(six.count == ids.count + 1 && six[0] == "0" && six.dropFirst().allSatisfy { $0.hasPrefix("fdaa:") })
            #expect(try await ask(host, "other", "front.internal", 1).dropFirst().allSatisfy { $0.hasPrefix("10.") })
            #expect(try await ask(host, "other", "\(first).vm.front.internal", 28).count == 2)
            #expect(try await ask(host, "other", "app.process.front.internal", 28).count == six.count)
            #expect(try await ask(host, "other", "top1.nearest.of.front.internal", 28).count == 2)
            #expect(try await ask(host, "other", "_apps.internal", 16) == ["0", "front,other"])
            #expect(try await ask(host, "other", "front.internal", 16) == ["0"])
            #expect(try await ask(host, "other", "nobody.internal", 28) == ["3"])
            // The C library finds it too, and what listens there answers.
            let script = "import urllib.request as u; print(u.urlopen('http://front.internal:8080/health').read())"
            #expect(try await run(host, "other", script).contains("fine"))
            // The other network hears of neither, nor is it heard of.
            #expect(try await ask(host, "secret", "_apps.internal", 16) == ["0", "secret"])
            #expect(try await ask(host, "secret", "front.internal", 28) == ["3"])
            #expect(try await ask(host, "front", "secret.internal", 28) == ["3"])
            // People hear the same.
            #expect(
                try await host.done("dig", "--short", "app.process.front.internal").split(separator: "\n").count
                    == ids.count
            )
            #expect(try await host.done("dig", "TXT", "_apps.internal", "--network", "staging").contains("\"secret\""))
            let none = try await host.roost("dig", "nobody.internal")
            #expect(none.code == 1 && none.output.contains("NXDOMAIN"))
            try await tunnelled(host)
            try await host.killDaemon("serve")
            #expect(try await inside(host, pid: front[0].id, "front.internal", 28).first == "0")
            try await host.start("serve")
            // A Machine that stops has no name any more.
            try await host.done("machine", "stop", first, "-a", "front")
            try await eventually("its name is gone") {
                try await ask(host, "other", "\(first).vm.front.internal", 28) == ["0"]
            }
        }
    }

    @Test("networks are closed to each other in both directions and families, and open within")
    func closed() async throws {
        try await TestHost.with { host in
            let networks = ["a": "default", "b": "blue", "c": "blue", "d": "green"]
            for (name, network) in networks { try await host.done("apps", "create", name, "--network", network) }
            let apps = try networks.keys.sorted().map { try TestApp($0) }
            defer { for app in apps { app.remove() } }
            for app in apps { try await host.done("deploy", app.folder) }
            var places: [String: [String]] = [:]
            for name in networks.keys {
                let list = try await ask(host, name, "\(name).internal", 28).dropFirst()
                let four = try await ask(host, name, "\(name).internal", 1).dropFirst()
                places[name] = [list.first, four.first].compactMap { $0 }
            }
            for (from, own) in networks {
                for (to, other) in networks where from != to {
                    let there = try #require(places[to])
                    #expect(there.count == 2)
                    let told = try await run(host, from, Self.reach, there)
                    let expected = there.map { "\($0) \(own == other ? "open" : "closed")" }
                    #expect(told.split(separator: "\n").map(String.init) == expected, "\(from) to \(to)")
                }
            }
        }
    }

    // MARK: - Private

    /// A port of this machine leads to a private name, without a word about an app.
    private func tunnelled(_ host: TestHost) async throws {
        let log = "\(host.root)/proxy.log"
        let client = try Background.start(
            "\(TestHost.package)/.build/debug/roost",
            ["proxy", "0:8080", "app.process.front.internal"],
            environment: host.environment,
            output: log
        )
        defer { kill(client, SIGKILL) }
        var port = ""
        try await eventually("it listens") {
            let text = try String(contentsOfFile: log, encoding: .utf8)
            port = text.firstMatch(of: /local port ([0-9]+) to/).map { String($0.output.1) } ?? ""
            return !port.isEmpty
        }
        #expect(try await Shell.line("curl -sf -m 20 http://127.0.0.1:\(port)/health") == "fine")
        let wrong = try await host.roost("proxy", "0:8080", "nobody.internal")
        #expect(wrong.code == 1 && wrong.error.contains("there is no name nobody.internal"), "\(wrong.all)")
    }

    /// What a Machine of an app hears: the code, then what was found.
    private func ask(_ host: TestHost, _ app: String, _ name: String, _ type: Int) async throws -> [String] {
        try await run(host, app, Self.dig, [name, "\(type)"]).split(whereSeparator: \.isWhitespace).map(String.init)
    }

    private func run(_ host: TestHost, _ app: String, _ script: String, _ words: [String] = []) async throws -> String {
        let path = "\(host.root)/script.py"
        try script.write(toFile: path, atomically: true, encoding: .utf8)
        let line =
            "\(TestHost.package)/.build/debug/roost ssh console -a \(app) -C 'python3 - \(words.joined(separator: " "))' "
            + "< \(path)"
        let outcome = try await Shell.run("/bin/bash", ["-c", line], environment: host.environment, limit: 60)
        guard outcome.code == 0 else { throw Failure("\(app): \(outcome.all)") }
        return outcome.output
    }

    /// As `ask`, past the daemon: in the Machine's own network.
    private func inside(_ host: TestHost, pid machine: String, _ name: String, _ type: Int) async throws -> [String] {
        let path = "\(host.root)/script.py"
        try Self.dig.replacing("open(\"/etc/resolv.conf\")", with: "[\"nameserver fdaa::3\"]").write(
            toFile: path,
            atomically: true,
            encoding: .utf8
        )
        let space = "\(host.paths.instance)-\(machine)"
        return try await Shell.line("ip netns exec \(space) python3 \(path) \(name) \(type)")
            .split(whereSeparator: \.isWhitespace).map(String.init)
    }
}
