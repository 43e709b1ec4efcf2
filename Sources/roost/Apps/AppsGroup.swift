import ArgumentParser
import Client
import Model
import Toolkit

struct AppsGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apps",
        abstract: "List, create and destroy apps.",
        subcommands: [AppsList.self, AppsCreate.self, AppsDestroy.self],
        aliases: ["app"]
    )
}

/// What `GET /v1/apps` answers.
struct AppListAnswer: Decodable {
    var apps: [AppView]
}

struct AppsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List all apps.",
        aliases: ["ls"]
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let answer = try await RoostClient.with(socketPath: Connection.socketPath) {
            try await $0.get("/v1/apps", as: AppListAnswer.self)
        }
        if json { return try Output.json(answer.apps) }
        var table = Table("NAME", "OWNER", "STATUS", "MACHINES", "RELEASE", "URL")
        for app in answer.apps {
            let release = app.release.map { "v\($0)" } ?? "-"
            // Nobody reaches a throw-away by a URL.
            let place = app.tryoutOf.map { "throw-away of \($0)" } ?? app.url
            table.add(app.name, Output.harmless(app.owner), app.status, "\(app.machineCount)", release, place)
        }
        Output.table(table)
    }
}

struct AppsCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Create an app without Machines.")

    @Argument(help: "1 to 63 lower-case letters, digits and dashes.") var name: String
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        try App.validate(name: name)
        let app = try await RoostClient.with(socketPath: Connection.socketPath) {
            try await $0.post("/v1/apps", ["name": name, "owner": Person.current], as: AppView.self)
        }
        if json { return try Output.json(app) }
        print("New app created: \(name)")
    }
}

struct AppsDestroy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy",
        abstract: "Destroy apps with their Machines, volumes, releases and throw-aways. There is no way back.",
        aliases: ["delete"]
    )

    @Argument(help: "Names of apps.") var names: [String]
    @Flag(name: [.short, .long], help: "Don't ask.") var yes = false
    @Flag(name: [.short, .long], help: "Print the names of those that are gone as JSON.") var json = false

    func run() async throws {
        for name in names {
            try App.validate(name: name)
            let others = try await RoostClient.with(socketPath: Connection.socketPath) { client in
                try await client.throwAways(of: name)
            }
            let more = others.isEmpty ? "" : ", and its throw-aways \(others.joined(separator: ", "))"
            try Person.confirm("Destroy app \(name), with its Machines and volumes\(more)?", yes: yes)
            try await RoostClient.with(socketPath: Connection.socketPath) {
                try await $0.delete(apiPath("apps", name))
            }
            if !json { for one in [name] + others { print("Destroyed app \(one)") } }
        }
        if json { try Output.json(names) }
    }
}

extension RoostClient {
    /// The names of the throw-aways beside an app.
    func throwAways(of app: String) async throws -> [String] {
        try await get("/v1/apps", as: AppListAnswer.self).apps.filter { $0.tryoutOf == app }.map(\.name)
    }
}
