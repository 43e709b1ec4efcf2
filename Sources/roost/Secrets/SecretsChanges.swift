import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct SecretsUnset: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unset",
        abstract: "Take secrets away from the app, one Machine after the other."
    )

    @OptionGroup var options: SecretsOptions
    @Argument(help: "Names of secrets.") var names: [String]

    func run() async throws {
        let app = try options.connection.appName()
        let known = try await RoostClient.atHost {
            try await $0.get(apiPath("apps", app, "secrets"), as: SecretsAnswer.self)
        }
        let unknown = names.filter { name in !known.secrets.contains { $0.name == name } }
        guard unknown.isEmpty else {
            throw Fault(
                .secretNotFound,
                "\(app) has no secret \(unknown.map { Output.harmless($0) }.joined(separator: ", "))",
                hint: "those there are: roost secrets list -a \(app)"
            )
        }
        try await options.send(Dictionary(names.map { ($0, nil) }) { first, _ in first })
    }
}

struct SecretsImport: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Set secrets from NAME=VALUE lines on standard input.",
        discussion: "A value of several lines stands between two times three double quotes; # begins a comment."
    )

    @OptionGroup var options: SecretsOptions

    func run() async throws {
        guard !Terminal.hasPerson else {
            throw UsageError(
                message: "import reads NAME=VALUE lines from standard input",
                hint: "roost secrets import -a my-app < secrets.env"
            )
        }
        let text = String(decoding: FileHandle.standardInput.readDataToEndOfFile(), as: UTF8.self)
        let values = try SecretLines.parse(text)
        guard !values.isEmpty else { throw Fault(.invalidRequest, "standard input has no line NAME=VALUE") }
        try await options.send(values.mapValues { .some($0) })
    }
}

struct SecretsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List secrets: names and digests, never values.",
        aliases: ["ls"]
    )

    @OptionGroup var connection: Connection
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let answer = try await RoostClient.atHost {
            try await $0.get(apiPath("apps", app, "secrets"), as: SecretsAnswer.self)
        }
        if json {
            return try Output.json(
                try answer.secrets.map { secret in
                    let keys = FlyKeys.secret(name: secret.name, digest: secret.digest, createdAt: secret.createdAt)
                    return try FlyKeys.adding(keys, to: secret)
                }
            )
        }
        var table = Table("NAME", "DIGEST", "STATUS", "CREATED AT")
        for secret in answer.secrets {
            table.add(Output.harmless(secret.name), secret.digest, secret.status.rawValue, secret.createdAt)
        }
        Output.table(table)
    }
}

struct SecretsDeploy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deploy",
        abstract: "Give staged secrets to the app, one Machine after the other."
    )

    @OptionGroup var connection: Connection
    @Flag(help: "Start the deploy and return at once.") var detach = false

    func run() async throws {
        let app = try connection.appName()
        try await RoostClient.atHost { client in
            let view = try await client.get(apiPath("apps", app), as: AppView.self)
            guard view.machineCount > 0 else {
                throw Fault(.invalidState, "\(app) has no Machines", hint: "deploy it: roost deploy FOLDER")
            }
            try await Redeploy(client: client, app: app, detach: detach).run(onlyIfChanged: true)
        }
    }
}

struct SecretsRotate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Give the host a new key, seal all secrets of all apps to it, forget the old key."
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let answer = try await RoostClient.atHost {
            try await $0.post("/v1/secrets/rotate", [String: String](), as: KeyRotationAnswer.self)
        }
        if json { return try Output.json(answer) }
        print("The key in use is \(answer.key) now; \(answer.secrets) values were sealed to it anew.")
        print("Back up the folder keys/ of the state again: older copies no longer open them.")
    }
}

/// flyctl remembers on its own disk which secrets it has set; here the server knows.
struct SecretsSync: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Does nothing: the server knows which secrets there are."
    )

    @OptionGroup var connection: Connection

    func run() { Output.warn("there is nothing to bring together: the server knows which secrets there are") }
}
