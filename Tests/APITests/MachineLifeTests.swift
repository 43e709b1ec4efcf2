import FakeRuntime
import Foundation
import Model
import Runtime
import Synchronization
import Testing

@Suite("Machines over the API", .timeLimit(.minutes(2)))
struct MachineLifeTests {
    private let path = "/v1/apps/a/machines"

    @Test("a Machine is made, answered as created, started, and seen")
    func create() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let body = #"{"name":"web","region":"cdg","config":{"image":"good:1","env":{"A":"1"},"dns":{"x":1}}}"#
            let made = try await host.ask("POST", path, body)
            #expect(made.status == 200)
            let id = try #require(made.json["id"]?.string)
            #expect(made.json["state"] == .string("created") && made.json["region"] == .string("cdg"))
            #expect(made.json["events"]?.array?.count == 1)
            #expect(made.json["events"]?.array?.first?["type"] == .string("launch"))
            try await host.wait(id, "started")
            let seen = try await host.ask("GET", "\(path)/\(id)")
            #expect(seen.json["state"] == .string("started") && seen.json["name"] == .string("web"))
            #expect(seen.json["config"]?["dns"]?["x"] == .int(1) && seen.json["config"]?["env"]?["A"] == .string("1"))
            #expect(seen.json["config"]?["image"] == .string("registry-1.docker.io/library/good:1"))
            #expect(seen.json["image_ref"]?["digest"] == .string(APIHost.digest))
            let started = host.runtime.state.withLock { $0.starts.first?.env["A"] }
            #expect(started == "1")
        }
    }

    @Test("one that is not launched counts as stopped; a start starts it")
    func skipLaunch() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine(#","skip_launch":true"#)
            try await host.wait(id, "stopped")
            let started = try await host.ask("POST", "\(path)/\(id)/start")
            #expect(started.json["previous_state"] == .string("created") && started.json["migrated"] == .bool(false))
            try await host.wait(id, "started")
        }
    }

    @Test("stop with a signal, restart, suspend, resume, cordon, destroy")
    func verbs() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine()
            try await host.wait(id, "started")
            for verb in ["suspend", "start", "cordon"] {
                #expect(try await host.ask("POST", "\(path)/\(id)/\(verb)").status == 200, "\(verb)")
            }
            #expect(try await host.ask("GET", "\(path)/\(id)").json["cordoned"] == .bool(true))
            #expect(try await host.ask("POST", "\(path)/\(id)/uncordon").json == .object(["ok": .bool(true)]))
            #expect(try await host.ask("POST", "\(path)/\(id)/restart?timeout=10s").status == 200)
            try await host.wait(id, "started")
            #expect(try await host.ask("POST", "\(path)/\(id)/signal", #"{"signal":10}"#).status == 200)
            #expect(host.runtime.state.withLock { $0.sent } == [10])
            let stop = try await host.ask("POST", "\(path)/\(id)/stop", #"{"signal":"SIGTERM","timeout":"7s"}"#)
            #expect(stop.status == 200 && host.runtime.state.withLock { $0.signals.last } == .term)
            try await host.wait(id, "stopped")
            #expect(try await host.ask("DELETE", "\(path)/\(id)").json == .object(["ok": .bool(true)]))
        }
    }

    @Test("a destroyed Machine can still be read, and not be changed")
    func destroyed() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine(config: #","auto_destroy":true,"restart":{"policy":"no"}"#)
            try await host.wait(id, "started")
            host.runtime.end(Machine.ID(id) ?? .random(), code: 7)
            try await host.wait(id, "destroyed")
            let seen = try await host.ask("GET", "\(path)/\(id)")
            #expect(seen.status == 200 && seen.json["state"] == .string("destroyed"))
            let exit = seen.json["events"]?.array?.first { $0["type"]?.string == "exit" }
            #expect(exit?["request"]?["exit_event"]?["exit_code"] == .int(7))
            #expect(try await host.ask("GET", "\(path)/\(id)/events?limit=1").json.array?.count == 1)
            // It ran before anybody could ask: that is an answer, too.
            #expect(try await host.ask("GET", "\(path)/\(id)/wait?state=started").status == 200)
            #expect(try await host.ask("GET", "\(path)/\(id)/wait?state=stopped").status == 404)
            for verb in ["start", "stop", "lease", "signal"] {
                let answer = try await host.ask("POST", "\(path)/\(id)/\(verb)", #"{"signal":9}"#)
                #expect(answer.status == 404 && answer.error.contains("was destroyed at"), "\(verb)")
            }
            #expect(try await host.ask("GET", path).json.array?.isEmpty == true)
            #expect(try await host.ask("GET", "\(path)?include_deleted=true").json.array?.count == 1)
        }
    }

    @Test("an update makes a version, compares, and keeps what it does not name out of reach")
    func update() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine(config: #","metadata":{"k":"v"}"#)
            try await host.wait(id, "started")
            let first = try await host.ask("GET", "\(path)/\(id)").json["instance_id"]?.string ?? ""
            let config = #""config":{"image":"\#(APIHost.image)","env":{"B":"2"}}"#
            let stale = try await host.ask("POST", "\(path)/\(id)", #"{"current_version":"01X",\#(config)}"#)
            #expect(stale.status == 409 && stale.error == "Machine \(id) is at version \(first), not 01X")
            let done = try await host.ask("POST", "\(path)/\(id)", #"{"current_version":"\#(first)",\#(config)}"#)
            #expect(done.status == 200, "\(done.text)")
            let second = done.json["instance_id"]?.string ?? ""
            #expect(second > first)
            try await host.wait(id, "started")
            let old = try await host.ask("GET", "\(path)/\(id)/wait?instance_id=\(first)")
            #expect(old.status == 408)
            #expect(old.error == "machine failed to reach desired state, started, currently replaced")
            let versions = try await host.ask("GET", "\(path)/\(id)/versions").json.array ?? []
            #expect(versions.map { $0["version"]?.string } == [second, first])
            #expect(versions.first?["user_config"]?["env"]?["B"] == .string("2"))
        }
    }

    @Test("of twenty writers who compare with one version one wins")
    func race() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine(#","skip_launch":true"#)
            let version = try await host.ask("GET", "\(path)/\(id)").json["version"]?.string ?? ""
            let codes = try await withThrowingTaskGroup { group in
                for number in 0..<20 {
                    group.addTask {
                        let config = #"{"image":"\#(APIHost.image)","env":{"N":"\#(number)"}}"#
                        let body = #"{"current_version":"\#(version)","skip_launch":true,"config":\#(config)}"#
                        return try await host.ask("POST", "\(path)/\(id)", body).status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(codes.count { $0 == 200 } == 1 && codes.count { $0 == 409 } == 19)
        }
    }

    @Test("of two Machines with one name one is made")
    func names() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine(#","name":"one","skip_launch":true"#)
            let again = try await host.ask(
                "POST",
                path,
                #"{"name":"one","config":{"image":"\#(APIHost.image)"}}"#
            )
            #expect(again.status == 409 && again.error.contains("machine ID \(id) already exists with name \"one\""))
        }
    }

    @Test("lists are filtered")
    func filters() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let first = try await host.makeMachine(
                #","skip_launch":true,"region":"iad""#,
                config: #","metadata":{"role":"a b"}"#
            )
            let second = try await host.makeMachine(#","region":"cdg""#)
            try await host.wait(second, "started")
            func ids(_ query: String) async throws -> [String] {
                try await host.ask("GET", "\(path)?\(query)").json.array?.compactMap { $0["id"]?.string } ?? []
            }
            #expect(try await ids("region=iad") == [first])
            #expect(try await ids("state=started,suspended") == [second])
            #expect(try await ids("metadata.role=a%20b") == [first])
            #expect(try await ids("metadata.role=c").isEmpty)
            let summary = try await host.ask("GET", "\(path)?summary=true").json.array?.first
            #expect(summary?["config"] == nil && summary?["state"] != nil)
            #expect(try await host.ask("GET", "/v1/orgs/any/machines?limit=1").json["machines"]?.array?.count == 1)
        }
    }

    @Test("commands and processes")
    func inside() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.makeMachine()
            try await host.wait(id, "started")
            let line = try await host.ask("POST", "\(path)/\(id)/exec", #"{"cmd":"echo 'a b'","stdin":"in"}"#)
            #expect(line.json["stdout"] == .string("echo a b") && line.json["stderr"] == .string("in"))
            #expect(line.json["exit_code"] == .int(0))
            #expect(try await host.ask("GET", "\(path)/\(id)/ps?sort_by=rss&order=desc").json.array?.count == 1)
            #expect(try await host.ask("POST", "\(path)/\(id)/stop").status == 200)
            let refused = try await host.ask("POST", "\(path)/\(id)/exec", #"{"command":["true"]}"#)
            #expect(refused.status == 409)
        }
    }
}
