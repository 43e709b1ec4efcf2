import Foundation
import Testing

@Suite("Full disk", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct DiskTests {
    @Test("a disk that fills up during a build: says so, what runs goes on, and with room the deploy works")
    func fullDuringBuild() async throws {
        try await TestHost.with(diskMiB: 1400) { host in
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
}
