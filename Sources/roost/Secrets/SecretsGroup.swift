import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct SecretsGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "secrets",
        abstract: "What an app is told in secret: sealed on the server, readable by the app's processes alone.",
        subcommands: [
            SecretsSet.self, SecretsUnset.self, SecretsImport.self, SecretsList.self, SecretsDeploy.self,
            SecretsRotate.self, SecretsSync.self,
        ],
        aliases: ["secret"]
    )
}

/// What the commands that change secrets have in common.
struct SecretsOptions: ParsableArguments {
    @OptionGroup var connection: Connection
    @Flag(help: "Only keep it: the app's Machines get it with the next deploy.") var stage = false
    @Flag(help: "Start the deploy and return at once.") var detach = false
    @Flag(name: [.short, .long], help: "Print the secrets as JSON when it is done, never their values.") var json =
        false

    /// Sends a change, then brings it to the Machines, unless it is to wait.
    func send(_ values: [String: String?]) async throws {
        let app = try connection.appName()
        try await RoostClient.atHost { client in
            // A secret is often the first that is known of an app.
            try await client.ensure(app: app, owner: Person.current)
            let path = apiPath("apps", app, "secrets")
            let answer = try await client.post(path, SecretsChange(values: values), as: SecretsAnswer.self)
            let view = try await client.get(apiPath("apps", app), as: AppView.self)
            if stage {
                Output.warn("Staged; the app's Machines get it with: roost secrets deploy -a \(app)")
            } else if view.release == nil {
                Output.warn("Staged for the first deploy of \(app).")
            } else {
                try await redeploy(app, client)
            }
            guard json else { return }
            try Output.json(stage ? answer : try await client.get(path, as: SecretsAnswer.self))
        }
    }
}

extension SecretsOptions {
    /// What is set stays set, also when it can't go out now.
    private func redeploy(_ app: String, _ client: RoostClient) async throws {
        do {
            try await Redeploy(client: client, app: app, detach: detach, json: json).run(onlyIfChanged: true)
        } catch var fault as Fault {
            let kept = "the secrets are kept; to give them to the Machines: roost secrets deploy -a \(app)"
            fault.hint = [fault.hint, kept].compactMap { $0 }.joined(separator: "\n")
            throw fault
        }
    }
}

/// Brings the newest secrets to the Machines of an app.
struct Redeploy {
    let client: RoostClient
    let app: String
    var detach = false
    var json = false

    func run(onlyIfChanged: Bool) async throws {
        var order = ReleaseOrder(.restart, user: Person.current)
        order.onlyIfChanged = onlyIfChanged
        try await run(order)
    }

    /// Gives the order and shows how it goes.
    func run(_ order: ReleaseOrder) async throws {
        let rollout = try await client.post(apiPath("apps", app, "releases"), order, as: Rollout.self)
        guard detach else {
            return try await DeployWatch(client: client, isQuiet: json, onErrors: json).follow(rollout)
        }
        Output.warn("deploy \(rollout.id) is under way: roost deploy --watch -a \(app)")
    }
}
