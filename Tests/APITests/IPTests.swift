import Foundation
import Model
import Store
import Testing

@Suite("Addresses of apps", .timeLimit(.minutes(2)))
struct IPTests {
    private static let path = "/v1/apps/a/ip_assignments"

    private static func list(_ host: APIHost) async throws -> [String] {
        let answer = try await host.ask("GET", path)
        #expect(answer.status == 200)
        return (answer.json["ips"]?.array ?? []).map { "\($0["type"]?.string ?? "") \($0["ip"]?.string ?? "")" }
    }

    private static func allocate(_ host: APIHost, _ body: String) async throws -> (status: Int, json: JSONValue) {
        let answer = try await host.ask("POST", path, body)
        return (answer.status, answer.json)
    }

    @Test("an app has its host's from the start, gives them back one by one, and has them again")
    func host() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            #expect(try await Self.list(host) == ["v6 2001:db8::5", "shared_v4 203.0.113.5"])
            #expect(try await host.ask("DELETE", "\(Self.path)/203.0.113.5").status == 204)
            #expect(try await Self.list(host) == ["v6 2001:db8::5"])
            #expect(try await host.ask("DELETE", "\(Self.path)/203.0.113.5").status == 404)
            // However the address is written.
            #expect(try await host.ask("DELETE", "\(Self.path)/2001:DB8:0:0::5").status == 204)
            #expect(try await Self.list(host).isEmpty)
            #expect(try await host.store.apps.get("a")?.value.reach == PublicReach.none)
            #expect(try await host.ask("GET", "/v1/apps/a").json["url"] == .string(""))
            let again = try await Self.allocate(host, #"{"type":"v4"}"#)
            #expect(again.status == 200 && again.json["ip"] == .string("203.0.113.5"))
            #expect(again.json["shared"] == .bool(true) && again.json["created_at"]?.string?.isEmpty == false)
            #expect(try await Self.list(host) == ["shared_v4 203.0.113.5"])
            #expect(try await Self.allocate(host, #"{"type":"v6"}"#).status == 200)
            #expect(try await host.store.apps.get("a")?.value.ownReach == nil)
        }
    }

    @Test("one private address for each network: asked for again it is the same, and it goes by itself")
    func privateOnes() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            _ = try await host.ask("POST", "/v1/apps", #"{"app_name":"b","network":"blue"}"#)
            let own = try await Self.allocate(host, #"{"type":"private_v6"}"#)
            let text = try #require(own.json["ip"]?.string)
            #expect(own.status == 200 && text.hasPrefix("fdaa:0:1:0:1::") && own.json["shared"] == .bool(false))
            let again = try await Self.allocate(host, #"{"type":"private_v6","org_slug":"personal"}"#)
            #expect(again.json["ip"] == own.json["ip"])
            let other = try await Self.allocate(host, #"{"type":"private_v6","network":"blue","region":"fra"}"#)
            #expect(other.json["ip"]?.string?.hasPrefix("fdaa:0:2:0:1::") == true)
            #expect(other.json["network"] == .string("blue"))
            #expect(try await Self.list(host).count == 4)
            #expect(try await host.ask("DELETE", "\(Self.path)/\(text)").status == 204)
            #expect(try await Self.list(host).count == 3)
            let left = try await host.store.apps.get("a")?.value.privateAddresses?.map(\.address)
            #expect(left == other.json["ip"]?.string.map { [$0] })
        }
    }

    @Test("many at once have addresses of their own")
    func together() async throws {
        try await APIHost.with { host in
            for index in 0..<20 { _ = try await host.ask("POST", "/v1/apps", #"{"app_name":"n\#(index)"}"#) }
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for index in 0..<40 {
                    tasks.addTask {
                        let path = "/v1/apps/n\(index % 20)/ip_assignments"
                        let answer = try await host.ask("POST", path, #"{"type":"private_v6"}"#)
                        #expect(answer.status == 200)
                    }
                }
                try await tasks.waitForAll()
            }
            let all = try await host.store.apps.list().flatMap { $0.privateAddresses ?? [] }
            #expect(all.count == 20 && Set(all.map(\.address)).count == 20)
        }
    }

    @Test(
        "what can't be had is refused",
        arguments: [
            (#"{}"#, 400), (#"{"type":"v5"}"#, 400), (#"{"type":"v4","network":"default"}"#, 400),
            (#"{"type":"private_v6","network":"nowhere"}"#, 404), (#"{"type":"v6","org_slug":"acme"}"#, 404),
        ]
    )
    func refused(body: String, status: Int) async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let answer = try await Self.allocate(host, body)
            #expect(answer.status == status, "\(answer.json)")
            #expect(try await Self.list(host).count == 2)
        }
    }
}
