import ArgumentParser
import Client
import Model
import Toolkit

struct TokensGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokens",
        abstract: "Make, list and revoke tokens of the API.",
        subcommands: [TokensCreate.self, TokensList.self, TokensRevoke.self]
    )
}

struct TokensCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a token. It is shown this once."
    )

    /// What a token is good for, as flyctl names its commands.
    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case org, deploy, readonly
        case machineExec = "machine-exec"
    }

    @OptionGroup var connection: Connection
    @Argument(
        help: "org: everything; deploy: one app; readonly: one app, to look; machine-exec: commands in one Machine."
    )
    var kind: Kind
    @Option(name: [.short, .long], help: "Tells it from others in lists.") var name: String?
    @Option(name: [.customShort("x"), .long], help: "How long it is good: 720h. A year when nothing is said.")
    var expiry: String?
    @Option(help: "The Machine of machine-exec.") var machine: Machine.ID?
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = kind == .org ? nil : try connection.appName()
        guard (kind == .machineExec) == (machine != nil) else {
            throw UsageError(
                message: "--machine belongs to machine-exec",
                hint: "roost tokens create machine-exec --machine ID"
            )
        }
        let body = JSONValue.members([
            ("name", .string(name ?? "\(kind.rawValue) token")), ("scope", .string(kind.rawValue)),
            ("app", app.map { .string($0) }), ("machine", machine.map { .string($0.text) }),
            ("expiry", expiry.map { .string($0) }),
        ])
        let made = try await RoostClient.atHost {
            try await $0.post("/v1/tokens", body, as: JSONValue.self)
        }
        if json { return try Output.json(made) }
        // The token alone on standard output, for $(…).
        Output.warn("Token \(made["id"]?.string ?? "") is good until \(made["expires_at"]?.string ?? "")")
        if let fingerprint = made["ca_fingerprint"]?.string { Output.warn("The API's authority: \(fingerprint)") }
        print(made["token"]?.string ?? "")
    }
}

struct TokensList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List tokens, without what opens them.",
        aliases: ["ls"]
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let answer = try await RoostClient.atHost {
            try await $0.get("/v1/tokens", as: JSONValue.self)
        }
        let tokens = answer["tokens"]?.array ?? []
        if json { return try Output.json(tokens) }
        var table = Table("ID", "NAME", "SCOPE", "CREATED BY", "EXPIRES AT", "LAST USED", "REVOKED AT")
        for token in tokens {
            let scope = [token["scope"]?.string, token["app"]?.string, token["machine"]?.string].compactMap { $0 }
            table.add(
                token["id"]?.string ?? "",
                Output.harmless(token["name"]?.string ?? ""),
                scope.joined(separator: " "),
                Output.harmless(token["created_by"]?.string ?? ""),
                token["expires_at"]?.string ?? "",
                token["last_used_at"]?.string ?? "-",
                token["revoked_at"]?.string ?? "-"
            )
        }
        Output.table(table)
    }
}

struct TokensRevoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "Revoke tokens, from the next request on."
    )

    @Argument(help: "IDs, of `roost tokens list`.") var ids: [String]

    func run() async throws {
        for id in ids {
            _ = try await RoostClient.atHost {
                try await $0.delete(apiPath("tokens", id), as: JSONValue.self)
            }
            print("Revoked \(id)")
        }
    }
}
