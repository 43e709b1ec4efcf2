import ArgumentParser
import Client
import Model
import Toolkit

struct MachineGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine",
        abstract: "See and steer single Machines.",
        subcommands: [
            MachineList.self, MachineStatus.self, MachineStart.self, MachineStop.self, MachineRestart.self,
            MachineSuspend.self, MachineDestroy.self, MachineRun.self, MachineCreate.self, MachineClone.self,
            MachineUpdate.self, MachineKill.self, MachineCordon.self, MachineUncordon.self, MachineWait.self,
            MachineLeases.self, MachineExec.self, MachineStrangers.self, MachineAdopt.self,
        ],
        aliases: ["machines", "m"]
    )
}

extension Machine.ID: ExpressibleByArgument {
    package init?(argument: String) {
        self.init(argument)
    }
}

struct MachineList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the app's Machines.",
        aliases: ["ls"]
    )

    @OptionGroup var connection: Connection
    @Flag(name: [.short, .long], help: "Print the IDs alone.") var quiet = false
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let machines = try await RoostClient.atHost { try await $0.machines(of: app) }
        if json { return try Output.json(machines) }
        if quiet {
            for machine in machines { print(machine.id) }
            return
        }
        Output.table(MachineTable.full(machines))
    }
}

extension RoostClient {
    /// An app's Machines.
    func machines(of app: String) async throws -> [MachineView] {
        try await get(apiPath("apps", app, "machines"), as: [MachineView].self)
    }
}

/// The tables of `machine list` and `status`.
enum MachineTable {
    /// As flyctl's `machine list` has it.
    static func full(_ machines: [MachineView]) -> Table {
        var table = Table(
            "ID",
            "NAME",
            "STATE",
            "CHECKS",
            "REGION",
            "ROLE",
            "IMAGE",
            "IP ADDRESS",
            "VOLUME",
            "CREATED",
            "LAST UPDATED",
            "PROCESS GROUP",
            "SIZE"
        )
        for machine in machines {
            let metadata = machine.config.metadata
            table.add(
                machine.id,
                Output.harmless(machine.name),
                machine.state,
                checks(machine),
                machine.region,
                Output.harmless(metadata["role"] ?? ""),
                Output.harmless(machine.config.image),
                machine.privateIP,
                machine.config.volumes.joined(separator: ","),
                machine.createdAt,
                machine.updatedAt,
                Output.harmless(metadata["fly_process_group"] ?? ""),
                machine.config.guest.name
            )
        }
        return table
    }

    private static func checks(_ machine: MachineView) -> String {
        let passing = machine.checks.count { $0.status == "passing" }
        return machine.checks.isEmpty ? "-" : "\(passing)/\(machine.checks.count) passing"
    }

    static func make(_ machines: [MachineView]) -> Table {
        var table = Table("PROCESS", "ID", "VERSION", "REGION", "STATE", "CHECKS", "LAST UPDATED")
        for machine in machines {
            let metadata = machine.config.metadata
            table.add(
                metadata[MachineConfig.groupKey] ?? "-",
                machine.id,
                metadata[MachineConfig.releaseKey] ?? "-",
                machine.region,
                machine.state,
                checks(machine),
                machine.updatedAt
            )
        }
        return table
    }
}

struct MachineStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "Show one Machine in full.")

    @OptionGroup var connection: Connection
    @Argument(help: "Machine ID, for example 148e21b7c65089.") var id: Machine.ID
    @Flag(name: [.short, .long], help: "Print its configuration, too.") var displayConfig = false
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let machine = try await RoostClient.atHost {
            try await $0.get(apiPath("apps", app, "machines", id.text), as: MachineView.self)
        }
        if json { return try Output.json(machine) }
        let guest = machine.config.guest
        print("Machine   \(machine.id)\nName      \(machine.name)\nState     \(machine.state)")
        print("Region    \(machine.region)\nImage     \(machine.config.image)\nPrivate   \(machine.privateIP)")
        print("Size      \(guest.cpuKind.rawValue), \(guest.cpus) CPU, \(guest.memoryMiB) MB")
        if !machine.checks.isEmpty {
            print("")
            Output.table(checks(machine))
        }
        print("")
        Output.table(events(machine))
        guard displayConfig else { return }
        print("\nConfig")
        try Output.json(machine.config.value)
    }

    private func checks(_ machine: MachineView) -> Table {
        var table = Table("CHECK", "STATUS", "SINCE", "OUTPUT")
        for check in machine.checks {
            table.add(check.name, check.status, check.updatedAt, Output.harmless(String(check.output.prefix(80))))
        }
        return table
    }

    private func events(_ machine: MachineView) -> Table {
        var table = Table("EVENT", "TIME", "INFO")
        for event in machine.events {
            var info = event.detail ?? ""
            if let exit = event.request?.exitEvent {
                info = "exit_code=\(exit.exitCode),oom_killed=\(exit.oomKilled),requested_stop=\(exit.requestedStop)"
            }
            table.add(event.type, Timestamp(milliseconds: event.timestamp).rfc3339, Output.harmless(info))
        }
        return table
    }
}
