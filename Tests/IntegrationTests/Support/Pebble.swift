import Foundation

/// The distribution's test authority, which takes every name to lead to this host.
final class Pebble: Sendable {
    let folder: String
    let port: Int
    private let pids: [Int32]

    /// Why tests can't have one; nil when they can.
    static var missing: String? {
        let programs = ["/usr/bin/pebble", "/usr/bin/pebble-challtestsrv", "/usr/bin/openssl"]
        let missing = programs.filter { !FileManager.default.isExecutableFile(atPath: $0) }
        return missing.isEmpty ? nil : "missing: \(missing.joined(separator: ", ")) (scripts/install.sh test)"
    }

    /// Starts one that asks its questions at `httpPort`, and signs for `lifetime` seconds.
    init(httpPort: Int, lifetime: Int = 86_400, environment: [String: String] = [:]) async throws {
        folder = NSTemporaryDirectory() + "pebble-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        port = try TestHost.freePort()
        let management = try TestHost.freePort()
        let dns = try TestHost.freePort()
        let helper = try TestHost.freePort()
        try await Shell.line(
            """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=pebble \
            -addext subjectAltName=IP:127.0.0.1 -keyout \(folder)/key.pem -out \(folder)/cert.pem
            """
        )
        try """
        {"pebble": {"listenAddress": "127.0.0.1:\(port)", "managementListenAddress": "127.0.0.1:\(management)",
         "certificate": "\(folder)/cert.pem", "privateKey": "\(folder)/key.pem", "httpPort": \(httpPort), "tlsPort": 1,
         "ocspResponderURL": "", "certificateValidityPeriod": \(lifetime)}}
        """.write(toFile: "\(folder)/pebble.json", atomically: true, encoding: .utf8)
        let challenges = try Background.start(
            "/usr/bin/pebble-challtestsrv",
            [
                "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", "127.0.0.1:\(dns)", "-http01", "",
                "-https01",
                "", "-tlsalpn01", "", "-management", "127.0.0.1:\(helper)",
            ],
            output: "\(folder)/dns.log"
        )
        let server = try Background.start(
            "/usr/bin/pebble",
            ["-config", "\(folder)/pebble.json", "-dnsserver", "127.0.0.1:\(dns)"],
            environment: ["PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "0"].merging(environment) { $1 },
            output: "\(folder)/pebble.log"
        )
        pids = [challenges, server]
        // Its root, which is another each time it starts.
        try await eventually("pebble is up") {
            try await Shell.run(
                "curl",
                ["-sf", "--cacert", certificate, "-o", root, "https://127.0.0.1:\(management)/roots/0"]
            ).code == 0
        }
    }

    /// What its own server is checked with.
    var certificate: String { "\(folder)/cert.pem" }
    /// What leads to its certificates.
    var root: String { "\(folder)/root.pem" }

    /// Lines for `roost.toml`.
    var settings: String {
        """
        [acme]
        directory = "https://127.0.0.1:\(port)/dir"
        email = "ops@example.com"
        ca_file = "\(certificate)"
        agree_to_terms = true
        """
    }

    func stop() {
        for pid in pids {
            kill(pid, SIGKILL)
            _ = Background.hasEnded(pid)
        }
        try? FileManager.default.removeItem(atPath: folder)
    }
}
