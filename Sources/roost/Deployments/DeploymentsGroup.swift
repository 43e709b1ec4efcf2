import ArgumentParser
import Client
import Model
import Toolkit

struct DeploymentsGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deployments",
        abstract: "Roll-outs: those under way, and how the last ones went.",
        subcommands: [DeploymentsList.self, DeploymentsShow.self, DeploymentsCancel.self],
        defaultSubcommand: DeploymentsList.self
    )
}

struct DeploymentsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List an app's roll-outs, newest first.",
        aliases: ["ls"]
    )

    @OptionGroup var connection: Connection
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let all = try await RoostClient.atHost { client in
            try await client.get(apiPath("apps", app, "rollouts"), as: [Rollout].self)
        }
        if json { return try Output.json(all.reversed().map { $0 }) }
        var table = Table("ID", "RELEASE", "STATUS", "BY", "BEGUN", "STEPS", "CLIENTS")
        for rollout in all.reversed() {
            table.add(
                rollout.id,
                rollout.release.map { "v\($0)" } ?? "-",
                rollout.phase.rawValue,
                Output.harmless(rollout.holder),
                rollout.startedAt.rfc3339,
                "\(rollout.done)/\(rollout.steps.count)",
                rollout.traffic.map { "\($0.requests) requests, \($0.failed) failed" } ?? "-"
            )
        }
        Output.table(table)
    }
}

struct DeploymentsShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a roll-out: its steps, what went wrong, what clients met."
    )

    @OptionGroup var connection: Connection
    @Argument(help: "Its ID, or the beginning of it; else the newest one.") var id: String?
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let rollout = try await RoostClient.atHost { client in
            try await Rollout.find(id, of: app, client)
        }
        if json { return try Output.json(rollout) }
        print("ID:       \(rollout.id)")
        print(
            "Release:  \(rollout.release.map { "v\($0)" } ?? "-"), before: \(rollout.previous.map { "v\($0)" } ?? "-")"
        )
        print("Status:   \(rollout.phase.rawValue)")
        print("By:       \(Output.harmless(rollout.holder)), since \(rollout.startedAt.rfc3339)")
        if let end = rollout.finishedAt { print("Ended:    \(end.rfc3339)") }
        if let traffic = rollout.traffic { print("Clients:  \(traffic)") }
        for (number, step) in rollout.steps.enumerated() {
            let isNow = !rollout.phase.isOver && number == rollout.done
            print("  \(number < rollout.done ? "done" : isNow ? "now " : "    ")  \(step)")
        }
        guard let fault = rollout.fault else { return }
        print("Cause:    \(Output.harmless(fault.message))")
        for line in (fault.hint ?? "").split(separator: "\n") { print("          \(Output.harmless(String(line)))") }
    }
}

struct DeploymentsCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "End the roll-out that is under way; what it changed is put back."
    )

    @OptionGroup var connection: Connection
    @Argument(help: "Its ID, or the beginning of it; else the newest one.") var id: String?

    func run() async throws {
        let app = try connection.appName()
        try await RoostClient.atHost { client in
            let rollout = try await Rollout.find(id, of: app, client)
            try await client.post(apiPath("apps", app, "rollouts", rollout.id, "cancel"))
            print("\(rollout.id) is being cancelled; what it changed is put back.")
            print("See it through: roost deploy --watch -a \(app)")
        }
    }
}

extension Rollout {
    /// The roll-out of an app with that ID, or the newest.
    ///
    /// - Throws: ``Fault`` `rolloutNotFound`.
    static func find(_ id: String?, of app: String, _ client: RoostClient) async throws -> Rollout {
        let all = try await client.get(apiPath("apps", app, "rollouts"), as: [Rollout].self)
        guard let id else {
            guard let last = all.last else {
                throw Fault(.rolloutNotFound, "\(app) was never deployed", hint: "deploy it: roost deploy FOLDER")
            }
            return last
        }
        let fitting = all.filter { $0.id.hasPrefix(id.uppercased()) }
        guard let rollout = fitting.last, fitting.count == 1 else {
            throw Fault(
                .rolloutNotFound,
                fitting.isEmpty ? "no roll-out \(id) of \(app)" : "\(fitting.count) roll-outs begin with \(id)",
                hint: "those that are kept: roost deployments list -a \(app)"
            )
        }
        return rollout
    }
}
