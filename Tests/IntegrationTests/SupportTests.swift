import Foundation
import Model
import Testing

/// The file for asking for help with: what is needed is in it, and nothing private.
@Suite("roost support", .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct SupportTests {
    @Test("has versions, findings, states and logs, and no secret, wherever one was put")
    func canaries() async throws {
        try await TestHost.with(settings: "# canary-comment-\(Self.mark)\ndomain = \"localhost\"\n") { host in
            let marks = Marks()
            let tokenFile = "\(host.root)/build-token"
            try marks.build.write(toFile: tokenFile, atomically: true, encoding: .utf8)
            let file = Data(marks.file.utf8).base64EncodedString()
            let app = try TestApp(
                "vault",
                env: ["PLAIN": marks.env, "DATABASE_URL": "postgres://ada:\(marks.url)@db.example/x"],
                extra: "[[files]]\n  guest_path = \"/etc/canary\"\n  raw_value = \"\(file)\""
            )
            defer { app.remove() }
            try await Shell.line("printf '%s' '\(marks.secret)' >\(host.root)/secret")
            try await Self.withInput(host, "SECRET=-")
            try await host.done("deploy", "--no-ha", "--build-secret", "id=TOKEN,src=\(tokenFile)", app.folder)
            let token = try await host.done("tokens", "create", "org", "--name", "ci")
            // Into the daemons' logs: a query, a name in a path, a deploy that fails with words of its own.
            _ = try await host.get("vault", "/login?password=\(marks.query)")
            _ = try await host.roost("deploy", "--image", "https://u:\(marks.image)@registry.example/x", "-a", "vault")

            let text = try await Self.bundle(host, proxy: "http://ada:\(marks.proxy)@proxy.example:3128")
            for mark in marks.all + [file] { #expect(!text.contains(mark), "\(mark) is in the bundle") }
            #expect(!text.contains("canary-comment"))
            let secret = try #require(token.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("rst_") })
            #expect(!text.contains(secret.split(separator: "_").last ?? "?"))
            for key in try Self.keys(host) { #expect(!text.contains(key), "a key is in the bundle") }
            let machine = try #require(try await host.machines("vault").first)
            for word in ["vault", machine.id, "\"name\" : \"started\"", "kernel", "overlayfs", "serve", "table inet"] {
                #expect(text.contains(word), "\(word) is not in the bundle")
            }
        }
    }

    @Test("needs root, and says so")
    func withoutRoot() async throws {
        let roost = "\(TestHost.package)/.build/debug/roost"
        let words = ["--reuid", "65534", "--regid", "65534", "--clear-groups", roost, "support"]
        let outcome = try await Shell.run("/usr/bin/setpriv", words)
        #expect(outcome.code == 1 && outcome.error.contains("sudo roost support"), "\(outcome.all)")
        let wrong = try await Shell.run(roost, ["support", "--lines", "0"])
        #expect(wrong.code != 0 && wrong.error.contains("--lines: found 0"), "\(wrong.all)")
    }

    // MARK: - Private

    private static let mark = UUID().uuidString

    /// A value for each place, found nowhere else.
    private struct Marks {
        let env = Self.one("env")
        let url = Self.one("url")
        let file = Self.one("file")
        let secret = Self.one("secret")
        let build = Self.one("build")
        let query = Self.one("query")
        let image = Self.one("image")
        let proxy = Self.one("proxy")

        var all: [String] { [env, url, file, secret, build, query, image, proxy] }

        private static func one(_ place: String) -> String { "canary\(place)\(UUID().uuidString.prefix(13))" }
    }

    private static func withInput(_ host: TestHost, _ words: String) async throws {
        let roost = "\(TestHost.package)/.build/debug/roost"
        let line = "\(roost) apps create vault && \(roost) secrets set \(words) -a vault --stage <\(host.root)/secret"
        let outcome = try await Shell.run("/bin/bash", ["-c", line], environment: host.environment)
        guard outcome.code == 0 else { throw Failure(outcome.all) }
    }

    /// All texts of the bundle, with its list of files and its mode checked.
    private static func bundle(_ host: TestHost, proxy: String) async throws -> String {
        let path = "\(host.root)/help.tar.gz"
        let logs = ["--log", "\(host.root)/serve.log", "--log", "\(host.root)/edge.log"]
        let outcome = try await Shell.run(
            "\(TestHost.package)/.build/debug/roost",
            ["support", "--output", path] + logs,
            environment: host.environment.merging(["HTTP_PROXY": proxy]) { $1 }
        )
        #expect(outcome.code == 0 && outcome.output.contains("Nothing was sent"), "\(outcome.all)")
        for name in ["doctor.txt", "records.json", "log-serve.log", "log-edge.log", "configuration.txt"] {
            #expect(outcome.output.contains(name), "\(outcome.output)")
        }
        #expect(try await Shell.line("stat -c %a \(path)") == "600\n")
        try await Shell.line("mkdir \(host.root)/help && tar -xzf \(path) -C \(host.root)/help")
        return try await Shell.line("cat \(host.root)/help/*")
    }

    /// Lines of every key of the host that are long enough to tell.
    private static func keys(_ host: TestHost) throws -> [String] {
        let folder = "\(host.state)/keys"
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder)
        let lines = files.compactMap { try? String(contentsOfFile: "\(folder)/\($0)", encoding: .utf8) }
            .flatMap { $0.split(separator: "\n") }.filter { $0.count >= 20 && !$0.hasPrefix("-----") }
        try #require(!lines.isEmpty, "there is no key in \(folder)")
        return lines.map(String.init)
    }
}
