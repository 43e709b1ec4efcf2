import Foundation
import Model
import Testing

/// TLS from a command to a browser's eye: real authority, real clients.
@Suite(
    "Certificates",
    .serialized,
    .enabled(if: TestHost.unfit == nil && Pebble.missing == nil, "\(TestHost.unfit ?? Pebble.missing ?? "")")
)
struct CertificateTests {
    /// A request over TLS: status, version of HTTP and body.
    private func get(
        _ host: TestHost,
        _ name: String,
        _ path: String = "/headers",
        authority: String,
        more: [String] = []
    ) async throws -> (status: String, body: String) {
        let port = try #require(host.securePort)
        let outcome = try await Shell.run(
            "curl",
            [
                "-s", "-m", "20", "--cacert", authority, "--resolve", "\(name):\(port):127.0.0.1", "-w",
                "\n%{http_code}", "https://\(name):\(port)\(path)",
            ] + more
        )
        let parts = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
        return (parts.last.map(String.init) ?? "", parts.dropLast().joined(separator: "\n"))
    }

    private func detail(_ host: TestHost, _ name: String, _ app: String) async throws -> CertificateDetail {
        let text = try await host.done("certs", "check", name, "-a", app, "--json")
        return try JSONDecoder().decode(CertificateDetail.self, from: Data(text.utf8))
    }

    /// What `openssl s_client` says of a connection.
    private func shake(_ host: TestHost, _ name: String, _ more: String) async throws -> String {
        let port = try #require(host.securePort)
        return try await Shell.run(
            "/bin/bash",
            [
                "-c",
                "printf '' | timeout 20 openssl s_client -connect 127.0.0.1:\(port) -servername \(name) \(more) 2>&1",
            ]
        ).all
    }

    @Test("a local name is served over TLS at once, old versions are not, sessions are resumed, force_https is obeyed")
    func local() async throws {
        try await TestHost.with(secure: true) { host in
            let app = try TestApp("secure", https: true)
            defer { app.remove() }
            let story = try await host.done("deploy", "--no-ha", app.folder)
            let port = try #require(host.securePort)
            #expect(story.contains("https://secure.localhost:\(port)"), "\(story.suffix(300))")
            let authority = "\(host.root)/ca.pem"
            try await host.done("certs", "trust", "--print").write(toFile: authority, atomically: true, encoding: .utf8)
            let folder = try await host.done("certs", "trust", "--folder", "\(host.root)/trusted")
            #expect(folder == "\(host.root)/trusted/roost-local-authority.crt\n")

            let answer = try await get(host, "secure.localhost", authority: authority)
            #expect(answer.status == "200", "\(answer)")
            let fields = try JSONDecoder().decode([String: String].self, from: Data(answer.body.utf8))
            #expect(fields["X-Forwarded-Proto"] == "https" && fields["Fly-Forwarded-Ssl"] == "on", "\(fields)")

            let plain = try await Shell.run(
                "curl",
                ["-s", "-o", "/dev/null", "-w", "%{http_code} %{redirect_url}", "-H", "Host: secure.localhost"]
                    + ["http://127.0.0.1:\(host.port)/a?b=1"]
            )
            #expect(plain.output == "301 https://secure.localhost:\(port)/a?b=1")

            #expect(
                try await shake(host, "secure.localhost", "-tls1_3 -CAfile \(authority)").contains("Verification: OK")
            )
            #expect(try await shake(host, "secure.localhost", "-tls1_2").contains("TLSv1.2"))
            #expect(try await shake(host, "secure.localhost", "-tls1_1").contains("Cipher is (NONE)"))
            #expect(try await shake(host, "stranger.localhost", "").contains("alert"))
            #expect(try await shake(host, "secure.localhost", "-tls1_2 -reconnect").contains("Reused, TLSv1.2"))
            let session = "\(host.root)/session"
            // The ticket comes with the first bytes of an answer.
            let request = "printf 'GET / HTTP/1.1\\r\\nHost: secure.localhost\\r\\n\\r\\n'"
            let first =
                "(\(request); sleep 2) | timeout 20 openssl s_client -tls1_3 -sess_out \(session) "
                + "-connect 127.0.0.1:\(port) -servername secure.localhost"
            _ = try await Shell.run("/bin/bash", ["-c", first])
            #expect(
                try await shake(host, "secure.localhost", "-tls1_3 -sess_in \(session)").contains("Reused, TLSv1.3")
            )
        }
    }

    @Test("a host name is added, certified by an authority that refuses nonces, renewed, and removed")
    func ordered() async throws {
        try await withAuthority(lifetime: 45, environment: ["PEBBLE_WFE_NONCEREJECT": "30"]) { host, pebble in
            let app = try TestApp("shop", https: true)
            defer { app.remove() }
            try await host.done("deploy", "--no-ha", app.folder)
            let added = try await host.done("certs", "add", "www.Example.com", "-a", "shop")
            #expect(added.contains("www.example.com leads to shop now") && added.contains("DNS Setup Options"))
            try await eventually(within: .seconds(60), "it is issued") {
                try await detail(host, "www.example.com", "shop").status == "active"
            }
            let answer = try await get(host, "www.example.com", authority: pebble.root)
            #expect(answer.status == "200", "\(answer)")
            #expect(try await host.done("certs", "list", "-a", "shop").contains("www.example.com"))
            let shown = try await host.done("certs", "show", "www.example.com", "-a", "shop")
            #expect(shown.contains("Issued") && shown.contains("Pebble"), "\(shown)")

            // Two thirds of 45 seconds later there is another, without anybody asking.
            let serial = try await shake(host, "www.example.com", "| openssl x509 -noout -serial")
            try await eventually(within: .seconds(60), "it is renewed") {
                try await shake(host, "www.example.com", "| openssl x509 -noout -serial") != serial
            }
            #expect(try await get(host, "www.example.com", authority: pebble.root).status == "200")

            // Alone, an edge that is killed comes back with what it had.
            try await host.killDaemon("serve")
            try await host.killDaemon("edge")
            try await host.start("edge")
            #expect(try await shake(host, "www.example.com", "").contains("BEGIN CERTIFICATE"))
            try await host.start("serve")

            let again = try await host.roost("certs", "add", "www.example.com", "-a", "shop")
            #expect(again.code == 1 && again.error.contains("has been added to shop already"))
            try await host.done("certs", "remove", "www.example.com", "-a", "shop", "--yes")
            try await eventually("it is refused") {
                try await shake(host, "www.example.com", "").contains("alert")
            }
            // Of keys to certificates only that of the app's own name is left; the others are for secrets and authorities.
            let others = "local-authority\\|acme-account\\|^host-\\|^digest.key\\|^sealing.json"
            #expect(try await Shell.line("ls \(host.state)/keys | grep -vc '\(others)' || true") == "1\n")
        }
    }

    @Test("a certificate that somebody brings comes first; one that does not fit changes nothing")
    func brought() async throws {
        try await TestHost.with(secure: true) { host in
            let app = try TestApp("shop")
            defer { app.remove() }
            try await host.done("deploy", "--no-ha", app.folder)
            let root = host.root
            for name in ["good", "other"] {
                try await Shell.line(
                    """
                    openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=shop.example.org \
                    -addext subjectAltName=DNS:shop.example.org -keyout \(root)/\(name).key -out \(root)/\(name).pem
                    """
                )
            }
            let wrong = try await host.roost(
                "certs",
                "import",
                "shop.example.org",
                "-a",
                "shop",
                "--fullchain",
                "\(root)/good.pem",
                "--private-key",
                "\(root)/other.key"
            )
            #expect(wrong.code == 1 && wrong.error.contains("does not belong to the certificate"), "\(wrong)")
            let strange = try await host.roost(
                "certs",
                "import",
                "www.example.org",
                "-a",
                "shop",
                "--fullchain",
                "\(root)/good.pem",
                "--private-key",
                "\(root)/good.key"
            )
            #expect(strange.code == 1 && strange.error.contains("not for www.example.org"), "\(strange)")
            let shown = try await host.done(
                "certs",
                "import",
                "shop.example.org",
                "-a",
                "shop",
                "--fullchain",
                "\(root)/good.pem",
                "--private-key",
                "\(root)/good.key"
            )
            #expect(shown.contains("custom (rsa), active"), "\(shown)")
            try await eventually("it is served") {
                try await get(host, "shop.example.org", authority: "\(root)/good.pem").status == "200"
            }
            try await wildcard(host)
            // No key is anywhere but in the folders for keys.
            let kept = "$(grep -l 'RSA PRIVATE KEY' \(host.state)/keys/*)"
            let secret = try await Shell.line("sed -n 2p \(kept)").trimmingCharacters(in: .whitespacesAndNewlines)
            let places = try await Shell.line("grep -rlF '\(secret)' \(host.state) \(host.run) || true")
            let all = places.split(separator: "\n")
            #expect(all.allSatisfy { $0.contains("/keys/") || $0.contains("/edge/certificates/") }, "\(places)")
            for path in all { #expect(try await Shell.line("stat -c %a \(path)") == "600\n") }
            #expect(secret.count == 64 && all.count == 2, "\(places)")

            let foreign = try TestApp("thief")
            defer { foreign.remove() }
            try await host.done("apps", "create", "thief")
            let taken = try await host.roost("certs", "add", "shop.example.org", "-a", "thief")
            #expect(taken.code == 1 && taken.error.contains("belongs to app shop"))
            let domain = try await host.roost("certs", "add", "shop.localhost", "-a", "thief")
            #expect(domain.code == 1 && domain.error.contains("belong to the apps they name"))
        }
    }

    /// All names under one domain lead to the app, by one certificate.
    private func wildcard(_ host: TestHost) async throws {
        let files = "\(host.root)/wild"
        try await Shell.line(
            """
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=wild \
            -addext 'subjectAltName=DNS:*.wild.example.org' -keyout \(files).key -out \(files).pem
            """
        )
        try await host.done(
            "certs",
            "import",
            "*.wild.example.org",
            "-a",
            "shop",
            "--fullchain",
            "\(files).pem",
            "--private-key",
            "\(files).key"
        )
        try await eventually("any name under it is served") {
            try await get(host, "some.wild.example.org", authority: "\(files).pem").status == "200"
        }
        #expect(try await detail(host, "*.wild.example.org", "shop").certificates.map(\.source) == ["custom"])
        try await host.done("certs", "remove", "*.wild.example.org", "-a", "shop", "--custom", "--yes")
        #expect(try await detail(host, "*.wild.example.org", "shop").status == "pending_validation")
        try await host.done("certs", "remove", "*.wild.example.org", "-a", "shop", "--yes")
        #expect(try await host.roost("certs", "show", "*.wild.example.org", "-a", "shop").code == 1)
    }

    /// A host that orders from a pebble, which asks at the host's port without TLS.
    private func withAuthority(
        lifetime: Int,
        environment: [String: String],
        _ body: (TestHost, Pebble) async throws -> Void
    ) async throws {
        let host = try await TestHost(secure: true)
        let pebble = try await Pebble(httpPort: host.port, lifetime: lifetime, environment: environment)
        defer { pebble.stop() }
        try pebble.settings.write(toFile: host.configuration, atomically: true, encoding: .utf8)
        do {
            try await host.start("serve")
            try await host.start("edge")
            try await body(host, pebble)
        } catch {
            await host.tellLogs()
            try? await host.stop()
            throw error
        }
        try await host.stop()
    }
}
