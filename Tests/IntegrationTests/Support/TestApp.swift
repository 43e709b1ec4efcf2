import Foundation

/// A project folder made for a test: the fixture server and a `fly.toml`.
struct TestApp {
    let name: String
    let folder: String

    /// Makes the folder and all that is in it.
    ///
    /// `env` tells the server how to behave. `top` and `extra` are more lines of `fly.toml`: those above its first table,
    /// and those at its end.
    init(
        _ name: String,
        env: [String: String] = [:],
        top: String = "",
        extra: String = "",
        mount: Bool = false,
        check: Bool = true,
        https: Bool = false
    ) throws {
        self.name = name
        folder = NSTemporaryDirectory() + "roost-app-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let fixtures = "\(TestHost.package)/Tests/IntegrationTests/Fixtures"
        try FileManager.default.copyItem(atPath: "\(fixtures)/server.py", toPath: "\(folder)/server.py")
        try write(env: env, top: top, extra: extra, mount: mount, check: check, https: https)
    }

    /// Writes `fly.toml` anew.
    func write(
        env: [String: String] = [:],
        top: String = "",
        extra: String = "",
        mount: Bool = false,
        check: Bool = true,
        https: Bool = false
    ) throws {
        let pairs = env.sorted { $0.key < $1.key }.map { "  \($0.key) = \"\($0.value)\"" }.joined(separator: "\n")
        var text = """
            app = "\(name)"
            primary_region = "fra"
            \(top)
            [env]
            \(pairs)
            [processes]
              app = "python3 server.py"
            [http_service]
              internal_port = 8080
              processes = ["app"]
            """
        if https { text += "\n  force_https = true" }
        if check {
            text += """

                  [[http_service.checks]]
                    path = "/health"
                    interval = "1s"
                    timeout = "2s"
                    grace_period = "1s"
                """
        }
        if mount { text += "\n[[mounts]]\n  source = \"data\"\n  destination = \"/data\"\n" }
        text += "\n\(extra)\n"
        try text.write(toFile: "\(folder)/fly.toml", atomically: true, encoding: .utf8)
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: folder)
    }
}
