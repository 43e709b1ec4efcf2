import Foundation
import Model
import Testing

/// Releases: what they hold, and the way back to one.
@Suite("Releases", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct ReleasesTests {
    @Test("a rollback brings image, configuration, secrets, sizes and counts back, whole and in seconds")
    func rollback() async throws {
        try await TestHost.with { host in
            let app = try TestApp("shop", env: ["GREETING": "one"])
            defer { app.remove() }
            try await host.done("secrets", "set", "TOKEN=first", "--stage", "-a", "shop")
            try await host.done("deploy", app.folder)
            try app.write(env: ["GREETING": "two"])
            try await host.done("secrets", "set", "TOKEN=second", "--stage", "-a", "shop")
            try await host.done("deploy", app.folder)
            try await host.done("scale", "count", "3", "-a", "shop", "--yes")
            try await host.done("scale", "memory", "512", "-a", "shop")
            #expect(try await Self.facts(host) == ["two", "second", "3", "512"])
            let start = ContinuousClock.now
            try await host.done("releases", "rollback", "v1", "-a", "shop")
            #expect(start.duration(to: .now) < .seconds(60))
            #expect(try await Self.facts(host) == ["one", "first", "2", "256"])
            let listed = try await host.done("releases", "-a", "shop")
            #expect(listed.split(separator: "\n")[1].contains("rollback to v1"), "\(listed)")
            #expect(listed.contains("scale app=3") && listed.contains("(in service)"), "\(listed)")
            // Without a version: the one before.
            try await host.done("releases", "rollback", "-a", "shop")
            #expect(try await Self.facts(host) == ["two", "second", "3", "512"])
            let unknown = try await host.roost("releases", "rollback", "99", "-a", "shop")
            #expect(unknown.code == 1 && unknown.error.contains("no release v99"), "\(unknown.all)")
        }
    }

    @Test("after a deploy that failed and was taken back, a rollback changes nothing and ends with 0")
    func afterFailure() async throws {
        try await TestHost.with { host in
            let app = try TestApp("shop", env: ["GREETING": "one"])
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try app.write(env: ["CRASH": "import"])
            #expect(try await host.roost("deploy", app.folder).code == 1)
            let before = try await host.pids("shop")
            let outcome = try await host.roost("releases", "rollback", "-a", "shop")
            #expect(outcome.code == 0 && outcome.all.contains("v1 is in service already"), "\(outcome.all)")
            #expect(try await host.pids("shop") == before)
            let nothing = try await host.roost("releases", "rollback", "2", "-a", "shop")
            #expect(nothing.code == 1, "v2 does not start: \(nothing.all)")
            #expect(try await host.get("shop", "/").body.contains("one"))
        }
    }

    @Test("scale: counts up and down, sizes, what is refused; a restart starts each Machine anew")
    func scale() async throws {
        try await TestHost.with { host in
            let app = try TestApp("shop")
            defer { app.remove() }
            let early = try await host.roost("scale", "count", "2", "-a", "shop", "--yes")
            #expect(early.code == 1, "\(early.all)")
            try await host.done("deploy", app.folder)
            let before = try await host.pids("shop")
            try await host.done("scale", "count", "+1", "-a", "shop", "--yes")
            let grown = try await host.pids("shop")
            #expect(
                grown.count == 3 && before.allSatisfy { grown[$0.key] == $0.value },
                "those that stay are left alone"
            )
            try await host.done("scale", "count", "app=1", "-a", "shop", "--yes")
            #expect(try await host.pids("shop").count == 1)
            let show = try await host.done("scale", "show", "-a", "shop", "--json")
            #expect(show.contains("\"Count\" : 1") && show.contains("\"Memory\" : 256"), "\(show)")
            let asked = try await host.roost("scale", "count", "2", "-a", "shop")
            #expect(asked.code == 2 && asked.error.contains("--yes"), "\(asked.all)")
            for words in [["count", "web=2"], ["vm", "huge"], ["memory", "300"], ["count", "2", "--region", "nrt"]] {
                let outcome = try await Shell.run(
                    "\(TestHost.package)/.build/debug/roost",
                    ["scale"] + words + ["-a", "shop"] + (words[0] == "count" ? ["--yes"] : []),
                    environment: host.environment
                )
                #expect(outcome.code == 1, "\(words): \(outcome.all)")
            }
            try await host.done("scale", "vm", "shared-cpu-2x", "-a", "shop")
            #expect(try await host.machines("shop")[0].config.guest == .init(cpuKind: .shared, cpus: 2, memoryMiB: 512))
            // The file says nothing of sizes, so a deploy keeps it.
            try await host.done("deploy", app.folder)
            #expect(try await host.machines("shop")[0].config.guest.memoryMiB == 512)
            let old = try await host.pids("shop")
            try await host.done("apps", "restart", "shop")
            let new = try await host.pids("shop")
            #expect(old.keys == new.keys && old.allSatisfy { new[$0.key] != $0.value })
        }
    }

    // MARK: - Private

    /// Greeting, token, count and memory, as the Machines have them.
    private static func facts(_ host: TestHost) async throws -> [String] {
        var facts: [String] = []
        try await eventually("routed") {
            guard let body = try? await host.get("shop", "/env").body,
                let env = try? JSONDecoder().decode([String: String].self, from: Data(body.utf8))
            else { return false }
            facts = [env["GREETING"] ?? "-", env["TOKEN"] ?? "-"]
            return true
        }
        let machines = try await host.machines("shop")
        #expect(Set(machines.map(\.config.guest.memoryMiB)).count == 1)
        return facts + ["\(machines.count)", "\(machines[0].config.guest.memoryMiB)"]
    }
}
