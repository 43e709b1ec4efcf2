import Foundation
import Model
import Store
import Testing

@Suite("Private networks", .timeLimit(.minutes(2)))
struct NetworkTests {
    @Test("an app is made in the network that it names; a new name makes a new one, whose number is never another's")
    func numbers() async throws {
        try await APIHost.with { host in
            func make(_ name: String, _ network: String?) async throws -> JSONValue {
                let member = network.map { #","network":"\#($0)""# } ?? ""
                let answer = try await host.ask("POST", "/v1/apps", #"{"app_name":"\#(name)"\#(member)}"#)
                #expect(answer.status == 201)
                return answer.json
            }
            func number(_ name: String) async throws -> UInt32? {
                try await host.store.apps.get(name)?.value.network.number
            }
            #expect(try await make("shared", nil)["network"] == .string("default"))
            #expect(try await make("same", "default")["network"] == .string("default"))
            #expect(try await make("one", "staging")["network"] == .string("staging"))
            _ = try await make("two", "staging")
            _ = try await make("three", "team-b")
            for (name, expected) in [("shared", 1), ("same", 1), ("one", 2), ("two", 2), ("three", 3)] {
                #expect(try await number(name) == UInt32(expected), "\(name)")
            }
            #expect(try await host.ask("DELETE", "/v1/apps/three").status == 202)
            _ = try await make("four", "team-c")
            #expect(try await number("four") == 4)
            #expect(try await host.ask("GET", "/v1/apps/two").json["network"] == .string("staging"))
        }
    }

    @Test("many at once get numbers of their own, and of one name one")
    func together() async throws {
        try await APIHost.with { host in
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for index in 0..<12 {
                    tasks.addTask {
                        let body = #"{"app_name":"a\#(index)","network":"n\#(index % 4)"}"#
                        let answer = try await host.ask("POST", "/v1/apps", body)
                        #expect(answer.status == 201)
                    }
                }
                try await tasks.waitForAll()
            }
            let networks = try await host.store.apps.list().map(\.network)
            #expect(Set(networks).count == 4 && Set(networks.map(\.number)) == [2, 3, 4, 5])
        }
    }

    @Test(
        "a name that can't be a network's is refused",
        arguments: ["1st", "a b", "-x", String(repeating: "n", count: 64)]
    )
    func names(_ name: String) async throws {
        try await APIHost.with { host in
            let answer = try await host.ask("POST", "/v1/apps", #"{"app_name":"a","network":"\#(name)"}"#)
            #expect(answer.status == 422 || answer.status == 400)
            #expect(answer.error.contains("can't be the name of a network"))
            #expect(try await host.store.apps.get("a") == nil)
        }
    }
}
