import Foundation
import Testing
import Toolkit

/// Projects of strangers: what `docs/security.md` promises of building them.
@Suite("Hostile builds", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct HostileBuildTests {
    @Test("a setup.py, a backend of pyproject and a Dockerfile find nothing of the host, its Machines and other apps")
    func nothingIsReached() async throws {
        try await TestHost.with { host in
            let victim = try TestApp("victim", env: ["QUIET": "1"])
            defer { victim.remove() }
            try await host.done("deploy", victim.folder)
            let marker = "\(host.root)/marker"
            try "of the host".write(toFile: marker, atomically: false, encoding: .utf8)
            let listener = try await Listener(in: host.root)
            defer { listener.stop() }
            let facts = try await facts(host, listener, marker)

            for backend in [false, true] {
                let name = backend ? "by-backend" : "by-setup"
                let project = try pythonProject(name, facts, backend: backend)
                defer { project.remove() }
                let outcome = try await host.roost("deploy", "--no-ha", project.folder)
                #expect(outcome.code == 0 && !outcome.all.contains("BAD"), "\(outcome.all)")
            }
            let project = try dockerProject(facts, marker)
            defer { project.remove() }
            let outcome = try await host.roost("deploy", "--no-ha", project.folder)
            #expect(outcome.all.contains("all tried") && !outcome.all.contains("BAD"), "\(outcome.all)")
            #expect(try String(contentsOfFile: marker, encoding: .utf8) == "of the host")
            #expect(try listener.connections() == 0)
            #expect(try await host.get("victim", "/").status == 200)
        }
    }

    @Test("an image's name leads neither to the host's loopback nor to its private neighbours")
    func pull() async throws {
        try await TestHost.with { host in
            let listener = try await Listener(in: host.root)
            defer { listener.stop() }
            for address in [
                "127.0.0.1:\(listener.port)", "localhost:\(listener.port)", "10.255.255.254:\(listener.port)",
            ] {
                let app = try Project("pull-loopback")
                defer { app.remove() }
                try app.write("fly.toml", app.config(extra: "[build]\n  image = \"\(address)/x:1\"\n"))
                let outcome = try await host.roost("deploy", "--no-ha", app.folder)
                #expect(outcome.code != 0 && outcome.all.contains("registries = "), "\(outcome.all)")
                try app.write("fly.toml", app.config())
                try app.write("Dockerfile", "FROM \(address)/x:1\n")
                let built = try await host.roost("deploy", "--no-ha", app.folder)
                #expect(built.code != 0, "\(built.all)")
            }
            #expect(try listener.connections() == 0)
        }
    }

    @Test("a cancelled build ends at once, and leaves no process, no control group and no network")
    func cancelled() async throws {
        try await TestHost.with { host in
            let app = try Project("sleeps")
            defer { app.remove() }
            let marker = Int.random(in: 100_000...999_999)
            try app.write("fly.toml", app.config())
            try FileManager.default.copyItem(atPath: "/bin/busybox", toPath: "\(app.folder)/busybox")
            try app.write(
                "Dockerfile",
                "FROM scratch\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"sleep\", \"\(marker)\"]\nCMD [\"x\"]\n"
            )
            let before = try await groups()
            try await host.done("deploy", "--no-ha", "--detach", app.folder)
            let running = "ps -eo args | grep -c '^/bin/busybox sleep \(marker)' || true"
            try await eventually(within: .seconds(60), "the line runs") { try await Self.line(running) == "1" }
            let start = ContinuousClock.now
            try await host.done("deploy", "--cancel", "-a", "sleeps")
            try await eventually(within: .seconds(20), "nothing runs") { try await Self.line(running) == "0" }
            #expect(start.duration(to: .now) < .seconds(8))
            try await eventually(within: .seconds(20), "no control group is left") {
                try await groups().subtracting(before).filter { !$0.hasSuffix("/builds") }.allSatisfy {
                    !$0.contains("buildah") && !$0.contains("/builds/")
                }
            }
            try await eventually(within: .seconds(10), "no network is left") {
                try await Self.line("ip netns list | grep -c '^\(host.paths.instance).build' || true") == "0"
            }
        }
    }

    @Test("a sparse file of 200 GiB is refused before it fills the disk")
    func sparse() async throws {
        try await TestHost.with { host in
            let app = try Project("sparse")
            defer { app.remove() }
            try app.write("fly.toml", app.config(command: "python -m http.server 8080"))
            try app.write("requirements.txt", "./pkg\n")
            try app.write("pkg/pkg/__init__.py", "")
            try app.write(
                "pkg/setup.py",
                """
                import os
                from setuptools import setup
                if os.path.isdir("/opt/venv"):
                    with open("/opt/venv/sparse", "wb") as f:
                        f.truncate(200 << 30)
                setup(name="pkg", version="1", packages=["pkg"])
                """
            )
            let outcome = try await host.roost("deploy", "--no-ha", app.folder)
            #expect(outcome.code != 0 && outcome.all.contains("larger than 8192 MiB"), "\(outcome.all)")
            let largest = try await Self.line("find \(host.state)/images -size +1G -not -path '*/cache/*' | wc -l")
            #expect(largest == "0")
        }
    }

    @Test("a build secret is there for the build, and then nowhere")
    func secret() async throws {
        try await TestHost.with { host in
            let app = try Project("hush")
            defer { app.remove() }
            let value = "hush-\(Int.random(in: 0...Int.max))"
            try app.write("fly.toml", app.config(command: "python -m http.server 8080"))
            try app.write("requirements.txt", "./pkg\n")
            try app.write("pkg/pkg/__init__.py", "")
            try app.write(
                "pkg/setup.py",
                """
                import os
                from setuptools import setup
                assert os.environ["TOKEN"].startswith("hush-"), "no token"
                print("the token is", os.environ["TOKEN"])
                setup(name="pkg", version="1", packages=["pkg"])
                """
            )
            let missing = try await host.roost("deploy", "--no-ha", "--build-secret", "TOKEN", app.folder)
            #expect(missing.code != 0 && missing.all.contains("TOKEN\" is not set here"), "\(missing.all)")
            let file = "\(app.folder)-token"
            try value.write(toFile: file, atomically: false, encoding: .utf8)
            defer { try? FileManager.default.removeItem(atPath: file) }
            try await host.done("deploy", "--no-ha", "--build-secret", "id=TOKEN,src=\(file)", app.folder)
            // Records, logs, layers, caches, scratch.
            let found = try await Self.line("grep -rlaF \(value) \(host.root) || true")
            #expect(found.isEmpty, "\(found)")
        }
    }

    // MARK: - Private

    private func facts(_ host: TestHost, _ listener: Listener, _ marker: String) async throws -> String {
        let plan = try String(contentsOfFile: "\(host.state)/network.json", encoding: .utf8)
        let block = try #require(plan.firstMatch(of: /10\.\d+\.\d+/)).0
        let machines = (2..<6).map { "\(block).\($0)" }
        let own = try await Self.line("ip -4 -o addr show scope global | awk '{print $4}' | cut -d/ -f1 | head -3")
        let addresses = ["127.0.0.1", "::1", "\(block).1"] + own.split(separator: "\n").map(String.init)
        let facts: [String: Any] = [
            "machines": machines, "host": addresses, "port": listener.port, "marker": marker,
        ]
        return String(decoding: try JSONSerialization.data(withJSONObject: facts), as: UTF8.self)
    }

    private func pythonProject(_ name: String, _ facts: String, backend: Bool) throws -> Project {
        let project = try Project(name)
        try project.write("fly.toml", project.config(command: "python -m http.server 8080"))
        try project.write("requirements.txt", "./pkg\n")
        try project.write("pkg/pkg/__init__.py", "")
        try project.write("pkg/hostile.json", facts)
        let attempts = "\(TestHost.package)/Tests/IntegrationTests/Fixtures/hostile/attempts.py"
        try FileManager.default.copyItem(atPath: attempts, toPath: "\(project.folder)/pkg/attempts.py")
        let check = "import os, sys\nsys.path.insert(0, os.getcwd())\nimport attempts\nattempts.check(os.getcwd())\n"
        guard backend else {
            try project.write(
                "pkg/setup.py",
                "\(check)from setuptools import setup\nsetup(name=\"pkg\", version=\"1\", packages=[\"pkg\"])\n"
            )
            return project
        }
        try project.write(
            "pkg/pyproject.toml",
            """
            [build-system]
            requires = ["setuptools"]
            build-backend = "backend"
            backend-path = ["."]
            [project]
            name = "pkg"
            version = "1"
            [tool.setuptools]
            packages = ["pkg"]
            """
        )
        try project.write("pkg/backend.py", "\(check)from setuptools.build_meta import *\n")
        return project
    }

    private func dockerProject(_ facts: String, _ marker: String) throws -> Project {
        let project = try Project("by-dockerfile")
        try project.write("fly.toml", project.config())
        try FileManager.default.copyItem(atPath: "/bin/busybox", toPath: "\(project.folder)/busybox")
        let values = try #require(try JSONSerialization.jsonObject(with: Data(facts.utf8)) as? [String: Any])
        let machines = try #require(values["machines"] as? [String]).joined(separator: " ")
        let hosts = try #require(values["host"] as? [String]).joined(separator: " ")
        let port = try #require(values["port"] as? Int)
        try project.write(
            "try.sh",
            """
            b=/bin/busybox
            for a in \(machines); do $b nc -w 2 $a 8080 </dev/null >/dev/null 2>&1 && echo "BAD: the Machine $a"; done
            for a in \(hosts); do $b nc -w 2 $a \(port) </dev/null >/dev/null 2>&1 && echo "BAD: the host at $a"; done
            $b unshare -U $b true 2>/dev/null && echo "BAD: a user namespace"
            $b mount -t tmpfs none /mnt 2>/dev/null && echo "BAD: a mount"
            $b mkdir -p /sys/fs/cgroup/freezer/sub /sys/fs/cgroup/sub 2>/dev/null && echo "BAD: a control group"
            (echo x >/proc/sys/kernel/core_pattern) 2>/dev/null && echo "BAD: the kernel's settings"
            $b mknod /disk b 254 0 2>/dev/null && $b head -c 1 /disk 2>/dev/null && echo "BAD: a disk"
            [ "$($b ls /proc | $b grep -c '^[0-9]')" -lt 20 ] || echo "BAD: processes"
            for p in /mnt\(marker) /mnt/../\(marker) \(marker); do [ -e "$p" ] && echo "BAD: a file of the host"; done
            echo all tried
            """
        )
        try project.write(
            "Dockerfile",
            """
            FROM scratch AS links
            COPY busybox /bin/busybox
            RUN ["/bin/busybox", "ln", "-s", "/", "/host"]
            FROM scratch
            COPY busybox try.sh /bin/
            COPY busybox /bin/sh
            RUN --mount=type=bind,from=links,source=/host,target=/mnt,rw /bin/busybox sh /bin/try.sh
            CMD ["/bin/busybox", "httpd", "-f", "-p", "8080", "-h", "/bin"]
            """
        )
        return project
    }

    /// What a shell's command prints, without the line's end.
    private static func line(_ command: String) async throws -> String {
        try await Shell.line(command).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func groups() async throws -> Set<String> {
        Set(
            try await Self.line("find /sys/fs/cgroup -type d 2>/dev/null || true").split(separator: "\n").map(
                String.init
            )
        )
    }
}

/// A folder with files of a project.
private struct Project {
    let name: String
    let folder: String

    init(_ name: String) throws {
        self.name = name
        folder = NSTemporaryDirectory() + "roost-hostile-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    func config(command: String? = nil, extra: String = "") -> String {
        let processes = command.map { "[processes]\n  app = \"\($0)\"\n" } ?? ""
        let group = command == nil ? "" : "  processes = [\"app\"]\n"
        return "app = \"\(name)\"\n\(extra)\(processes)[http_service]\n  internal_port = 8080\n\(group)"
    }

    func write(_ path: String, _ text: String) throws {
        let file = "\(folder)/\(path)"
        let parent = (file as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        try text.write(toFile: file, atomically: false, encoding: .utf8)
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}

/// A service of the host, on all of its addresses, that counts who comes.
private final class Listener: Sendable {
    let port: Int
    private let pid: Int32
    private let count: String

    init(in folder: String) async throws {
        count = "\(folder)/connections"
        let script = """
            import socket, sys
            s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            s.bind(("::", 0)); s.listen(64)
            open(sys.argv[1] + ".port", "w").write(str(s.getsockname()[1]))
            while True:
                c, _ = s.accept()
                open(sys.argv[1], "a").write("x"); c.close()
            """
        pid = try Background.start(
            "/usr/bin/python3",
            ["-c", script, count],
            environment: [:],
            output: "\(folder)/listener.log"
        )
        let place = "\(count).port"
        try await eventually("the listener has a port") {
            FileManager.default.contents(atPath: place)?.isEmpty == false
        }
        port = try #require(Int(try String(contentsOfFile: place, encoding: .utf8)))
    }

    func connections() throws -> Int { FileManager.default.contents(atPath: count)?.count ?? 0 }

    func stop() { kill(pid, SIGKILL) }
}
