import ArgumentParser
import Client
import Model
import Toolkit

struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show an app, its Machines and its last deploy.")

    @OptionGroup var connection: Connection
    @Flag(help: "Show it again and again, until Ctrl-C.") var watch = false
    @Option(help: "Seconds between two looks of --watch.") var rate = 5
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    private struct Everything: Encodable {
        var app: AppView
        var machines: [MachineView]
        var deploy: Rollout?
        /// Names of apps beside it for trying it out.
        var throwAways: [String]
    }

    func run() async throws {
        guard (1...3600).contains(rate) else { throw UsageError(message: "--rate: 1 to 3600", hint: "--rate 5") }
        try await show()
        while watch {
            try await Task.sleep(for: .seconds(rate))
            print("")
            try await show()
        }
    }

    private func show() async throws {
        let app = try connection.appName()
        let all = try await RoostClient.atHost { client in
            Everything(
                app: try await client.get(apiPath("apps", app), as: AppView.self),
                machines: try await client.get(apiPath("apps", app, "machines"), as: [MachineView].self),
                deploy: try await client.get(apiPath("apps", app, "rollouts"), as: [Rollout].self).last,
                throwAways: try await client.throwAways(of: app)
            )
        }
        if json {
            var keys = FlyKeys.app(all.app)
            keys["Machines"] = .array(all.machines.map(\.value))
            return try Output.json(try FlyKeys.adding(keys, to: all))
        }
        print("App\n  Name     = \(all.app.name)\n  Owner    = \(Output.harmless(all.app.owner))")
        if let other = all.app.tryoutOf {
            print("  Purpose  = throw-away of \(other): for trying out, not backed up, reached by that app alone")
        } else {
            print("  Hostname = \(all.app.hostname)\n  URL      = \(all.app.url)")
        }
        if let traffic = all.app.traffic { print("  Traffic  = \(traffic) (roost apps resume)") }
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
