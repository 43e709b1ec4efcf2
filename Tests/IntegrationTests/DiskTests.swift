import Foundation
import Testing

@Suite("Full disk", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct DiskTests {
    @Test("a disk that fills up during a build: says so, what runs goes on, and with room the deploy works")
    func fullDuringBuild() async throws {
        try await TestHost.with(diskMiB: 3000) { host in
            let app = try TestApp("calm", env: ["GREETING": "calm", "QUIET": "1"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            // Leaves room for the store's own writes, not for the example's dependencies.
            try await Shell.line(
                "free=$(df -m --output=avail \(host.state) | tail -1); fallocate -l $((free - 25))M \(host.state)/filler"
            )
            let outcome = try await host.roost("deploy", "\(TestHost.package)/examples/notes")
            #expect(outcome.code == 1, "\(outcome.all)")
            #expect(outcome.all.contains("full") || outcome.all.contains("No space left"), "\(outcome.all)")
            #expect(try await host.get("calm", "/").body.contains("calm"))
            try FileManager.default.removeItem(atPath: "\(host.state)/filler")
            try await host.done("deploy", "\(TestHost.package)/examples/notes")
            #expect(try await host.get("notes", "/health/ready").status == 200)
        }
    }

    @Test("a disk that fills up before a roll-back: it waits for room, then puts the old release back")
    func fullDuringRollBack() async throws {
        try await TestHost.with(diskMiB: 3000) { host in
            let app = try TestApp("patient", env: ["GREETING": "good", "QUIET": "1"], mount: true)
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let quick = "[deploy]\n  wait_timeout = \"8s\""
            try app.write(env: ["HEALTH": "bad", "QUIET": "1"], extra: quick, mount: true)
            try await host.done("deploy", app.folder, "--detach")
            try await eventually(within: .seconds(30), "the phase of the deploy") {
                try await host.done("status", "-a", "patient").contains("update Machine")
            }
            // Not one block is left.
            try await Shell.line("dd if=/dev/zero of=\(host.state)/filler bs=4k 2>/dev/null || true; sync")
            try await eventually(within: .seconds(60), "a first try that fails") {
                let log = try await Shell.line("cat \(host.root)/serve.log")
                // Where the store's log had room left in its own file, the roll-back needed no block of the disk.
                return log.contains("database or disk is full")
                    && (log.contains("roll-back step failed")
                        || log.components(separatedBy: "roll-out ended").count > 2)
            }
            try FileManager.default.removeItem(atPath: "\(host.state)/filler")
            let outcome = try await host.roost("deploy", "--watch", "-a", "patient")
            #expect(outcome.code == 1, "\(outcome.all)")
            #expect(outcome.all.contains("rolled back"), "\(outcome.all)")
            #expect(try await host.get("patient", "/").body.contains("good"))
        }
    }
}
