import Model
import Testing
import Toolkit

@testable import ControlPlane

@Suite("Alerts over the API", .timeLimit(.minutes(2)))
struct AlertRouteTests {
    @Test("silences are made, shown and ended; what can't be one is refused")
    func silences() async throws {
        try await APIHost.with { host in
            let made = try await host.ask(
                "POST",
                "/v1/alerts/silences",
                #"{"app":"a","rule":"CrashLoop","seconds":3600}"#
            )
            #expect(made.status == 200)
            let id = try #require(made.json["id"]?.string)
            let shown = try await host.ask("GET", "/v1/alerts")
            #expect(shown.json["silences"]?.array?.first?["id"]?.string == id && shown.json["host"]?.string == "here")
            #expect(try await host.ask("DELETE", "/v1/alerts/silences/\(id)").status == 204)
            let again = try await host.ask("DELETE", "/v1/alerts/silences/\(id)")
            #expect(again.status == 400 && again.text.contains("roost alerts list"))
            for body in [#"{"seconds":0}"#, #"{"seconds":99999999}"#, #"{"seconds":3600,"rule":"Nonsense"}"#, "{}"] {
                #expect(try await host.ask("POST", "/v1/alerts/silences", body).status == 400, "\(body)")
            }
        }
    }

    @Test("without channels a trial says where they are set up; no token may ask")
    func trial() async throws {
        try await APIHost.with { host in
            let answer = try await host.ask("POST", "/v1/alerts/test", "{}")
            #expect(answer.status == 400 && answer.text.contains("docs/alerts.md"))
            let token = try await host.makeToken(#"{"name":"t","scope":"org"}"#)
            #expect(try await host.ask("GET", "/v1/alerts", token: token).status == 403)
        }
    }
}
