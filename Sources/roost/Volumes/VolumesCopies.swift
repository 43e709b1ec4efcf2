import ArgumentParser
import Client
import Model
import Toolkit

struct VolumesFork: VolumeCommand {
    static let configuration = CommandConfiguration(
        commandName: "fork",
        abstract: "Make a new volume with what another holds now."
    )

    @OptionGroup var connection: Connection
    @Argument(help: "Volume ID, vol_…") var id: String
    @Option(name: [.short, .long], help: "Name; else that of the other.") var name: String?
    @Option(name: [.short, .long], help: "Region; else that of the other.") var region: String?
    @Option(name: [.short, .long], help: "Size in GB; else that of the other.") var size: Int?
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func work(_ client: RoostClient, _ app: String) async throws -> JSONValue {
        let source = try await client.get(apiPath("apps", app, "volumes", id), as: JSONValue.self)
        let body = JSONValue.members([
            ("name", name.map { .string($0) } ?? source["name"]), ("source_volume_id", .string(id)),
            ("region", region.map { .string($0) } ?? source["region"]), ("size_gb", size.map { .int(Int64($0)) }),
        ])
        return try await client.post(apiPath("apps", app, "volumes"), body, as: JSONValue.self)
    }
}

struct VolumesSnapshots: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshots",
        abstract: "Take and list snapshots of a volume; `volumes create --snapshot-id` makes a volume of one.",
        subcommands: [SnapshotsCreate.self, SnapshotsList.self],
        aliases: ["snapshot", "snaps"]
    )
}

struct SnapshotsCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Take a snapshot of a volume, also while its Machine writes."
    )

    @OptionGroup var connection: Connection
    @Argument(help: "Volume ID, vol_…") var id: String
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let snapshot = try await RoostClient.atHost {
            let path = apiPath("apps", app, "volumes", id, "snapshots")
            return try await $0.post(path, JSONValue.object([:]), as: JSONValue.self)
        }
        if json { return try Output.json(snapshot) }
        print("Snapshot \(snapshot["id"]?.string ?? "") of volume \(id) has been taken")
        print("Writers waited \(snapshot["pause_ms"]?.int ?? 0) ms")
    }
}

struct SnapshotsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the snapshots of a volume, newest first.",
        aliases: ["ls"]
    )

    @OptionGroup var connection: Connection
    @Argument(help: "Volume ID, vol_…") var id: String
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let all = try await RoostClient.atHost {
            try await $0.get(apiPath("apps", app, "volumes", id, "snapshots"), as: [JSONValue].self)
        }
        if json { return try Output.json(all) }
        var table = Table("ID", "STATUS", "SIZE", "CREATED AT", "RETENTION DAYS")
        for one in all {
            table.add(
                one["id"]?.string ?? "",
                one["status"]?.string ?? "",
                "\((one["size"]?.int ?? 0) >> 20) MB",
                one["created_at"]?.string ?? "",
                "\(one["retention_days"]?.int ?? 0)"
            )
        }
        Output.table(table)
    }
}
