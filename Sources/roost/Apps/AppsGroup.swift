import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct AppsGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apps",
        abstract: "List, create and destroy apps.",
        subcommands: [
            AppsList.self, AppsCreate.self, AppsDestroy.self, AppsRestart.self, AppsReleases.self,
            AppsMaintenance.self, AppsPause.self, AppsResume.self,
        ],
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

    @Flag(name: [.short, .long], help: "Print the names alone.") var quiet = false
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let answer = try await RoostClient.atHost {
            try await $0.get("/v1/apps", as: AppListAnswer.self)
        }
        if json { return try Output.json(try answer.apps.map { try FlyKeys.adding(FlyKeys.app($0), to: $0) }) }
        if quiet {
            for app in answer.apps { print(app.name) }
            return
        }
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

    @Argument(help: "1 to 63 lower-case letters, digits and dashes.") var name: String?
    @Option(name: .customLong("name"), help: "The same.") var nameOption: String?
    @Option(help: "Its private network, made if it is new; apps of other networks don't reach it.") var network: String?
    @Flag(help: "Make a name up.") var generateName = false
    @Flag(help: "Write fly.toml with the name, where there is none.") var save = false
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        guard let name = name ?? nameOption ?? (generateName ? MachineNames.generated(.random()) : nil) else {
            throw UsageError(
                message: "how should the app be called?",
                hint: "name it, or let one be made up: --generate-name"
            )
        }
        try App.validate(name: name)
        let app = try await RoostClient.atHost {
            var order = ["name": name, "owner": Person.current]
            order["network"] = network
            return try await $0.post("/v1/apps", order, as: JSONValue.self)
        }
        if save, ConfigFile.ifAny(in: ".") == nil {
            try Durable.write(Data("app = \"\(name)\"\n".utf8), to: "fly.toml")
        }
        if json { return try Output.json(app) }
        print("New app created: \(name)")
    }
}

struct AppsDestroy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy",
        abstract: "Destroy apps with their Machines, volumes, releases and throw-aways. There is no way back.",
        aliases: ["delete", "remove", "rm"]
    )

    @Argument(help: "Names of apps.") var names: [String]
    @Flag(name: [.short, .long], help: "Don't ask.") var yes = false
    @Flag(name: [.short, .long], help: "Print the names of those that are gone as JSON.") var json = false

    func run() async throws {
        for name in names {
            try App.validate(name: name)
            let others = try await RoostClient.atHost { client in
                try await client.throwAways(of: name)
            }
            let more = others.isEmpty ? "" : ", and its throw-aways \(others.joined(separator: ", "))"
            try Person.confirm("Destroy app \(name), with its Machines and volumes\(more)?", yes: yes)
            try await RoostClient.atHost {
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
