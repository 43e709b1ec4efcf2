import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct ScaleGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scale",
        abstract: "How many Machines an app has, and how large they are.",
        subcommands: [ScaleCount.self, ScaleVM.self, ScaleMemory.self, ScaleShow.self]
    )
}

/// What is known of an app before it is scaled.
struct ScaleState {
    let app: String
    /// Those that deploys look after.
    let machines: [MachineView]
    let config: AppConfig

    init(_ client: RoostClient, _ app: String) async throws {
        self.app = app
        let all = try await client.get(apiPath("apps", app, "machines"), as: [MachineView].self)
        machines = all.filter { machine in
            let metadata = machine.config.metadata
            return MachineConfig.isManaged(metadata)
        }
        let current = try await client.get(apiPath("apps", app), as: AppView.self).release
        let releases = try await client.get(apiPath("apps", app, "releases"), as: [Release].self)
        guard let release = releases.first(where: { $0.version == current }) else {
            throw Fault(.invalidState, "\(app) has no release yet", hint: "deploy it first: roost deploy FOLDER")
        }
        config = release.config
    }

    func machines(of group: String) -> [MachineView] {
        machines.filter { $0.config.metadata[MachineConfig.groupKey] == group }
    }

    /// How many each group has, in some regions or in all.
    func counts(in regions: [String]? = nil) -> [String: Int] {
        Dictionary(
            config.groups.map { group in
                (group, machines(of: group).count { regions?.contains($0.region) ?? true })
            }
        ) { first, _ in first }
    }

    /// The group that is meant where none is named.
    ///
    /// - Throws: ``UsageError`` when there are several and `mustBeOne`.
    func group(_ named: String?, mustBeOne: Bool) throws -> String {
        if let named { return named }
        guard !mustBeOne || config.groups.count == 1 else {
            throw UsageError(
                message: "\(app) has several process groups: \(config.groups.joined(separator: ", "))",
                hint: "name one: --process-group \(config.defaultGroup)"
            )
        }
        return config.defaultGroup
    }
}

struct ScaleShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the count and the size of each process group."
    )

    @OptionGroup var connection: Connection
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    /// > Source: `deploy`, section 13.3.
    private struct Row: Encodable {
        var process: String
        var count: Int
        var cpuKind: String
        var cpus: Int
        var memory: Int
        var regions: [String: Int]

        private enum CodingKeys: String, CodingKey {
            case process = "Process"
            case count = "Count"
            case cpuKind = "CPUKind"
            case cpus = "CPUs"
            case memory = "Memory"
            case regions = "Regions"
        }
    }

    func run() async throws {
        let app = try connection.appName()
        let state = try await RoostClient.atHost { try await ScaleState($0, app) }
        let rows = state.config.groups.compactMap { group -> Row? in
            let machines = state.machines(of: group)
            guard let guest = machines.first?.config.guest ?? state.config.guest(for: group) else {
                let plain = MachineConfig.Guest()
                return Self.row(group, plain, [])
            }
            return Self.row(group, guest, machines)
        }
        if json { return try Output.json(rows) }
        print("VM Resources for app: \(app)\n\nGroups")
        var table = Table("NAME", "COUNT", "KIND", "CPUS", "MEMORY", "REGIONS")
        for row in rows {
            let regions = row.regions.sorted { $0.key < $1.key }.map {
                $0.value > 1 ? "\($0.key)(\($0.value))" : $0.key
            }
            table.add(
                row.process,
                "\(row.count)",
                row.cpuKind,
                "\(row.cpus)",
                "\(row.memory) MB",
                regions.joined(separator: ",")
            )
        }
        Output.table(table)
    }

    private static func row(_ group: String, _ guest: MachineConfig.Guest, _ machines: [MachineView]) -> Row {
        Row(
            process: group,
            count: machines.count,
            cpuKind: guest.cpuKind.rawValue,
            cpus: guest.cpus,
            memory: guest.memoryMiB,
            regions: Dictionary(grouping: machines, by: \.region).mapValues(\.count)
        )
    }
}
