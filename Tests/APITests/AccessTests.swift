import Foundation
import HTTPTypes
import Hummingbird
import Model
import Store
import Testing

@testable import ControlPlane

@Suite("Who may ask for what", .timeLimit(.minutes(5)))
struct AccessTests {
    @Test("the table of endpoints and the router have the same routes")
    func bothWays() async throws {
        try await APIHost.with { host in
            let routes = host.api.router().routes.map {
                "\($0.method.rawValue) \(Endpoints.pattern($0.path.description))"
            }
            let table = Endpoints.all.map { "\($0.method) \($0.path)" }
            #expect(Set(routes).subtracting(table) == [], "routes that no endpoint describes: closed to tokens")
            #expect(Set(table).subtracting(routes) == [], "endpoints that no route serves")
            #expect(Set(table).count == table.count && Set(Endpoints.all.map(\.id)).count == table.count)
        }
    }

    @Test("every route, with every scope, with none, and with one of another app")
    func everyRoute() async throws {
        try await APIHost.with { host in
            try await host.makeApp("a")
            try await host.makeApp("b")
            let id = try await host.makeMachine(#","skip_launch":true"#)
            let other = try await host.makeMachine(#","skip_launch":true"#, app: "b")
            let machine = try #require(Machine.ID(id))
            let scopes: [(TokenScope, String)] = [
                (.organization, #"{"name":"t","scope":"org"}"#),
                (.deploy(app: "a"), #"{"name":"t","scope":"deploy","app":"a"}"#),
                (.read(app: "a"), #"{"name":"t","scope":"readonly","app":"a"}"#),
                (
                    .exec(app: "a", machine: machine),
                    #"{"name":"t","scope":"machine-exec","app":"a","machine":"\#(id)"}"#
                ),
                (.deploy(app: "b"), #"{"name":"t","scope":"deploy","app":"b"}"#),
                (.read(app: "b"), #"{"name":"t","scope":"readonly","app":"b"}"#),
                (
                    .exec(app: "b", machine: try #require(Machine.ID(other))),
                    #"{"name":"t","scope":"machine-exec","app":"b","machine":"\#(other)"}"#
                ),
            ]
            var tokens: [(TokenScope, String)] = []
            for (scope, body) in scopes { tokens.append((scope, try await host.makeToken(body))) }
            for endpoint in Endpoints.all {
                // What holds its answer open, and what would end the app that the rest is about, is asked for last.
                let path = endpoint.path.replacing("{app}", with: "a").replacing("{id}", with: id)
                    .replacing("{volume}", with: "vol_0").replacing("{key}", with: "k").replacing("{org}", with: "o")
                    .replacing("{token}", with: "000000000000").replacing("{sha256}", with: "0")
                for none in ["", "rst_000000000000_\(String(repeating: "x", count: 43))", "fm2_x"] {
                    let answer = try await host.ask(endpoint.method, path, token: none.isEmpty ? "-" : none)
                    if endpoint.access == .open { continue }
                    #expect(answer.status == 401, "\(endpoint.method) \(path)")
                    #expect(answer.error == "authenticate: token validation error")
                }
                for (scope, token) in tokens where !scope.allows(endpoint.access, app: "a", machine: id) {
                    let answer = try await host.ask(endpoint.method, path, token: token)
                    #expect(answer.status == 403, "\(endpoint.method) \(path) with \(scope)")
                    let message =
                        "authorize: the token \"t\" is for \(scope.description), not for \(endpoint.method) \(path)"
                    #expect(answer.error == message)
                }
                let ends =
                    endpoint.method == "DELETE"
                    || ["/wait", "/rollouts", "/connect", "/console"].contains(where: path.contains)
                if ends || path.contains("/logs") { continue }
                for (scope, token) in tokens where scope.allows(endpoint.access, app: "a", machine: id) {
                    let answer = try await host.ask(endpoint.method, path, token: token)
                    #expect(![401, 403].contains(answer.status), "\(endpoint.method) \(path) with \(scope)")
                }
            }
        }
    }

    @Test("what is in no table is closed; what is no route is not found")
    func unknown() async throws {
        try await APIHost.with { host in
            let token = try await host.makeToken(#"{"name":"t"}"#)
            #expect(try await host.ask("GET", "/v1/nothing", token: token).status == 404)
            #expect(try await host.ask("GET", "/v1/nothing", token: "x").status == 401)
            #expect(try await host.ask("GET", "/v1/nothing").json["status"] == .string("not_found"))
            #expect(try await host.ask("GET", "/v1/health", token: "-").status == 200)
            #expect(try await host.ask("GET", "/v1/openapi.json", token: "-").status == 200)
        }
    }

    @Test("a token is shown once, found by either scheme, listed without its secret, and over when revoked")
    func life() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            try await host.makeApp("b")
            let made = try await host.ask("POST", "/v1/apps/a/deploy_token", #"{"expiry":"1h"}"#)
            let token = made.json["token"]?.string ?? ""
            let id = made.json["id"]?.string ?? ""
            #expect(made.status == 200 && token.hasPrefix("rst_\(id)_") && token.utf8.count > 50)
            for header in ["Bearer \(token)", "FlyV1 \(token)", "FlyV1 fm2_other,\(token)"] {
                let answer = try await host.ask("GET", "/v1/apps", token: "-", headers: ["Authorization": header])
                #expect(answer.json["apps"]?.array?.compactMap { $0["name"]?.string } == ["a"], "\(header)")
            }
            let current = try await host.ask("GET", "/v1/tokens/current", token: token)
            #expect(current.json["tokens"]?.array?.first?["apps"] == .array([.string("a")]))
            let list = try await host.ask("GET", "/v1/tokens")
            #expect(list.text.contains(id) && !list.text.contains(token) && list.text.contains("last_used_at"))
            let stored = await host.store.range("/tokens/").entries.map { String(decoding: $0.value, as: UTF8.self) }
            #expect(!stored.isEmpty && !stored.joined().contains(String(token.suffix(43))))
            #expect(try await host.ask("DELETE", "/v1/tokens/\(id)").json["revoked_at"] != nil)
            #expect(try await host.ask("GET", "/v1/apps", token: token).status == 401)
            #expect(try await host.ask("DELETE", "/v1/tokens/\(id.reversed())x").status == 404)
        }
    }

    @Test("a token for one app can't use another app's image")
    func images() async throws {
        try await APIHost.with { host in
            try await host.makeApp("a")
            try await host.makeApp("b")
            _ = try await host.makeMachine(#","skip_launch":true"#, app: "b")
            let token = try await host.makeToken(#"{"name":"t","scope":"deploy","app":"a"}"#)
            let body = #"{"config":{"image":"roost/b@\#(APIHost.digest)"}}"#
            let answer = try await host.ask("POST", "/v1/apps/a/machines", body, token: token)
            #expect(answer.status == 404 && answer.error.hasSuffix("is not an image of this host"))
            _ = try await host.makeMachine(#","skip_launch":true"#, app: "a")
            #expect(try await host.ask("POST", "/v1/apps/a/machines", body, token: token).status == 200)
        }
    }
}
