import Foundation
import Testing

@Suite("Full disk", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct DiskTests {
    @Test("a disk that fills up during a build: says so, what runs goes on, and with room the deploy works")
    func fullDuringBuild() async throws {
        // Nearly full counts as full only once it is: else the build would not begin.
        try await TestHost.with(diskMiB: 3000, settings: "[disk]\nrefuse_at = 99\n") { host in
            let app = try TestApp("calm", env: ["GREETING": "calm", "QUIET": "1"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            // Leaves room for the store's own writes, not for the example's dependencies.
            try await Shell.line(
                "free=$(df -m --output=avail \(host.state) | tail -1); fallocate -l $((free - 40))M \(host.state)/filler"
            )
            let outcome = try await host.roost("deploy", "\(TestHost.package)/examples/notes")
            #expect(outcome.code == 1, "\(outcome.all)")
            #expect(outcome.all.contains("full") || outcome.all.contains("No space left"), "\(outcome.all)")
            #expect(try await host.get("calm", "/").body.contains("calm"))
            try await refused(host, app)
            try await Shell.line("rm \(host.state)/filler*")
            try await host.done("deploy", "\(TestHost.package)/examples/notes")
            #expect(try await host.get("notes", "/health/ready").status == 200)
        }
    }

    /// On a disk that is as good as full nothing begins, and what runs goes on.
    private func refused(_ host: TestHost, _ app: TestApp) async throws {
        try await Shell.line(
            "free=$(df -m --output=avail \(host.state) | tail -1); fallocate -l $((free - 5))M \(host.state)/more"
        )
        let outcome = try await host.roost("deploy", app.folder)
        #expect(outcome.code == 1 && outcome.all.contains("is full: "), "\(outcome.all)")
        #expect(outcome.all.contains("nothing new is taken in or built"), "\(outcome.all)")
        let shown = try await host.done("disk")
        #expect(shown.contains("the disk is full") && shown.contains("calm") && shown.contains("build caches"))
        #expect(try await host.done("disk", "prune").contains(" freed"))
        #expect(try await host.get("calm", "/").body.contains("calm"))
        try FileManager.default.removeItem(atPath: "\(host.state)/more")
    }

    @Test("a disk that fills up before a roll-back: it waits for room, then puts the old release back")
    func fullDuringRollBack() async throws {
        try await TestHost.with(diskMiB: 3000, settings: "[disk]\nrefuse_at = 99\n") { host in
            let app = try TestApp("patient", env: ["GREETING": "good", "QUIET": "1"], mount: true)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            // All but a little beforehand: gigabytes can take longer than the release has until it is taken back.
            try await Shell.line(
                "free=$(df -m --output=avail \(host.state) | tail -1); fallocate -l $((free - 60))M \(host.state)/filler"
            )
            let quick = "[deploy]\n  wait_timeout = \"8s\""
            try app.write(env: ["HEALTH": "bad", "QUIET": "1"], extra: quick, mount: true)
            try await host.done("deploy", app.folder, "--detach")
            try await eventually(within: .seconds(30), "the phase of the deploy") {
                try await host.done("status", "-a", "patient").contains("update Machine")
            }
            try await keepFull(host)
            try await eventually(within: .seconds(60), "a first try that fails") {
                let log = try await Shell.line("cat \(host.root)/serve.log")
                // Where the store's log had room left in its own file, the roll-back needed no block of the disk.
                return log.contains("database or disk is full")
                    && (log.contains("roll-back step failed")
                        || log.components(separatedBy: "roll-out ended").count > 2)
            }
            try await Shell.line("rm -f \(host.state)/filler*")
            let outcome = try await host.roost("deploy", "--watch", "-a", "patient")
            #expect(outcome.code == 1, "\(outcome.all)")
            #expect(outcome.all.contains("rolled back"), "\(outcome.all)")
            #expect(try await host.get("patient", "/").body.contains("good"))
        }
    }

    /// Takes the last block of the disk, and each that comes free, until `filler` is removed: the host makes room when
    /// it looks at its disk, and the store's log has room in its own file, which is given back before it is taken.
    private func keepFull(_ host: TestHost) async throws {
        let program = """
            import os, sqlite3, sys, time
            state = sys.argv[1]
            store = sqlite3.connect(state + "/store.db", timeout=0.05)
            rest = os.open(state + "/filler-rest", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            end = time.time() + 90
            while os.path.exists(state + "/filler") and time.time() < end:
                try:
                    while os.write(rest, bytes(4096)): pass
                except OSError: pass
                try: store.execute("pragma wal_checkpoint(truncate)")
                except sqlite3.Error: pass
                time.sleep(0.02)
            os.unlink(state + "/filler-rest")
            """
        let script = "\(host.root)/keep-full.py"
        try program.write(toFile: script, atomically: true, encoding: .utf8)
        _ = try Background.start(
            "/usr/bin/python3",
            [script, host.state],
            environment: host.environment,
            output: "\(host.root)/keep-full.log"
        )
        try await eventually(within: .seconds(5), "a full disk") {
            try await Shell.line("df --output=avail \(host.state) | tail -1").trimmingCharacters(
                in: .whitespacesAndNewlines
            )
                == "0"
        }
    }
}
