import Foundation
import Model
import Testing

/// What users do every day.
@Suite("Deploys", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct DeployTests {
    @Test("status, logs, apps, machine: every command of the manual on a running app")
    func commands() async throws {
        try await TestHost.with { host in
            let app = try TestApp("demo")
            defer { app.remove() }
            let output = try await host.done("deploy", app.folder)
            let last = output.split(separator: "\n").suffix(1).joined()
            #expect(last.contains("http://demo.localhost:\(host.port)"), "\(output)")
            let json = try await host.done("deploy", "--json", app.folder)
            let made = try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any]
            #expect(made?["url"] as? String == "http://demo.localhost:\(host.port)", "nothing else there: \(json)")
            #expect(try await host.done("apps", "list").contains("demo"))
            #expect(try await host.done("status", in: app.folder).contains("1/1 passing"))
            #expect(try await host.done("logs", "--no-tail", "-a", "demo").contains("starting hello"))
            let machine = try await host.machines("demo")[0].id
            #expect(try await host.done("machine", "list", "-a", "demo").contains(machine))
            let nameless = try await host.roost("status", in: NSTemporaryDirectory())
            #expect(nameless.code == 1 && nameless.error.contains("-a NAME"), "\(nameless.all)")
            #expect(
                try await host.done("machine", "status", machine, "-a", "demo").contains("servicecheck-00-http-8080")
            )
            for verb in ["stop", "start", "restart"] {
                #expect(try await host.done("machine", verb, machine, "-a", "demo").contains(machine))
            }
            let refused = try await host.roost("machine", "destroy", machine, "-a", "demo")
            #expect(refused.code == 1 && refused.error.contains("--force"))
            try await host.done("machine", "destroy", machine, "-a", "demo", "--force")
            #expect(try await host.machines("demo").count == 1)
            let taken = try await host.roost("apps", "create", "demo")
            #expect(taken.code == 1 && taken.error.contains("already been taken"))
            let unknown = try await host.roost("status", "-a", "nobody")
            #expect(unknown.code == 1 && unknown.error.contains("nobody"))
            let asked = try await host.roost("apps", "destroy", "demo")
            #expect(asked.code == 2 && asked.error.contains("--yes"), "asks, and nobody can answer")
            try await host.done("apps", "destroy", "demo", "--yes")
            #expect(try await host.get("demo", "/").status == 404)
        }
    }

    @Test("each command in the manual's table works as it stands there")
    func manual() async throws {
        let page = try String(contentsOfFile: "\(TestHost.package)/README.md", encoding: .utf8)
        let commands = page.split(separator: "\n").filter { $0.hasPrefix("| `roost ") }.compactMap {
            $0.split(separator: "`").dropFirst().first.map(String.init)
        }
        #expect(commands.count >= 11)
        try await TestHost.with { host in
            let app = try TestApp("my-app")
            defer { app.remove() }
            try "web: python3 server.py\n".write(toFile: "\(app.folder)/Procfile", atomically: true, encoding: .utf8)
            for command in commands {
                var words = command.split(separator: " ").dropFirst().map(String.init)
                if let index = words.firstIndex(of: "148e21b7c65089") {
                    words[index] = try await host.machines("my-app")[0].id
                }
                words = words.map { $0 == "[DIR]" ? app.folder : $0 == "[FILE]" ? "\(app.folder)/Procfile" : $0 }
                // What a person would answer, or end, by hand.
                if words.contains("logs") { words.append("--no-tail") }
                if words.contains("launch") || words.contains("import") { words.append("--plan") }
                if words.prefix(2) == ["apps", "destroy"] { words.append("--yes") }
                if words.first == "backup" { try await keepBackups(host) }
                let isEndless = words.first == "proxy"
                if isEndless { words[1] = "0:8080" }
                let outcome = try await Shell.run(
                    "\(TestHost.package)/.build/debug/roost",
                    words,
                    environment: host.environment,
                    limit: isEndless ? 5 : 240
                )
                #expect(outcome.code == (isEndless ? 137 : 0), "\(command): \(outcome.all)")
            }
        }
    }

    /// What is done once on a host, before its first backup.
    private func keepBackups(_ host: TestHost) async throws {
        _ = try await host.roost("backup", "init", "\(host.root)/kept")
        try await host.done("backup", "init", "\(host.root)/kept", "--saved")
        // The clock begins one by itself, and only one at a time is made.
        try await eventually(within: .seconds(120), "the first was made by the clock") {
            try await host.api("/v1/backups").output.contains("\"lastGood\"")
        }
    }

    @Test("a deploy of what runs already changes nothing when it is told so")
    func unchanged() async throws {
        try await TestHost.with { host in
            let app = try TestApp("same")
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let before = try await host.pids("same")
            #expect(try await host.done("deploy", "--if-changed", app.folder).contains("is what runs already"))
            #expect(try await host.pids("same") == before)
            try app.write(env: ["GREETING": "other"])
            try await host.done("deploy", "--if-changed", app.folder)
            #expect(try await host.pids("same") != before)
        }
    }

    @Test("a stopped or suspended app is woken by a request, which is answered")
    func wake() async throws {
        try await TestHost.with { host in
            let app = try TestApp("sleepy", mount: true)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let machine = try await host.machines("sleepy")[0].id
            for (verb, state) in [("stop", "stopped"), ("suspend", "suspended")] {
                try await host.done("machine", verb, machine, "-a", "sleepy")
                try await eventually("it is \(state)") { try await host.machines("sleepy")[0].state == state }
                let answer = try await host.get("sleepy", "/")
                #expect(answer.status == 200, "\(verb): \(answer)")
                #expect(try await host.machines("sleepy")[0].state == "started")
            }
        }
    }

    @Test("a volume survives redeploys, and the edge holds requests while its one Machine is exchanged")
    func volume() async throws {
        try await TestHost.with { host in
            let app = try TestApp("keeper", env: ["QUIET": "1"], mount: true)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            #expect(try await host.get("keeper", "/file").body == "1")
            let report = try await Load.during(host, "keeper", seconds: 6, rate: 50) {
                try app.write(env: ["GREETING": "again", "QUIET": "1"], mount: true)
                try await host.done("deploy", app.folder)
            }
            #expect(report.failed == 0, "\(report.results)")
            #expect(try await host.get("keeper", "/file").body == "2")
        }
    }

    @Test("requests carry what the edge knows of the client, and no forged copies of it")
    func headers() async throws {
        try await TestHost.with { host in
            let app = try TestApp("heads")
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let forged = "-H 'Fly-Client-IP: 6.6.6.6' -H 'Fly-Region: xxx'"
            let text = try await Shell.line(
                "curl -s \(forged) -H 'Host: heads.localhost' http://127.0.0.1:\(host.port)/headers"
            )
            let heads = try #require(
                try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: String]
            ).reduce(into: [String: String]()) { $0[$1.key.lowercased()] = $1.value }
            #expect(heads["fly-client-ip"] == "127.0.0.1")
            #expect(heads["x-forwarded-for"]?.contains("127.0.0.1") == true)
            #expect(heads["x-forwarded-proto"] == "http")
            #expect(heads["fly-request-id"]?.isEmpty == false)
            #expect(heads["host"] == "heads.localhost")
            let env = try await host.get("heads", "/env").body
            for name in ["FLY_APP_NAME", "FLY_MACHINE_ID", "FLY_REGION", "FLY_PRIVATE_IP", "PRIMARY_REGION"] {
                #expect(env.contains("\"\(name)\""), "\(env)")
            }
        }
    }

    @Test("of two deploys at once the second is told who is deploying")
    func twoDeploys() async throws {
        try await TestHost.with { host in
            let app = try TestApp("busy")
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try app.write(env: ["HEALTH": "bad"], extra: "[deploy]\n  wait_timeout = \"8s\"")
            try await host.done("deploy", "--detach", app.folder)
            let second = try await host.roost("deploy", app.folder)
            #expect(second.code == 1)
            #expect(second.error.contains("is being deployed by") && second.error.contains("@"), "\(second.error)")
            let destroy = try await host.roost("apps", "destroy", "busy", "--yes")
            #expect(destroy.code == 1 && destroy.error.contains("is being deployed"))
            let watched = try await host.roost("deploy", "--watch", "-a", "busy")
            #expect(watched.code == 1 && watched.error.contains("rolled back"), "\(watched.all)")
        }
    }

    @Test("a deploy whose CLI is killed goes on, and --watch finds it")
    func cliKilled() async throws {
        try await TestHost.with { host in
            let app = try TestApp("alone")
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try app.write(env: ["GREETING": "second"])
            let roost = "\(TestHost.package)/.build/debug/roost"
            let file = "\(host.root)/deploy.out"
            let pid = try Background.start(roost, ["deploy", app.folder], environment: host.environment, output: file)
            try await eventually("it is under way") {
                (try? String(contentsOfFile: file, encoding: .utf8))?.contains("==> build") ?? false
            }
            kill(pid, SIGKILL)
            try await eventually("the command is gone") { Background.hasEnded(pid) }
            let watched = try await host.roost("deploy", "--watch", "-a", "alone")
            #expect(watched.code == 0, "\(watched.all)")
            #expect(try await host.get("alone", "/").body.contains("second"))
        }
    }

    @Test("Ctrl-C ends the watching with 130 and says how to follow and to cancel; the deploy goes on")
    func interrupted() async throws {
        try await TestHost.with { host in
            let app = try TestApp("left")
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try app.write(env: ["GREETING": "second"])
            let roost = "\(TestHost.package)/.build/debug/roost"
            let file = "\(host.root)/deploy.out"
            let line = """
                "\(roost)" deploy "\(app.folder)" >"\(file)" 2>&1 & pid=$!
                until grep -q '==> build' "\(file)"; do sleep 0.05; done
                kill -INT $pid; wait $pid; echo "code $?"
                """
            let outcome = try await Shell.run("/bin/bash", ["-c", line], environment: host.environment)
            let text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(outcome.output.contains("code 130"), "\(outcome.all)\n\(text)")
            #expect(text.contains("roost deploy --watch -a left") && text.contains("roost deploy --cancel -a left"))
            #expect(try await host.roost("deploy", "--watch", app.folder).code == 0)
            #expect(try await host.get("left", "/").body.contains("second"))
        }
    }

    @Test("a deploy that is cancelled puts back what it changed")
    func cancel() async throws {
        try await TestHost.with { host in
            let app = try TestApp("undone", env: ["GREETING": "good"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try app.write(env: ["HEALTH": "bad"])
            try await host.done("deploy", "--detach", app.folder)
            try await eventually("a Machine is being changed") {
                try await host.done("status", "-a", "undone").contains("replace Machine")
            }
            // By the folder, from somewhere else: its file names the app.
            try await host.done("deploy", "--cancel", app.folder)
            let watched = try await host.roost("deploy", "--watch", app.folder)
            #expect(watched.code == 1 && watched.error.contains("cancelled"), "\(watched.all)")
            #expect(try await host.get("undone", "/").body.contains("good"))
        }
    }

    @Test("ten deploys and destroys leave nothing behind")
    func cycles() async throws {
        try await TestHost.with { host in
            let app = try TestApp("fleeting", mount: true)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try await host.done("apps", "destroy", "fleeting", "--yes")
            let before = try await Leaks.look(host)
            for _ in 0..<10 {
                try await host.done("deploy", app.folder)
                try await host.done("apps", "destroy", "fleeting", "--yes")
            }
            let after = try await Leaks.look(host)
            #expect(after == before, "\(after)\nbefore:\n\(before)")
        }
    }
}
