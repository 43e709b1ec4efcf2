import Foundation
import Model
import Testing

/// The API over the network, as a client that was written for Fly uses it.
@Suite("Fly's own clients", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct FlapsClientTests {
    @Test("what fly-go asks in each of its courses is answered as it needs it")
    func client() async throws {
        let host = try await TestHost()
        do {
            let port = try TestHost.freePort()
            let settings = "regions = [\"iad\", \"cdg\"]\n\n[api]\nlisten = \"127.0.0.1:\(port)\"\n"
            try settings.write(toFile: host.configuration, atomically: true, encoding: .utf8)
            try await host.start("serve")
            try await host.start("edge")
            let app = try TestApp("my-app")
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let token = try await host.done("tokens", "create", "org", "--name", "client")
            let outcome = try await Shell.run(
                "/usr/bin/env",
                [
                    "python3", "\(TestHost.package)/Tests/IntegrationTests/Fixtures/flaps_client.py",
                    "\(host.state)/api-tls/ca.pem", "roost/my-app:latest",
                ],
                environment: [
                    "FLY_FLAPS_BASE_URL": "https://127.0.0.1:\(port)",
                    "FLY_API_TOKEN": token.trimmingCharacters(in: .whitespacesAndNewlines),
                ],
                limit: 400
            )
            let courses = outcome.output.split(separator: "\n").filter { $0.hasPrefix("ok ") }
            #expect(outcome.code == 0 && courses.count == 12, "\(outcome.all)")
            try await spread(host)
        } catch {
            await host.tellLogs()
            try? await host.stop()
            throw error
        }
        try await host.stop()
    }

    /// Machines of several regions on one host, each told its own.
    private func spread(_ host: TestHost) async throws {
        let before = try await host.machines("my-app").count
        let elsewhere = try await host.roost(
            "scale",
            "count",
            "\(before + 1)",
            "--region",
            "nrt",
            "-a",
            "my-app",
            "--yes"
        )
        #expect(elsewhere.code == 1 && elsewhere.error.contains("there is no host in region nrt"))
        // A count with regions is one of the Machines there.
        for count in ["5", "4"] {
            try await host.done("scale", "count", count, "--region", "iad,cdg", "-a", "my-app", "--yes")
        }
        let enough = try await host.roost("scale", "count", "4", "--region", "iad,cdg", "-a", "my-app", "--yes")
        #expect(enough.code == 0 && enough.error.contains("already scaled"), "\(enough.all)")
        let machines = try await host.machines("my-app")
        #expect(machines.count == before + 4)
        #expect(machines.filter { $0.region == "iad" }.count == 2 && machines.filter { $0.region == "cdg" }.count == 2)
        let away = try #require(machines.first { $0.region == "cdg" })
        let told = try await host.done("machine", "exec", away.id, "-a", "my-app", "printenv FLY_REGION")
        #expect(told.contains("cdg"), "\(told)")
        let regions = try await host.done("regions", "list")
        #expect(regions.contains("iad") && regions.contains("cdg"))
    }
}
