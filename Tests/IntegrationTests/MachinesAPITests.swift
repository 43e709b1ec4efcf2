import Foundation
import Model
import Testing

/// The Machines API as other people's programs use it.
@Suite("Machines API", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct MachinesAPITests {
    @Test("the page's example works as it stands there")
    func page() async throws {
        let page = try String(contentsOfFile: "\(TestHost.package)/docs/machines-api.md", encoding: .utf8)
        let block = try #require(page.components(separatedBy: "```sh\n").dropFirst().first)
        let script = block.components(separatedBy: "```")[0]
        try await TestHost.with { host in
            let app = try TestApp("my-app")
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let outcome = try await Shell.run(
                "/bin/bash",
                ["-ec", script],
                environment: host.environment,
                limit: 120
            )
            #expect(outcome.code == 0, "\(outcome.all)")
            #expect(outcome.output.contains(#""state":"started""#), "\(outcome.all)")
            #expect(outcome.output.contains(#""stdout":"hello\n""#), "\(outcome.all)")
            #expect(try await host.machines("tasks").isEmpty)
            #expect(try await host.done("activity", "verify").contains("none changed"))
            #expect(try await host.done("activity", "list", "-a", "tasks").contains("/exec"))
            let flags = try await host.roost(
                "machine",
                "list",
                "-a",
                "my-app",
                "--org",
                "personal",
                "-t",
                "x",
                "--verbose",
                "--json"
            )
            #expect(flags.code == 0 && flags.error.contains("--org changes nothing here: there is one organisation"))
            let wrong = try await host.roost("machine", "list", "-a", "my-app", "--nothing")
            #expect(wrong.code == 2 && wrong.error.contains("--nothing"), "\(wrong.all)")
        }
    }

    @Test("files, processes with their sockets, an own end, and a kill of the daemon in the middle")
    func inside() async throws {
        try await TestHost.with { host in
            let app = try TestApp("my-app")
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            let words = "machine run roost/my-app:latest -a my-app --restart no --rm --json".split(separator: " ")
            let outcome = try await Shell.run(
                "\(TestHost.package)/.build/debug/roost",
                words.map(String.init) + [
                    "--file-literal", "/etc/greeting=hi there", "--", "sh", "-c",
                    "grep there /etc/greeting && sleep 3; exit 7",
                ],
                environment: host.environment,
                limit: 120
            )
            #expect(outcome.code == 0, "\(outcome.all)")
            let text = outcome.output
            let made = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
            let id = try #require(made?["id"] as? String)
            try await host.killDaemon("serve")
            try await host.start("serve")
            let waited = try await host.done("machine", "wait", id, "-a", "my-app", "--state", "destroyed")
            #expect(waited.contains("reached state destroyed"))
            let seen = try await host.done("machine", "status", id, "-a", "my-app")
            #expect(seen.contains("exit_code=7"), "\(seen)")
            let server = try await host.machines("my-app").first { $0.config.metadata["fly_process_group"] != nil }
            let processes = try await host.api("/v1/apps/my-app/machines/\(try #require(server).id)/ps")
            #expect(processes.output.contains("0.0.0.0:8080"), "\(processes.all)")
        }
    }

    /// What Python programs size themselves by.
    private static let sizes = """
        import os, multiprocessing
        kib = {l.split(":")[0]: int(l.split()[1]) for l in open("/proc/meminfo")}
        cores = sum(l.startswith("processor") for l in open("/proc/cpuinfo"))
        cpus = {os.cpu_count(), len(os.sched_getaffinity(0)), multiprocessing.cpu_count(), cores}
        print("cpus", sorted(cpus), "workers", multiprocessing.cpu_count() * 2 + 1, "MiB", kib["MemTotal"] >> 10)
        print("available", 0 < kib["MemAvailable"] < kib["MemTotal"])
        """

    @Test("Python counts the CPUs and the memory of its Machine, over a kill of the daemon, and after a change of size")
    func size() async throws {
        try await TestHost.with { host in
            let app = try TestApp("my-app")
            defer { app.remove() }
            try Self.sizes.write(toFile: "\(app.folder)/sizes.py", atomically: true, encoding: .utf8)
            try await host.done("deploy", app.folder, "--no-ha")
            func seen(_ expected: String) async throws {
                let id = try #require(try await host.machines("my-app").first).id
                try await eventually("what Python counts") {
                    let outcome = try await host.roost("machine", "exec", id, "-a", "my-app", "python3 sizes.py")
                    return outcome.output.contains("\(expected)\navailable True\n")
                }
            }
            try await seen("cpus [1] workers 3 MiB 256")
            try await host.killDaemon("serve")
            try await host.start("serve")
            try await seen("cpus [1] workers 3 MiB 256")
            try await host.done("scale", "memory", "512", "-a", "my-app")
            try await seen("cpus [1] workers 3 MiB 512")
            let doctor = try await host.roost("doctor")
            #expect(doctor.output.contains("of which a Machine sees as many as it was given"), "\(doctor.all)")
        }
    }

    @Test("a call with a key makes one Machine over a kill of the daemon; a deploy leaves a leased Machine alone")
    func keysAndLeases() async throws {
        try await TestHost.with { host in
            let app = try TestApp("my-app")
            defer { app.remove() }
            try await host.done("deploy", app.folder, "--no-ha")
            let path = "http://r/v1/apps/my-app/machines"
            let body = #"{"config":{"image":"roost/my-app:latest","init":{"cmd":["sleep","inf"]}}}"#
            func post(_ path: String, _ body: String, _ headers: String...) async throws -> String {
                try await Shell.run(
                    "/usr/bin/curl",
                    ["-s", "-m", "30", "--unix-socket", "\(host.run)/api.sock", path, "-d", body]
                        + headers.flatMap { ["-H", $0] }
                ).output
            }
            let first = try await post(path, body, "Idempotency-Key: one")
            try await host.killDaemon("serve")
            try await host.start("serve")
            #expect(try await post(path, body, "Idempotency-Key: one") == first)
            #expect(try await host.machines("my-app").count == 2)
            #expect(try await post(path, "{}", "Idempotency-Key: one").contains("key_reused"))
            let served = try await host.machines("my-app").first { $0.config.metadata["fly_process_group"] != nil }
            let id = try #require(served).id
            let memory = try await host.api("/v1/apps/my-app/machines/\(id)/memory").output
            #expect(memory.contains("\"limit_mb\":256"), "\(memory)")
            #expect(try await post("\(path)/\(id)/lease?ttl=300", "").contains("nonce"))
            let refused = try await host.roost("deploy", app.folder, "--no-ha")
            #expect(refused.code == 1, "\(refused.all)")
            #expect(refused.all.contains("machine ID \(id) lease currently held by"), "\(refused.all)")
            #expect(refused.all.contains("roost machine leases clear \(id)"), "\(refused.all)")
            try await host.done("machine", "leases", "clear", id, "-a", "my-app")
            try await host.done("deploy", app.folder, "--no-ha")
        }
    }
}
