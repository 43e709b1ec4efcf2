import Foundation
import Model
import Testing

/// The example product, in each of its shapes, as its users would use it.
@Suite("Notes", .serialized, .enabled(if: TestHost.unfit == nil, "\(TestHost.unfit ?? "")"))
struct NotesTests {
    private static let fixtures = "\(TestHost.package)/Tests/IntegrationTests/Fixtures"

    /// A copy of the example that a test may change.
    private func copy() throws -> String {
        let folder = NSTemporaryDirectory() + "roost-notes-\(UUID().uuidString)"
        try FileManager.default.copyItem(atPath: "\(TestHost.package)/examples/notes", toPath: folder)
        return folder
    }

    private func change(_ path: String, _ edit: (inout String) -> Void) throws {
        var text = try String(contentsOfFile: path, encoding: .utf8)
        edit(&text)
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func live(_ host: TestHost, _ arguments: String...) async throws {
        let words = ["\(Self.fixtures)/live.py", "\(host.port)", "notes.localhost"] + arguments
        let outcome = try await Shell.run("/usr/bin/python3", words)
        #expect(outcome.code == 0, "\(outcome.all)")
    }

    @Test("SQLite on a volume: notes, WebSocket, events and uploads work, and outlive a redeploy")
    func sqlite() async throws {
        try await TestHost.with { host in
            let folder = try copy()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try await host.done("deploy", folder)
            #expect(try await host.machines("notes").count == 1)
            try await live(host, "--one-machine")
            #expect(try await host.get("notes", "/").body.contains("<html"))
            try change("\(folder)/notes/config.py") { $0 += "\n# changed\n" }
            let output = try await host.done("deploy", folder)
            #expect(output.contains("upload: 1 of"), "only the changed file is sent: \(output)")
            #expect(!output.contains("dependencies: Installed"), "the dependency layer is used again: \(output)")
            #expect(try await host.get("notes", "/api/notes/search?q=lively").body.contains("from a test"))
        }
    }

    @Test("PostgreSQL: the release command migrates, two Machines, no failed request over rolling deploys under load")
    func postgres() async throws {
        try await Postgres.with { database in
            try await TestHost.with { host in
                let folder = try copy()
                defer { try? FileManager.default.removeItem(atPath: folder) }
                try change("\(folder)/fly.postgres.toml") {
                    $0 += "\n[env]\n  DATABASE_URL = \"\(database.url)\"\n"
                }
                let config = "\(folder)/fly.postgres.toml"
                let output = try await host.done("deploy", folder, "-c", config)
                #expect(output.contains("release_command"), "\(output)")
                #expect(try await host.machines("notes").count == 2)
                try await live(host)
                for round in 1...3 {
                    let report = try await Load.during(host, "notes", path: "/api/notes?limit=1", seconds: 12) {
                        try change("\(folder)/notes/config.py") { $0 += "\n# round \(round)\n" }
                        try await host.done("deploy", folder, "-c", config)
                    }
                    #expect(report.failed == 0, "round \(round): \(report.results)")
                    #expect(report.total > 1500, "round \(round): \(report.results)")
                }
            }
        }
    }

    @Test("with its Dockerfile: built by buildah from a base image of the host's own")
    func dockerfile() async throws {
        try await TestHost.with { host in
            let folder = try copy()
            defer { try? FileManager.default.removeItem(atPath: folder) }
            // Any deploy leaves the distribution's Python as a layer, which becomes the image that the Dockerfile names.
            let app = try TestApp("base")
            defer { app.remove() }
            try await host.done("deploy", app.folder)
            try await makeBase(host)
            try change("\(folder)/fly.toml") { $0 += "\n[build]\n  dockerfile = \"docker/Dockerfile\"\n" }
            let output = try await host.done("deploy", folder)
            #expect(output.contains("dockerfile:"), "\(output)")
            try await live(host, "--one-machine")
            let log = try await host.done("logs", "--no-tail", "-a", "notes")
            #expect(!log.contains("Permission denied"), "\(log)")
        }
    }

    private func makeBase(_ host: TestHost) async throws {
        let store = "buildah --root \(host.state)/images/buildah --runroot \(host.run)/buildah --storage-driver overlay"
        try await Shell.line(
            """
            set -e
            layer=$(ls -d \(host.state)/images/layers/*/usr/lib/python3 | head -1 | sed 's,/usr/lib/python3,,')
            c=$(\(store) from scratch)
            # Layers are linked into each host's folder: when another goes, their count of links changes beside us.
            tar -C "$layer" --xattrs --warning=no-file-changed -cf \(host.root)/base.tar . || [ $? = 1 ]
            \(store) add -q "$c" \(host.root)/base.tar /
            \(store) add -q "$c" /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
            \(store) config --env PIP_CERT=/etc/ssl/certs/ca-certificates.crt "$c"
            \(store) config --env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt "$c"
            \(store) commit -q "$c" docker.io/library/python:3.11-slim
            \(store) rm "$c" >/dev/null
            rm \(host.root)/base.tar
            """
        )
    }
}
