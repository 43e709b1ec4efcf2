import Foundation
import Testing

/// Command lines that were written for flyctl; none of them needs a daemon to be understood.
@Suite("Flags of flyctl") struct FlagTests {
    private struct Entry: Decodable {
        var command: String
        var aliases: [String]
        var flags: [Row]

        struct Row: Decodable {
            var names: [String]
            var takesValue: Bool
        }
    }

    /// Those of flyctl's commands, as its manual lists them.
    private static func wanted() throws -> [String: [String]] {
        let path = "\(TestHost.package)/Tests/IntegrationTests/Fixtures/fly-flags.json"
        return try JSONDecoder().decode([String: [String]].self, from: Data(contentsOf: URL(filePath: path)))
    }

    private static func roost(_ words: [String], as name: String = "roost") async throws -> Outcome {
        // A shell, since only it can give a program another name.
        let line = "exec -a \(name) \(TestHost.package)/.build/debug/roost \"$@\""
        let nowhere = ["ROOST_RUN": "/nonexistent", "FLY_APP": "my-app"]
        return try await Shell.run("/bin/bash", ["-c", line, "sh"] + words, environment: nowhere, folder: "/")
    }

    @Test("every flag of flyctl's commands is in the table of flags")
    func table() async throws {
        let outcome = try await Self.roost(["flags", "--json"])
        let entries = try JSONDecoder().decode([Entry].self, from: Data(outcome.output.utf8))
        let known = Dictionary(uniqueKeysWithValues: entries.map { ($0.command, Set($0.flags.flatMap(\.names))) })
        let general: Set = ["--org", "-o", "--yes", "-y", "--app", "-a", "--config", "-c", "--json", "-j"]
        for (command, flags) in try Self.wanted().sorted(by: { $0.key < $1.key }) {
            let own = try #require(known[command], "there is no command \(command)")
            let missing = flags.filter { !own.contains($0) && !general.contains($0) }
            #expect(missing.isEmpty, "\(command): \(missing)")
        }
    }

    @Test("docs/flags.md is what the commands say: roost flags > docs/flags.md")
    func manual() async throws {
        let written = try String(contentsOfFile: "\(TestHost.package)/docs/flags.md", encoding: .utf8)
        #expect(try await Self.roost(["flags"]).output == written)
    }

    @Test(
        "command lines of scripts are understood, down to the daemon that is not there",
        arguments: [
            "deploy --watch --yes --remote-only --ha=false -a other", "-t token status", "status -a=other",
            "status -aother -j",
            "machine list --json=true -q=false", "m destroy 148e21b7c65089 -f -y", "scale count 2 --yes -r iad -aother",
            "machine stop 148e21b7c65089 -s SIGTERM --timeout 10s -w 30", "secrets set --dns-checks=false A=1 --detach",
            "machine restart 148e21b7c65089 --time=5 --skip-health-checks", "volumes create data -r iad -s 1 -y",
            "volumes create data --require-unique-zone=false --scheduled-snapshots=false --vm-memory 512",
            "apps destroy other -y", "apps create --name other -o personal", "tokens create deploy -x 1h -o personal",
            "machine run alpine --rm --autostart=false --org personal -e A=1 -- sleep 1", "logs -i 148e21b7c65089 -n",
            "machine clone 148e21b7c65089 --host-dedication-id x", "regions list -j", "regions", "releases -a other -j",
            "volumes snapshots ls vol_1",
            "vol fork vol_1 -n copy", "machine leases view --json -a other", "ssh console -C ls --container app -r iad",
        ]
    )
    func understood(line: String) async throws {
        let outcome = try await Self.roost(line.split(separator: " ").map(String.init))
        #expect(outcome.code == 1 && outcome.error.contains("roostd"), "\(outcome.all)")
    }

    @Test("one line on standard error says why a flag changes nothing; what nobody knows is refused")
    func told() async throws {
        let outcome = try await Self.roost(["apps", "list", "-o", "personal", "--verbose"])
        #expect(outcome.error.contains("-o changes nothing here: there is one organisation"))
        let wrong = try await Self.roost(["machine", "list", "--nothing"])
        #expect(wrong.code == 2 && wrong.error.contains("--nothing"), "\(wrong.all)")
    }

    @Test("called as fly or flyctl it ends with flyctl's codes", arguments: ["fly", "flyctl", "/usr/bin/fly"])
    func codes(name: String) async throws {
        #expect(try await Self.roost(["machine", "list", "--nothing"], as: name).code == 1)
        #expect(try await Self.roost(["apps", "list"], as: name).code == 1)
        #expect(try await Self.roost(["flags", "--json"], as: name).code == 0)
    }
}
