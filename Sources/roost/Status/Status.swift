import ArgumentParser
import Client
import Model
import Toolkit

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show an app, its Machines and its last deploy.")

    @OptionGroup var connection: Connection
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    private struct Everything: Encodable {
        var app: AppView
        var machines: [MachineView]
        var deploy: Rollout?
        /// Names of apps beside it for trying it out.
        var throwAways: [String]
    }

    func run() async throws {
        let app = try connection.appName()
        let all = try await RoostClient.with(socketPath: Connection.socketPath) { client in
            Everything(
                app: try await client.get(apiPath("apps", app), as: AppView.self),
                machines: try await client.get(apiPath("apps", app, "machines"), as: [MachineView].self),
                deploy: try await client.get(apiPath("apps", app, "rollouts"), as: [Rollout].self).last,
                throwAways: try await client.throwAways(of: app)
            )
        }
        if json { return try Output.json(all) }
        print("App\n  Name     = \(all.app.name)\n  Owner    = \(Output.harmless(all.app.owner))")
        if let other = all.app.tryoutOf {
            print("  Purpose  = throw-away of \(other): for trying out, not backed up, reached by that app alone")
        } else {
            print("  Hostname = \(all.app.hostname)\n  URL      = \(all.app.url)")
        }
        print("  Release  = \(all.app.release.map { "v\($0)" } ?? "none")")
        if !all.throwAways.isEmpty { print("  Tryouts  = \(all.throwAways.joined(separator: ", ")) (not backed up)") }
        if let deploy = all.deploy { print("  Deploy   = \(describe(deploy))") }
        print("\nMachines")
        Output.table(MachineTable.make(all.machines))
    }

    private func describe(_ rollout: Rollout) -> String {
        let who = "by \(Output.harmless(rollout.holder)) since \(rollout.startedAt.rfc3339)"
        guard rollout.phase.isOver else {
            let step = rollout.steps.dropFirst(rollout.done).first?.description ?? "build"
            return "\(rollout.phase.rawValue) \(who): \(step) (roost deploy --watch)"
        }
        let cause = rollout.fault.map { ": \(Output.harmless($0.message))" } ?? ""
        return "\(rollout.phase.rawValue) \(who)\(cause)"
    }
}
