import ArgumentParser
import Client
import Model
import Toolkit

struct ChecksGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "checks",
        abstract: "Show the health checks of the app's Machines.",
        subcommands: [ChecksList.self]
    )
}

struct ChecksList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the checks of all Machines, with what they said last.",
        aliases: ["ls"]
    )

    @OptionGroup var connection: Connection
    @Option(help: "Only checks of this name.") var checkName: String?
    @Flag(name: [.short, .long], help: "Print JSON: the checks of each Machine by its ID.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let machines = try await RoostClient.atHost { try await $0.machines(of: app) }
        var checks: [(machine: String, check: MachineView.Check)] = []
        for machine in machines.sorted(by: { $0.id < $1.id }) {
            checks += machine.checks.filter { checkName == nil || $0.name == checkName }.map { (machine.id, $0) }
        }
        if json {
            let byMachine = Dictionary(grouping: checks, by: \.machine)
            return try Output.json(byMachine.mapValues { $0.map(\.check.value) })
        }
        var table = Table("NAME", "STATUS", "MACHINE", "LAST UPDATED", "OUTPUT")
        for (machine, check) in checks {
            let output = Output.harmless(String(check.output.prefix(80)))
            table.add(Output.harmless(check.name), check.status, machine, check.updatedAt, output)
        }
        Output.table(table)
    }
}
