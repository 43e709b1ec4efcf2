import ArgumentParser
import Client
import Model
import Toolkit

struct RegionsGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "regions",
        abstract: "The regions in which Machines can stand.",
        subcommands: [RegionsList.self],
        defaultSubcommand: RegionsList.self
    )
}

struct PlatformGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "platform",
        abstract: "What the platform has to offer.",
        subcommands: [RegionsOfPlatform.self, PlatformSizes.self]
    )
}

struct RegionsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the regions.",
        aliases: ["ls"]
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let answer = try await RoostClient.atHost {
            try await $0.get("/v1/platform/regions", as: JSONValue.self)
        }
        let regions = answer["regions"]?.array ?? []
        if json { return try Output.json(regions) }
        let nearest = answer["nearest"]?.string
        var table = Table("NAME", "CODE", "")
        for region in regions {
            let code = region["code"]?.string ?? ""
            table.add(region["name"]?.string ?? "", code, code == nearest ? "this host's" : "")
        }
        Output.table(table)
    }
}

/// `platform regions`, flyctl's older way to ask.
struct RegionsOfPlatform: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "regions", abstract: "List the regions.")

    @OptionGroup var list: RegionsList

    func run() async throws { try await list.run() }
}

struct PlatformSizes: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vm-sizes",
        abstract: "List the sizes that a Machine can have."
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    private struct Row: Encodable {
        var name: String
        var cpuKind: String
        var cpus: Int
        var memory: Int

        private enum CodingKeys: String, CodingKey {
            case name
            case cpuKind = "cpu_kind"
            case cpus = "cpu_cores"
            case memory = "memory_mb"
        }
    }

    func run() throws {
        let rows = GuestSize.presets.map { preset in
            let guest = preset.guest
            return Row(name: preset.name, cpuKind: guest.cpuKind.rawValue, cpus: guest.cpus, memory: guest.memoryMiB)
        }
        if json { return try Output.json(rows) }
        var table = Table("NAME", "CPU CORES", "MEMORY")
        for row in rows { table.add(row.name, "\(row.cpus)", "\(row.memory) MB") }
        Output.table(table)
    }
}
