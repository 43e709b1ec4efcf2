import Foundation
import Model
import Testing
import Toolkit

/// Throw-away services: made, found by the app, kept from everybody else.
@Suite("Throw-aways", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct TryoutTests {
    @Test("a project with a Compose file of app, database and Redis comes up, and only it reaches them")
    func comesUp() async throws {
        try await TestHost.with { host in
            let project = try Self.project()
            defer { try? FileManager.default.removeItem(atPath: project) }
            let launched = try await host.roost(
                "launch",
                "--with",
                "compose",
                "--yes",
                "--no-deploy",
                project,
                limit: 900
            )
            #expect(launched.code == 0, "\(launched.all)")
            #expect(launched.output.contains("throw-away PostgreSQL"), "\(launched.output)")
            #expect(
                launched.output.contains("variables set for the next start of shop: DATABASE_URL, REDIS_URL"),
                "\(launched.output)"
            )
            let deployed = try await host.roost("deploy", project, limit: 600)
            #expect(deployed.code == 0, "\(deployed.all)")
            try await Self.writes(host, rows: 1)
            let values = try await Self.values(host)
            try await Self.staysSecret(host, project, values, in: launched.all + deployed.all)
            try await Self.keepsOthersOut(host, values)
            try await Self.survives(host)
            let again = try await host.roost("deploy", "--with", "compose", "--if-changed", project, limit: 600)
            #expect(again.code == 0 && !again.output.contains("variables set"), "\(again.all)")
            #expect(try await Self.values(host) == values, "asked for again, nothing changes")
            try await Self.goesAway(host)
        }
    }

    // MARK: - Private

    private static func project() throws -> String {
        let folder = NSTemporaryDirectory() + "roost-tryout-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: ExportBench.fixture("tryout_app.py"), toPath: "\(folder)/main.py")
        let files = [
            "requirements.txt": "fastapi\nuvicorn\npsycopg[binary]\nredis\n",
            "compose.yaml": """
            services:
              app:
                build: .
                environment:
                  DATABASE_URL: postgresql://${DB_USER:-clerk}:${DB_PASSWORD:-example}@db:5432/orders
                  REDIS_URL: redis://:example@cache:6379/2
                depends_on: [db, cache]
              db:
                image: postgres:16
                environment:
                  POSTGRES_USER: ${DB_USER:-clerk}
                  POSTGRES_PASSWORD: ${DB_PASSWORD:-example}
                  POSTGRES_DB: orders
              cache:
                image: redis:7
                command: redis-server --requirepass example
            """,
            "fly.toml": """
            app = "shop"
            [build]
              builder = "python"
            [processes]
              app = "uvicorn main:app --host 0.0.0.0 --port 8080"
            [http_service]
              internal_port = 8080
              processes = ["app"]
              auto_stop_machines = "off"
              [[http_service.checks]]
                path = "/health"
                interval = "1s"
                timeout = "2s"
                grace_period = "20s"
            """,
        ]
        for (name, text) in files { try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8) }
        return folder
    }

    /// The names of the app's secrets.
    private static func names(_ host: TestHost) async throws -> [String] {
        let text = try await host.done("secrets", "list", "-a", "shop", "--json")
        return try JSONDecoder().decode([SecretView].self, from: Data(text.utf8)).map(\.name).sorted()
    }

    /// What the app's Machines are told, as a process of theirs sees it.
    private static func values(_ host: TestHost) async throws -> [String: String] {
        let machine = try #require(try await host.machines("shop").first).id
        let text = try await host.done("machine", "exec", machine, "env", "-a", "shop")
        let names = try await names(host)
        let pairs = text.split(separator: "\n").map { $0.split(separator: "=", maxSplits: 1).map(String.init) }
        return Dictionary(pairs.filter { $0.count == 2 && names.contains($0[0]) }.map { ($0[0], $0[1]) }) { $1 }
    }

    private static func writes(_ host: TestHost, rows: Int) async throws {
        try await eventually(within: .seconds(30), "the app writes row \(rows)") {
            try await host.get("shop", "/write").body.contains("\"rows\":\(rows),")
        }
    }

    /// The address and port of a service out of the app's variable.
    private static func place(_ url: String?) throws -> String {
        let url = try #require(url)
        let match = try #require(url.firstMatch(of: /@([0-9.]+):([0-9]+)\//))
        return "\(match.output.1)/\(match.output.2)"
    }

    private static func staysSecret(
        _ host: TestHost,
        _ project: String,
        _ values: [String: String],
        in output: String
    ) async throws {
        let url = try #require(values["DATABASE_URL"])
        let password = String(try #require(url.firstMatch(of: /clerk:([A-Za-z0-9]{32})@/)).output.1)
        #expect(url.hasSuffix("/orders") && values["REDIS_URL"]?.hasSuffix(":6379/2") == true)
        #expect(try await Shell.line("stat -c %a \(host.state)/keys") == "700\n")
        let shown = try await host.done("status", "-a", "shop-postgres", "--json")
        let listed = try await host.done("machine", "list", "-a", "shop", "--json")
        let files = try await Shell.line("cat \(project)/fly.toml; ps axwwo args")
        for text in [output, shown, listed, files] { #expect(!text.contains(password)) }
        #expect(try await Shell.run("/usr/bin/grep", ["-rqaF", password, "\(host.state)/store.db"]).code == 1)
    }

    private static func keepsOthersOut(_ host: TestHost, _ values: [String: String]) async throws {
        let postgres = try place(values["DATABASE_URL"])
        let redis = try place(values["REDIS_URL"])
        let other = try TestApp("blog", check: false)
        defer { other.remove() }
        try FileManager.default.removeItem(atPath: "\(other.folder)/server.py")
        try FileManager.default.copyItem(atPath: ExportBench.fixture("reach.py"), toPath: "\(other.folder)/server.py")
        try await host.done("deploy", other.folder)
        let six = try #require(try await host.machines("shop-postgres").first).privateIP
        for place in [postgres, redis, "\(six)/5432"] {
            #expect(try await host.get("shop", "/reach/\(place)").body.contains("open"), "\(place)")
            #expect(try await host.get("blog", "/reach/\(place)").body == "closed", "\(place)")
        }
        // Machines that nobody has closed reach each other as ever.
        let blog = try #require(try await host.machines("blog").first).privateIP
        #expect(try await host.get("shop", "/reach/\(blog)/8080").body.contains("open"))
        #expect(try await host.get("shop-postgres", "/").status == 404)
    }

    private static func survives(_ host: TestHost) async throws {
        let before = try await values(host)
        let machine = try #require(try await host.machines("shop-postgres").first).id
        try await host.done("machine", "restart", machine, "-a", "shop-postgres")
        try await writes(host, rows: 2)
        try await host.killDaemon("serve")
        try await writes(host, rows: 3)
        try await host.start("serve")
        try await writes(host, rows: 4)
        let postgres = try place(before["DATABASE_URL"])
        #expect(try await host.get("blog", "/reach/\(postgres)").body == "closed", "after a restart of serve")
        // New Machines of the app are guests as well.
        for machine in try await host.machines("shop") {
            try await host.done("machine", "destroy", machine.id, "-a", "shop", "--force")
        }
        let listed = try await host.done("apps", "list")
        #expect(listed.contains("throw-away of shop"), "\(listed)")
        #expect(try await host.done("status", "-a", "shop").contains("shop-postgres, shop-redis (not backed up)"))
        let stranger = try TestApp("x")
        defer { stranger.remove() }
        let refused = try await host.roost("deploy", "-a", "shop-postgres", "--no-audit", stranger.folder)
        #expect(refused.code == 1 && refused.error.contains("throw-away of shop"), "\(refused.all)")
    }

    private static func goesAway(_ host: TestHost) async throws {
        try await writes(host, rows: 5)
        try await host.done("apps", "destroy", "shop-redis", "--yes")
        #expect(try await names(host) == ["DATABASE_URL"])
        let done = try await host.done("apps", "destroy", "shop", "--yes")
        #expect(done.contains("Destroyed app shop-postgres"), "\(done)")
        let left = try await host.done("apps", "list")
        #expect(left.contains("blog") && !left.contains("shop"), "\(left)")
        #expect(try await Shell.line("ls \(host.state)/env").isEmpty)
        // The kernel is told a moment after the last Machine has gone.
        let tables = "nft list tables | grep -c ' \(host.paths.instance)-reach$' || true"
        try await eventually(within: .seconds(10), "the tables are gone") { try await Shell.line(tables) == "0\n" }
        try await host.done("apps", "destroy", "blog", "--yes")
    }
}
