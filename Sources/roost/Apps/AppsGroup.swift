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
            table.add(app.name, Output.harmless(app.owner), app.status, "\(app.machineCount)", release, app.url)
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
        abstract: "Destroy apps with their Machines, volumes and releases. There is no way back.",
        aliases: ["delete"]
    )

    @Argument(help: "Names of apps.") var names: [String]
    @Flag(name: [.short, .long], help: "Don't ask.") var yes = false
    @Flag(name: [.short, .long], help: "Print the names of those that are gone as JSON.") var json = false

    func run() async throws {
        for name in names {
            try App.validate(name: name)
            try Person.confirm("Destroy app \(name), with its Machines and volumes?", yes: yes)
            try await RoostClient.with(socketPath: Connection.socketPath) {
                try await $0.delete(apiPath("apps", name))
            }
            if !json { print("Destroyed app \(name)") }
        }
        if json { try Output.json(names) }
    }
}
