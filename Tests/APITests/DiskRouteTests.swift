import Foundation
import Model
import Testing
import Toolkit

@testable import ControlPlane

@Suite("What takes the disk", .timeLimit(.minutes(2)))
struct DiskRouteTests {
    @Test("root sees it by purpose and by app, others do not; room is made on request")
    func routes() async throws {
        try await APIHost.with { host in
            try await host.makeApp("a")
            let id = try await host.makeMachine(#","skip_launch":true"#, app: "a")
            let answer = try await host.ask("GET", "/v1/disk")
            let view = try JSON.decode(DiskView.self, from: Data(answer.text.utf8), what: "the disk")
            #expect(view.level == "ok" && view.bytes > view.free && view.free > 0)
            #expect(view.purposes.map(\.name) == ["images", "build caches"])
            #expect(view.apps == [DiskView.App(name: "a", machines: Int64(id.utf8.count), caches: 1)])
            let pruned = try await host.ask("POST", "/v1/disk/prune", "{}")
            #expect(pruned.status == 200 && pruned.text.contains(#""freed":0"#))
            let token = try await host.makeToken(#"{"name":"t","scope":"org"}"#)
            #expect(try await host.ask("GET", "/v1/disk", token: token).status == 403)
            #expect(try await host.ask("POST", "/v1/disk/prune", "{}", token: token).status == 403)
        }
    }
}
