import Foundation

/// A project folder with the app that behaves, and misbehaves, during roll-outs: `Fixtures/target.py`.
struct TargetApp {
    let name: String
    let folder: String

    init(_ name: String, env: [String: String] = [:], extra: String = "", mount: Bool = false) throws {
        self.name = name
        folder = NSTemporaryDirectory() + "roost-target-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let fixture = "\(TestHost.package)/Tests/IntegrationTests/Fixtures/target.py"
        try FileManager.default.copyItem(atPath: fixture, toPath: "\(folder)/target.py")
        try write(env: env, extra: extra, mount: mount)
    }

    /// Writes `fly.toml` anew; `service` and `check` are more lines of its service and of that one's health check.
    func write(
        env: [String: String] = [:],
        extra: String = "",
        service: String = "",
        check: String = "",
        mount: Bool = false
    ) throws {
        let pairs = env.sorted { $0.key < $1.key }.map { "  \($0.key) = \"\($0.value)\"" }.joined(separator: "\n")
        let text = """
            app = "\(name)"
            kill_timeout = "2s"
            [env]
            \(pairs)
            [processes]
              app = "python3 target.py"
            [http_service]
              processes = ["app"]
              internal_port = 8080
              \(service)
              [[http_service.checks]]
                path = "/health"
                interval = "1s"
                timeout = "1s"
                grace_period = "1s"
            \(check)
            \(mount ? "[[mounts]]\n  source = \"data\"\n  destination = \"/data\"" : "")
            \(extra)

            """
        try text.write(toFile: "\(folder)/fly.toml", atomically: true, encoding: .utf8)
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// A mixed load on it while `body` runs; what its clients saw.
    func underLoad(
        _ host: TestHost,
        seconds: Int,
        rate: Int = 100,
        _ body: @escaping @Sendable () async throws -> Void
    ) async throws -> Mixed {
        let script = "\(TestHost.package)/Tests/IntegrationTests/Fixtures/mixed.py"
        let arguments = [script, "\(host.port)", "\(name).localhost", "\(seconds)", "\(rate)", "2"]
        async let outcome = Shell.run("/usr/bin/python3", arguments, limit: seconds + 120)
        try await Task.sleep(for: .milliseconds(500))
        try await body()
        let result = try await outcome
        guard result.code == 0 else { throw Failure("mixed.py: \(result.all)") }
        print("mixed load on \(name): \(result.output.trimmingCharacters(in: .newlines))")
        return try JSONDecoder().decode(Mixed.self, from: Data(result.output.utf8))
    }

    /// What `Fixtures/mixed.py` counted.
    struct Mixed: Decodable {
        var results: [String: Int]
        var failed: Int
        var requests: Int
    }
}
