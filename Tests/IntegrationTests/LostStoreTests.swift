import Foundation
import Testing
import Toolkit

/// What runs and is routed stays so, whatever the store has lost.
@Suite("Lost stores", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct LostStoreTests {
    /// A host whose app runs and is routed, `serve` killed.
    private func withKilledServe(_ body: (TestHost, [String: Int32]) async throws -> Void) async throws {
        try await TestHost.with { host in
            let app = try TestApp("kept", env: ["QUIET": "1"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try await eventually("routed") { try await host.get("kept", "/").status == 200 }
            let before = try await host.pids("kept")
            #expect(before.count == 2)
            try await host.killDaemon("serve")
            try await body(host, before)
        }
    }

    private func serveRefuses(_ host: TestHost) async throws -> String {
        let outcome = try await Shell.run(
            "\(TestHost.package)/.build/debug/roostd",
            ["serve"],
            environment: host.environment,
            limit: 30
        )
        #expect(outcome.code == 1)
        return outcome.all
    }

    private func alive(_ pids: [String: Int32]) -> Bool { pids.values.allSatisfy { kill($0, 0) == 0 } }

    @Test(
        "serve says so, starts nothing and ends nothing; the last good copy puts it right",
        arguments: ["rm -f store.db-wal store.db-shm", "rm -f store.db*", "rm -f store.db*; touch store.db", "flip"]
    )
    func lost(how: String) async throws {
        try await withKilledServe { host, before in
            let flip = """
                python3 - <<'P'
                f = open("store.db-wal", "r+b"); n = f.seek(0, 2)
                for p in range(n // 3, n, max(n // 20, 1)):
                    f.seek(p); b = f.read(1); f.seek(p); f.write(bytes([b[0] ^ 255]))
                P
                """
            try await Shell.line("cd \(host.state) && \(how == "flip" ? flip : how)")
            let words = try await serveRefuses(host)
            #expect(words.contains("has lost something"), "\(words)")
            #expect(words.contains("roost store restore"), "\(words)")
            #expect(alive(before))
            #expect(try await host.get("kept", "/").status == 200)
            let doctor = try await host.roost("doctor")
            #expect(doctor.output.contains("has lost something"), "\(doctor.all)")

            // The copy is of the daemon's start: what was deployed since runs on without a record.
            try await host.done("store", "restore")
            try await host.start("serve")
            #expect(alive(before))
            for _ in 0..<6 { #expect(try await host.get("kept", "/").status == 200) }
            let strangers = try await host.done("machine", "strangers")
            for id in before.keys { #expect(strangers.contains(id), "\(strangers)") }
            try await host.done("apps", "create", "kept")
            for id in before.keys { try await host.done("machine", "adopt", id) }
            try await eventually("routed again") { try await host.get("kept", "/").status == 200 }
            #expect(try await host.pids("kept") == before)
            try await host.done("machine", "restart", before.keys.sorted()[0], "-a", "kept")
        }
    }

    @Test("under another name of the host its Machines go on, and are driven")
    func renamed() async throws {
        try await withKilledServe { host, before in
            let file = "\(host.root)/renamed.toml"
            try "host = \"renamed\"\n".write(toFile: file, atomically: true, encoding: .utf8)
            let program = "\(TestHost.package)/.build/debug/roostd"
            let environment = host.environment.merging(["ROOST_CONFIG": file]) { $1 }
            let pid = try Background.start(
                program,
                ["serve"],
                environment: environment,
                output: "\(host.root)/renamed.log"
            )
            try "\(pid)".write(toFile: "\(host.root)/serve.pid", atomically: true, encoding: .utf8)
            try await eventually(within: .seconds(30), "serve answers") { try await host.api("/v1/health").code == 0 }
            #expect(try await host.pids("kept") == before)
            #expect(try await host.get("kept", "/").status == 200)
            #expect(try await host.done("machine", "strangers").contains("nothing runs here"))
            try await host.done("machine", "restart", before.keys.sorted()[0], "-a", "kept")
        }
    }

    @Test(
        "a record that can't be read keeps its route, is named, and is repaired by a command",
        arguments: ["app", "machine"]
    )
    func damaged(kind: String) async throws {
        try await withKilledServe { host, before in
            let key = kind == "app" ? "/apps/kept" : "/machines/kept/\(before.keys.sorted()[0])"
            let script = """
                import sqlite3
                d = sqlite3.connect("\(host.state)/store.db")
                d.execute("update entries set value=? where key=?", (b"\\xff\\xfe", "\(key)"))
                d.commit()
                """
            let outcome = try await Shell.run("/usr/bin/python3", ["-c", script])
            #expect(outcome.code == 0, "\(outcome.all)")
            try await host.start("serve")
            for _ in 0..<6 { #expect(try await host.get("kept", "/").status == 200) }
            #expect(alive(before))
            #expect(try await host.done("store", "show").contains(key))
            #expect(try await host.roost("doctor").output.contains("\(key) can't be read"))
            try await host.done("store", "repair", key)
            #expect(try await host.done("store", "show").contains("every record can be read"))
            for _ in 0..<6 { #expect(try await host.get("kept", "/").status == 200) }
        }
    }
}
