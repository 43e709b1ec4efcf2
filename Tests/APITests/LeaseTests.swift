import Model
import Testing

@Suite("Leases and metadata over the API", .timeLimit(.minutes(2)))
struct LeaseTests {
    private let path = "/v1/apps/a/machines"
    private let header = "fly-machine-lease-nonce"

    @Test("a lease guards each change, and no look; its nonce opens it")
    func guards() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine()
            try await host.wait(id, "started")
            let lease = try await host.ask("POST", "\(path)/\(id)/lease?ttl=60")
            #expect(lease.status == 201 && lease.json["status"] == .string("success"))
            let nonce = lease.json["data"]?["nonce"]?.string ?? ""
            #expect(!nonce.isEmpty && (lease.json["data"]?["expires_at"]?.int ?? 0) > 1_700_000_000)
            let update = #"{"config":{"image":"\#(APIHost.image)"}}"#
            let changes = [
                ("POST", "", update), ("POST", "/start", ""), ("POST", "/stop", ""), ("POST", "/restart", ""),
                ("POST", "/suspend", ""), ("POST", "/cordon", ""), ("POST", "/uncordon", ""), ("DELETE", "", ""),
                ("POST", "/lease", ""), ("DELETE", "/lease", ""),
            ]
            for (method, end, body) in changes {
                let answer = try await host.ask(method, "\(path)/\(id)\(end)", body)
                #expect(answer.status == 409, "\(method) \(end)")
                #expect(
                    answer.error.hasPrefix("aborted: machine ID \(id) lease currently held by root, expires at "),
                    "\(answer.text)"
                )
            }
            for (method, end, body) in [
                ("GET", "", ""), ("GET", "/events", ""), ("POST", "/signal", #"{"signal":"USR1"}"#),
                ("POST", "/exec", #"{"cmd":"true"}"#), ("POST", "/metadata/k", #"{"value":"v"}"#),
                ("GET", "/lease", ""),
            ] {
                #expect(try await host.ask(method, "\(path)/\(id)\(end)", body).status < 300, "\(method) \(end)")
            }
            let again = try await host.ask("POST", "\(path)/\(id)/lease", headers: [header: nonce])
            #expect(again.json["data"]?["nonce"] == .string(nonce))
            #expect(try await host.ask("POST", "\(path)/\(id)/stop", headers: [header: nonce]).status == 200)
            let free = try await host.ask("DELETE", "\(path)/\(id)/lease", headers: [header: nonce])
            #expect(free.json["data"]?["ok"] == .bool(true))
            let gone = try await host.ask("GET", "\(path)/\(id)/lease")
            #expect(gone.status == 404 && gone.json["message"] == .string("machine ID \(id) lease not found"))
        }
    }

    @Test("of twenty who ask at once one gets it; force destroys over it")
    func race() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine()
            try await host.wait(id, "started")
            let codes = try await withThrowingTaskGroup { group in
                for _ in 0..<20 {
                    group.addTask { try await host.ask("POST", "\(path)/\(id)/lease", #"{"ttl":60}"#).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.count { $0 == 201 } == 1 && codes.count { $0 == 409 } == 19)
            #expect(try await host.ask("DELETE", "\(path)/\(id)?force=true").status == 200)
        }
    }

    @Test("a lease ends by itself")
    func ends() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine(#","skip_launch":true,"lease_ttl":5"#)
            #expect(try await host.ask("POST", "\(path)/\(id)/cordon").status == 409)
            try await Task.sleep(for: .milliseconds(5100))
            #expect(try await host.ask("POST", "\(path)/\(id)/cordon").status == 200)
        }
    }

    @Test("metadata changes at once, without a new version")
    func metadata() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine(#","skip_launch":true"#, config: #","metadata":{"a":"1"}"#)
            let version = try await host.ask("GET", "\(path)/\(id)").json["version"]
            let at = "\(path)/\(id)/metadata"
            #expect(try await host.ask("POST", "\(at)/b%2Fc", #"{"value":"2"}"#).status == 204)
            #expect(try await host.ask("GET", "\(at)/b%2Fc").json == .object(["value": .string("2")]))
            #expect(try await host.ask("PATCH", at, #"{"metadata":{"a":null,"d":"4"}}"#).status == 204)
            #expect(try await host.ask("GET", at).json == .object(["b/c": .string("2"), "d": .string("4")]))
            let stale = try await host.ask("PUT", at, #"{"metadata":{},"machine_version":"01X"}"#)
            #expect(stale.status == 412)
            #expect(try await host.ask("PUT", at, #"{"metadata":{"e":"5"}}"#).status == 204)
            #expect(try await host.ask("DELETE", "\(at)/e").status == 204)
            let none = try await host.ask("GET", "\(at)/e")
            #expect(none.status == 404 && none.error == "Machine \(id) has no metadata \"e\"")
            #expect(try await host.ask("GET", "\(path)/\(id)").json["version"] == version)
        }
    }
}
