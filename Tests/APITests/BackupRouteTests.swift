import Model
import Testing
import Toolkit

@testable import ControlPlane

@Suite("The API's backups", .timeLimit(.minutes(2)))
struct BackupRouteTests {
    @Test("root sees them and begins one; one that goes on is a conflict")
    func root() async throws {
        try await APIHost.with { host in
            let shown = try await host.ask("GET", "/v1/backups")
            #expect(shown.status == 200 && shown.json["settings"]?["repository"]?.string == "/b")
            let busy = try await host.ask("POST", "/v1/backups")
            #expect(busy.status == 409 && busy.text.contains("under way"), "\(busy.text)")
        }
    }

    @Test("no token does, whatever its scope", arguments: ["GET", "POST"])
    func tokens(method: String) async throws {
        try await APIHost.with { host in
            let token = try await host.makeToken(#"{"name":"t","scope":"org"}"#)
            let refused = try await host.ask(method, "/v1/backups", token: token)
            #expect(refused.status == 403, "\(refused.text)")
            #expect(!refused.text.contains("/b\""))
        }
    }
}
