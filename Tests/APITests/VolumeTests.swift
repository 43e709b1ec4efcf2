import Model
import Store
import Testing

@testable import ControlPlane

@Suite("Volumes over the API", .timeLimit(.minutes(2)))
struct VolumeTests {
    private let path = "/v1/apps/a/volumes"

    @Test("made, mounted by one Machine, enlarged, kept while attached, had back, then gone")
    func life() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let made = try await host.ask(
                "POST",
                path,
                #"{"name":"data","size_gb":null,"encrypted":true,"snapshot_id":null,"compute":null}"#
            )
            #expect(made.status == 200 && made.json["size_gb"] == .int(3), "\(made.text)")
            let id = made.json["id"]?.string ?? ""
            #expect(made.json.object?["attached_machine_id"] == .null && made.json["state"] == .string("created"))
            let mount = #","mounts":[{"volume":"\#(id)","path":"/data"}]"#
            let machine = try await host.makeMachine(config: mount)
            try await host.wait(machine, "started")
            let seen = try await host.ask("GET", "\(path)/\(id)").json
            #expect(seen["attached_machine_id"] == .string(machine))
            let second = try await host.ask(
                "POST",
                "/v1/apps/a/machines",
                #"{"config":{"image":"good"\#(mount)}}"#
            )
            #expect(second.status == 412 && second.error == "volume \(id) is attached to Machine \(machine)")
            #expect(try await host.ask("DELETE", "\(path)/\(id)").status == 412)
            let extended = try await host.ask("PUT", "\(path)/\(id)/extend", #"{"size_gb":5}"#)
            #expect(extended.json["volume"]?["size_gb"] == .int(5) && extended.json["needs_restart"] == .bool(false))
            let smaller = try await host.ask("PUT", "\(path)/\(id)/extend", #"{"size_gb":4}"#)
            #expect(smaller.status == 400 && smaller.error.contains("has 5 GB"))
            for method in ["PUT", "POST"] {
                let updated = try await host.ask(method, "\(path)/\(id)", #"{"snapshot_retention":7}"#)
                #expect(updated.json["snapshot_retention"] == .int(7))
            }
            #expect(try await host.ask("DELETE", "/v1/apps/a/machines/\(machine)?force=true").status == 200)
            #expect(try await host.ask("DELETE", "\(path)/\(id)").json["state"] == .string("pending_destroy"))
            #expect(try await host.ask("POST", "\(path)/\(id)/restore").json["state"] == .string("created"))
            #expect(try await host.ask("GET", "\(path)/\(id)/snapshots").json == .array([]))
            _ = try await host.ask("DELETE", "\(path)/\(id)")
            let volumes = host.api.parts.volumes
            try await volumes.sweep(.init(milliseconds: 0))
            #expect(try await host.ask("GET", "\(path)/\(id)").status == 200)
            let later = try #require(try await host.store.volumes.get(id)?.value.leavingSince).advanced(
                by: Volume.grace
            )
            try await volumes.sweep(later)
            #expect(try await host.ask("GET", "\(path)/\(id)").status == 404)
        }
    }

    @Test("one that is on its way out is given to no Machine")
    func leaving() async throws {
        try await APIHost.with { host in
            try await host.makeApp()
            let id = try await host.ask("POST", path, #"{"name":"data"}"#).json["id"]?.string ?? ""
            _ = try await host.ask("DELETE", "\(path)/\(id)")
            let machine = try await host.makeMachine(config: #","mounts":[{"volume":"data","path":"/data"}]"#)
            let seen = try await host.ask("GET", "/v1/apps/a/machines/\(machine)").json
            #expect(seen["config"]?["mounts"]?.array?.first?["volume"] != .string(id))
            let refused = try await host.ask("PUT", "\(path)/\(id)/extend", #"{"size_gb":9}"#)
            #expect(refused.status == 409)
        }
    }
}
