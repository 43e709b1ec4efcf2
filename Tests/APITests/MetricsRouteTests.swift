import Agent
import Model
import Testing
import Toolkit

@testable import ControlPlane

@Suite("The page of numbers", .timeLimit(.minutes(2)))
struct MetricsRouteTests {
    @Test("each token sees its own apps, and the organisation and root the host too")
    func scopes() async throws {
        try await APIHost.with { host in
            for name in ["a", "b"] {
                try await host.makeApp(name)
                _ = try await host.makeMachine(#","skip_launch":true"#, app: name)
            }
            let all = try await host.ask("GET", "/metrics")
            #expect(all.status == 200)
            #expect(all.text.contains(#"roost_machines{app="a""#) && all.text.contains(#"roost_machines{app="b""#))
            #expect(all.text.contains("roost_apps{"))
            let org = try await host.makeToken(#"{"name":"t","scope":"org"}"#)
            #expect(try await host.ask("GET", "/metrics", token: org).text.contains("roost_apps{"))
            let token = try await host.makeToken(#"{"name":"t","scope":"readonly","app":"a"}"#)
            let mine = try await host.ask("GET", "/metrics", token: token)
            #expect(mine.text.contains(#"app="a""#) && !mine.text.contains(#"app="b""#))
            #expect(!mine.text.contains("roost_apps{"))
            #expect(try await host.ask("GET", "/metrics", token: "-").status == 401)
            let page = try ExpositionReader.read(Array(all.text.utf8))
            #expect(page.sampleCount > 3)
        }
    }

    @Test("Prometheus finds the Machines that run and have numbers, also where it sends its token bare")
    func discovery() async throws {
        try await APIHost.with { host in
            try await host.makeApp("a")
            #expect(try await host.ask("GET", "/v1/http_sd").text == "[]")
            let id = try await host.makeMachine(config: #","metrics":{"port":9091,"path":"/m"}"#)
            _ = try await host.makeMachine(#","skip_launch":true"#, config: #","metrics":{"port":9091,"path":"/m"}"#)
            _ = try await host.makeMachine()
            try await host.wait(id, "started")
            let answer = try await host.ask("GET", "/v1/http_sd")
            #expect(answer.json.array?.count == 1)
            let group = try #require(answer.json.array?.first)
            let address = try #require(await host.agent.machines().first { $0.id.text == id }?.status.address?.ipv6)
            #expect(group["targets"]?.array == [.string("[\(address)]:9091")])
            let labels = try #require(group["labels"])
            #expect(labels["app"] == .string("a") && labels["instance"] == .string(id))
            #expect(labels["__metrics_path__"] == .string("/m") && labels["host"] == .string("a1b2"))
            let token = try await host.makeToken(#"{"name":"t","scope":"org"}"#)
            let bare = try await host.ask("GET", "/v1/http_sd", token: "", headers: ["Authorization": token])
            #expect(bare.status == 200 && bare.json == answer.json)
            let other = try await host.ask("GET", "/v1/http_sd", token: "", headers: ["Authorization": "rst_x"])
            #expect(other.status == 401)
        }
    }
}
