import ArgumentParser
import Client
import Foundation
import Model

struct AppsRestart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restart",
        abstract: "Restart an app's Machines that run, one after the other; its release stays as it is."
    )

    @OptionGroup var connection: Connection
    @Argument(help: "The app; else as -a says.") var name: String?
    @Flag(help: "Accepted: a Machine that does not end in time is killed in any case.") var forceStop = false
    @Flag(help: "Don't wait until a Machine takes requests before the next one is restarted.") var skipHealthChecks =
        false
    @Flag(name: [.short, .long], help: "Print the Machines as they are afterwards, as JSON.") var json = false

    func run() async throws {
        let app = try name ?? connection.appName()
        try App.validate(name: app)
        let path = apiPath("apps", app, "machines")
        try await RoostClient.atHost { client in
            for machine in try await client.get(path, as: [MachineView].self) where machine.state == "started" {
                try await client.post(apiPath("apps", app, "machines", machine.id, "restart"))
                if !skipHealthChecks { try await untilReady(machine.id, app, client) }
                Output.warn("Machine \(machine.id) has been restarted")
            }
            if json { try Output.json(try await client.get(path, as: [MachineView].self)) }
        }
    }

    /// Until it takes requests, or two minutes are over.
    private func untilReady(_ id: String, _ app: String, _ client: RoostClient) async throws {
        let end = ContinuousClock.now + .seconds(120)
        while ContinuousClock.now < end {
            let now = try await client.get(apiPath("apps", app, "machines", id), as: MachineView.self)
            if now.state == "started", now.ready { return }
            if now.state == "failed" || now.state == "stopped" { break }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Fault(
            .rolloutFailed,
            "Machine \(id) does not take requests after its restart; the others were left alone",
            hint: "its log says why: roost logs -a \(app) -m \(id); --skip-health-checks goes on all the same"
        )
    }
}

struct AppsReleases: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "releases",
        abstract: "List the releases that are kept, newest first."
    )

    @OptionGroup var list: ReleasesList

    func run() async throws { try await list.run() }
}
