import Foundation
import Model
import Scaffold
import Testing
import Toolkit

/// What `roost export` writes does what it says, under the programs that it is for.
@Suite("Exports boot", .serialized, .enabled(if: ExportBench.unfit == nil, "\(ExportBench.unfit ?? "")"))
struct ExportBootTests {
    @Test(
        "nginx before uvicorn: TLS, HTTP/2, headers, WebSocket, streams, limits",
        arguments: [ExportTarget.nginx, .compose]
    )
    func nginx(target: ExportTarget) async throws {
        try await ExportBench.with { bench in
            let (app, http, https) = (
                try ExportBench.freePort(), try ExportBench.freePort(), try ExportBench.freePort()
            )
            var input = ExportInput(facts: bench.facts(port: app))
            input.options.domain = "api.example.com"
            input.options.nginxVersion = "1.22"
            let made = try Exporter.export(target, input)
            let text = try #require(made.files.first { $0.path == "nginx.conf" }?.text)
            let file = try bench.write(local(text, bench.folder, http: http, https: https), to: "nginx.conf")
            try await Shell.line(
                "cd \(bench.folder) && mkdir -p acme/.well-known/acme-challenge"
                    + " && echo proof >acme/.well-known/acme-challenge/token && openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=api.example.com -days 2 -keyout key.pem"
                    + " -out cert.pem 2>/dev/null && chmod -R a+rX ."
            )
            let server = ["uvicorn", "main:app", "--host", "127.0.0.1", "--port", String(app)]
            _ = try bench.start("app", server, environment: ["FORWARDED_ALLOW_IPS": "127.0.0.1"])
            try await bench.answers(app)
            let nginx = try bench.start("nginx", ["nginx", "-p", bench.folder, "-c", file, "-g", "daemon off;"])
            try await eventually("nginx listens") {
                try await Shell.run("/bin/bash", ["-c", "</dev/tcp/127.0.0.1/\(https)"]).code == 0
            }
            try await check(bench, http, https, app)
            #expect(try await bench.end(nginx, SIGQUIT) == 0)
            let line = try #require(bench.text(of: "nginx").split(separator: "\n").first { $0.contains("\"/seen\"") })
            let record = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            #expect(record["status"] as? Int == 200 && record["remote_addr"] as? String == "127.0.0.1")
        }
    }

    @Test("gunicorn.conf.py: gunicorn takes it, answers, and ends well")
    func gunicorn() async throws {
        try await ExportBench.with { bench in
            let port = try ExportBench.freePort()
            let made = try Exporter.export(.gunicorn, ExportInput(facts: bench.facts(port: 8000)))
            try bench.write(made.files[0].text.replacing("0.0.0.0", with: "127.0.0.1"), to: "gunicorn.conf.py")
            let words = ["gunicorn", "--config", "gunicorn.conf.py", "main:app"]
            let environment = ["PORT": String(port), "WEB_CONCURRENCY": "2"]
            let check = try bench.start("check", words + ["--check-config"], environment: environment)
            #expect(try await bench.end(check, 0) == 0, "\(bench.text(of: "check"))")
            let pid = try bench.start("gunicorn", words, environment: environment)
            try await bench.answers(port)
            #expect(try await bench.end(pid) == 0, "\(bench.text(of: "gunicorn"))")
            let log = bench.text(of: "gunicorn")
            #expect(log.components(separatedBy: "Booting worker").count == 3, "two workers: \(log)")
            #expect(!log.contains("rror") && !log.contains("eprecat"), "\(log)")
        }
    }

    @Test("the Procfile under honcho: a port, a worker, a release command, words with line ends")
    func procfile() async throws {
        try await ExportBench.with { bench in
            let port = try ExportBench.freePort()
            var facts = bench.facts(port: 8000)
            let say = "import sys, time; print(sys.argv[1:], flush=True); time.sleep(60)"
            facts.processes = [.init("worker", .other, command: ["python", "-c", say, "a\nb", "$HOME `id` 'q'"])]
            facts.migrations = .init(.own, command: ["touch", "migrated here"])
            let made = try Exporter.export(.heroku, ExportInput(facts: facts))
            for file in made.files { try bench.write(file.text, to: file.path) }
            let release = try bench.start("release", ["honcho", "run", "sh", "-c", line("release", of: made)])
            #expect(try await bench.end(release, 0) == 0, "\(bench.text(of: "release"))")
            #expect(FileManager.default.fileExists(atPath: "\(bench.folder)/migrated here"))
            let pid = try bench.start(
                "honcho",
                ["honcho", "start", "--no-prefix", "-p", String(port), "web", "worker"]
            )
            try await bench.answers(port)
            let words = #"['a\nb', "$HOME `id` 'q'"]"#
            try await eventually("the worker says \(words)") { bench.text(of: "honcho").contains(words) }
            _ = try await bench.end(pid, SIGTERM)
        }
    }

    @Test("the Compose file, one service after the other: migration, web with its health check, worker")
    func compose() async throws {
        try await ExportBench.with { bench in
            let port = try ExportBench.freePort()
            var facts = bench.facts(port: port)
            facts.processes = [.init("worker", .arq, command: ["python", "-c", "print('working')"])]
            facts.migrations = .init(.own, command: ["touch", "migrated"])
            var config = AppConfig()
            config.app = "boot"
            config.env = ["PLAIN": "a $HOME ${b} 'c' \"d\""]
            config.deploy.releaseCommand = ["touch", "migrated"]
            config.processes = [
                "web": [], "worker": ["python", "-c", "import os; print('working', os.environ['PLAIN'])"],
            ]
            config.httpService = AppConfig.Service()
            config.httpService?.processes = ["web"]
            config.httpService?.settings.internalPort = port
            let made = try Exporter.export(.compose, ExportInput(facts: facts, config: config))
            let file = try YAML.parse(made.files[0].text, file: "compose.yaml")
            let environment = try environment(of: file["services"]?["web"])
            let migrate = try bench.start(
                "migrate",
                words(file["services"]?["migrate"]?["command"]),
                environment: environment
            )
            #expect(try await bench.end(migrate, 0) == 0)
            #expect(FileManager.default.fileExists(atPath: "\(bench.folder)/migrated"))

            // Web has no command of its own: that of the image is uvicorn with its variables.
            let server = ["uvicorn", "main:app", "--port", String(port)]
            let web = try bench.start("web", server, environment: environment)
            try await bench.answers(port)
            let answer = try await Shell.line("curl -sf http://127.0.0.1:\(port)/seen")
            let seen = try JSONDecoder().decode(Seen.self, from: Data(answer.utf8))
            #expect(seen.environment["PLAIN"] == "a $HOME ${b} 'c' \"d\"")
            let test = words(file["services"]?["web"]?["healthcheck"]?["test"])
            #expect(test.first == "CMD")
            let healthy = try bench.start("healthy", Array(test.dropFirst()))
            #expect(try await bench.end(healthy, 0) == 0, "\(bench.text(of: "healthy"))")
            // As the ladder has it: uvicorn ends with the signal that it caught.
            #expect(try await bench.end(web) == 143)
            let ill = try bench.start("ill", Array(test.dropFirst()))
            #expect(try await bench.end(ill, 0) == 1, "nobody answers any more")

            let worker = try bench.start(
                "worker",
                words(file["services"]?["worker"]?["command"]),
                environment: environment
            )
            #expect(try await bench.end(worker, 0) == 0)
            #expect(bench.text(of: "worker") == "working a $HOME ${b} 'c' \"d\"\n")
        }
    }

    @Test(
        "systemd's unit: no complaint, and little that it lets the app do",
        .enabled(if: Command.find("systemd-analyze") != nil, "systemd-analyze is not installed")
    )
    func systemd() async throws {
        try await ExportBench.with { bench in
            var facts = bench.facts(port: 8000)
            facts.environment = [.init("SECRET_KEY", isRequired: true, isSecret: true)]
            let made = try Exporter.export(.systemd, ExportInput(facts: facts))
            let unit = try #require(made.files.first { $0.path == "systemd/boot.service" })
            let path = try bench.write(unit.text, to: "boot.service")
            let verified = try await Shell.run("systemd-analyze", ["verify", "--man=no", path])
            #expect(verified.code == 0 && verified.all.isEmpty, "\(verified.all)")
            // Of 10, where 10 is a service that may do all that root may.
            let safe = try await Shell.run("systemd-analyze", ["security", "--offline=true", "--threshold=25", path])
            #expect(safe.code == 0, "\(safe.all.suffix(300))")
        }
    }

    // MARK: - Private

    /// What the app saw of a request.
    private struct Seen: Decodable {
        var client: String
        var scheme: String
        var host: String?
        var id: String?
        var environment: [String: String?]
    }

    /// What came back through the proxy.
    private struct Found: Decodable {
        var redirect: String
        var acme: String
        var seen: Seen
        var headers: [String: String]
        var health: Int
        var metrics: Int
        var small: [String: Int]
        var large: Int
        var events: [Double]
        var version: String
        var oldTLS: String
        var websocket: String
        var flood: [String: Int]

        private enum CodingKeys: String, CodingKey {
            case redirect, acme, seen, headers, health, metrics, small, large, events, version, websocket, flood
            case oldTLS = "old_tls"
        }
    }

    /// The file on ports and in a folder of the test's own; nothing else of it is changed.
    private func local(_ text: String, _ folder: String, http: Int, https: Int) -> String {
        text.replacing("listen 80;", with: "listen 127.0.0.1:\(http);")
            .replacing("listen 443 ssl http2;", with: "listen 127.0.0.1:\(https) ssl http2;")
            .replacing("/etc/nginx/certs/fullchain.pem", with: "\(folder)/cert.pem")
            .replacing("/etc/nginx/certs/privkey.pem", with: "\(folder)/key.pem")
            .replacing("/run/nginx.pid", with: "\(folder)/nginx.pid")
            .replacing("/var/www/acme", with: "\(folder)/acme")
            .replacing("server web:", with: "server 127.0.0.1:")
    }

    private func check(_ bench: ExportBench, _ http: Int, _ https: Int, _ app: Int) async throws {
        let script = ExportBench.fixture("export_client.py")
        let outcome = try await Shell.run("\(ExportBench.tools)/python", [script, "\(http)", "\(https)"], limit: 60)
        try #require(outcome.code == 0, "\(outcome.all)")
        let found = try JSONDecoder().decode(Found.self, from: Data(outcome.output.utf8))
        #expect(found.redirect == "308 https://api.example.com/a/b?c=d")
        #expect(found.acme == "200 proof")
        #expect(found.seen.client == "127.0.0.1", "a forged address came through")
        #expect(found.seen.scheme == "https" && found.seen.host == "api.example.com" && found.seen.id?.count == 32)
        #expect(found.headers["strict-transport-security"] == "max-age=31536000")
        #expect(found.headers["x-content-type-options"] == "nosniff" && found.headers["x-frame-options"] == "DENY")
        #expect(found.headers["server"] == "nginx", "without its version")
        #expect(found.health == 200 && found.metrics == 404)
        #expect(found.small == ["size": 1 << 20] && found.large == 413)
        let times = found.events
        #expect(times.count == 4 && times[0] < 0.4 && (times.last ?? 0) > 1.3, "held back: \(times)")
        #expect(found.version == "2" && found.oldTLS == "000")
        #expect(found.websocket == "echo hello")
        // Ten a second and twenty beyond that at once.
        let passed = found.flood["200"] ?? 0
        #expect(Set(found.flood.keys) == ["200", "429"] && (20...60).contains(passed), "\(found.flood)")
        print("nginx: \(outcome.output)")
    }

    private func line(_ process: String, of made: Generated) -> String {
        let lines = made.files.first { $0.path == "Procfile" }?.text.split(separator: "\n") ?? []
        return lines.first { $0.hasPrefix("\(process): ") }.map { String($0.dropFirst(process.count + 2)) } ?? "false"
    }

    /// Text as a container gets it, after Compose has looked for variables.
    private func words(_ node: ConfigNode?) -> [String] {
        guard case .array(let items) = node?.value else { return [] }
        return items.compactMap { item in
            if case .string(let text) = item.value { return text.replacing("$$", with: "$") }
            return nil
        }
    }

    private func environment(of service: ConfigNode?) throws -> [String: String] {
        guard case .table(let entries) = service?["environment"]?.value else { throw Failure("no environment") }
        return Dictionary(
            uniqueKeysWithValues: entries.compactMap { entry in
                guard case .string(let text) = entry.node.value else { return nil }
                return (entry.key, text.replacing("$$", with: "$"))
            }
        )
    }
}
