import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct AppsMaintenance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "maintenance",
        abstract:
            "Answer an app's requests with 503 and a page, until `roost apps resume`; its Machines are left alone."
    )

    @OptionGroup var target: TrafficTarget

    func run() async throws {
        let app = try await target.direct(App.Traffic.maintenance.rawValue)
        print("App \(app) is closed for maintenance; open it with: roost apps resume \(app)")
    }
}

struct AppsPause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Keep an app's requests waiting, for up to a minute each, until `roost apps resume`."
    )

    @OptionGroup var target: TrafficTarget

    func run() async throws {
        let app = try await target.direct(App.Traffic.paused.rawValue)
        print("App \(app) is paused: its requests wait; go on with: roost apps resume \(app)")
    }
}

struct AppsResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Pass an app's requests on again, after `roost apps maintenance` or `roost apps pause`."
    )

    @OptionGroup var target: TrafficTarget

    func run() async throws {
        let app = try await target.direct(App.Traffic.open)
        print("App \(app) gets its requests")
    }
}

/// The app whose requests are meant.
struct TrafficTarget: ParsableArguments {
    @OptionGroup var connection: Connection
    @Argument(help: "The app; else as -a says.") var name: String?

    /// Says what becomes of the app's requests; returns the app's name.
    func direct(_ traffic: String) async throws -> String {
        let app = try name ?? connection.appName()
        try App.validate(name: app)
        try await RoostClient.atHost {
            _ = try await $0.post(apiPath("apps", app, "traffic"), ["traffic": traffic], as: AppView.self)
        }
        return app
    }
}
