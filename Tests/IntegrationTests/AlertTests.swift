import Foundation
import Testing

@Suite("Alerts", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct AlertTests {
    @Test("a deploy that fails is told by a program of the host's, once, and stands in the list")
    func failedDeploy() async throws {
        let folder = NSTemporaryDirectory() + "roost-told-\(UUID())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let settings = "[alerts]\ncommand = [\"/bin/sh\", \"-c\", \"cat >>\(folder)/told\"]\n"
        try await TestHost.with(settings: settings) { host in
            #expect(try await host.done("alerts", "test").contains("command: sent"))
            #expect(try await Shell.line("cat \(folder)/told").contains(#""alertname":"Test""#))
            let unknown = try await host.roost("alerts", "test", "pager")
            #expect(unknown.code == 1 && unknown.all.contains("there are command"))
            #expect(try await host.done("alerts").contains("nothing fires"))
            let app = try TestApp("sour", env: ["HEALTH": "bad", "QUIET": "1"])
            defer { app.remove() }
            try app.write(env: ["HEALTH": "bad", "QUIET": "1"], extra: "[deploy]\n  wait_timeout = \"8s\"")
            #expect(try await host.roost("deploy", app.folder).code == 1)
            try await eventually(within: .seconds(60), "the alert of the deploy") {
                try await Shell.line("cat \(folder)/told").contains(#""alertname":"DeployFailed""#)
            }
            let listed = try await host.done("alerts")
            #expect(listed.contains("A deploy of sour did not go through"), "\(listed)")
            #expect(listed.contains("roost deployments -a sour"), "\(listed)")
            let silenced = try await host.done("alerts", "silence", "DeployFailed", "--app", "sour", "--for", "1h")
            #expect(silenced.contains("roost alerts unsilence"))
            #expect(try await host.done("alerts", "list").contains("DeployFailed of sour"))
            let bad = try await host.roost("alerts", "silence", "--for", "soon")
            #expect(bad.code == 2 && bad.all.contains("2h"))
            let told = try await Shell.line("grep -c DeployFailed \(folder)/told")
            #expect(told.trimmingCharacters(in: .whitespacesAndNewlines) == "1")
        }
    }
}
