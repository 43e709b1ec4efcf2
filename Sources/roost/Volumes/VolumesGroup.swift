import ArgumentParser
import Client
import Model
import Toolkit

struct VolumesGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "volumes",
        abstract: "Make, enlarge, copy and destroy volumes.",
        subcommands: [
            VolumesList.self, VolumesCreate.self, VolumesShow.self, VolumesExtend.self, VolumesUpdate.self,
            VolumesDestroy.self, VolumesRestore.self, VolumesFork.self, VolumesSnapshots.self,
        ],
        aliases: ["volume", "vol", "v"]
    )
}

/// How volumes are printed.
enum VolumeText {
    static func table(_ volumes: [JSONValue]) {
        var table = Table("ID", "STATE", "NAME", "SIZE", "REGION", "ZONE", "ENCRYPTED", "ATTACHED VM", "CREATED AT")
        for volume in volumes {
            table.add(
                volume["id"]?.string ?? "",
                volume["state"]?.string ?? "",
                volume["name"]?.string ?? "",
                "\(volume["size_gb"]?.int ?? 0)GB",
                volume["region"]?.string ?? "",
                Output.harmless(volume["zone"]?.string ?? ""),
                "\(volume["encrypted"]?.bool ?? false)",
                volume["attached_machine_id"]?.string ?? "-",
                volume["created_at"]?.string ?? ""
            )
        }
        Output.table(table)
    }

    static func one(_ volume: JSONValue, in app: String) {
        print("ID: \(volume["id"]?.string ?? "")\nName: \(volume["name"]?.string ?? "")\nApp: \(app)")
        print("Region: \(volume["region"]?.string ?? "")\nSize GB: \(volume["size_gb"]?.int ?? 0)")
        print("Encrypted: \(volume["encrypted"]?.bool ?? false)\nState: \(volume["state"]?.string ?? "")")
        print("Attached VM: \(volume["attached_machine_id"]?.string ?? "-")")
        print("Created at: \(volume["created_at"]?.string ?? "")")
        print("Snapshot retention: \(volume["snapshot_retention"]?.int ?? 0)")
        print("Scheduled snapshots: \(volume["auto_backup_enabled"]?.bool ?? false)")
        guard let total = volume["bytes_total"]?.int, total > 0 else { return }
        print("Used: \((volume["bytes_used"]?.int ?? 0) >> 20) of \(total >> 20) MB")
    }
}

/// A command that does one thing to one volume and prints it.
protocol VolumeCommand: AsyncParsableCommand {
    var connection: Connection { get }
    var json: Bool { get }
    func work(_ client: RoostClient, _ app: String) async throws -> JSONValue
}

extension VolumeCommand {
    func run() async throws {
        let app = try connection.appName()
        let volume = try await RoostClient.atHost { try await work($0, app) }
        if json { return try Output.json(volume) }
        VolumeText.one(volume, in: app)
    }
}

struct VolumesList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the app's volumes.",
        aliases: ["ls"]
    )

    @OptionGroup var connection: Connection
    @Flag(name: .long, help: "Also those that are being destroyed.") var all = false
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let every = try await RoostClient.atHost {
            try await $0.get(apiPath("apps", app, "volumes"), as: [JSONValue].self)
        }
        let shown = every.filter { all || $0["state"]?.string != "pending_destroy" }
        if json { return try Output.json(shown) }
        VolumeText.table(shown)
    }
}

struct VolumesCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "create", abstract: "Make volumes.")

    @OptionGroup var connection: Connection
    @Argument(help: "Name: letters, digits and underscores; Machines find their volume by it.") var name: String
    @Option(name: [.short, .long], help: "Region; else the host's.") var region: String?
    @Option(name: [.short, .long], help: "Size in GB: 1, or that of the snapshot's volume.") var size: Int?
    @Option(name: [.customShort("n"), .long], help: "How many.") var count = 1
    @Option(help: "Begin with what a snapshot holds: vs_…") var snapshotId: String?
    @Option(help: "Days for which snapshots are kept.") var snapshotRetention: Int?
    @Option(help: "A snapshot a day: true or false.") var scheduledSnapshots: Bool?
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        guard (1...100).contains(count) else { throw UsageError(message: "--count: 1 to 100", hint: "-n 2") }
        let body = JSONValue.members([
            ("name", .string(name)), ("region", region.map { .string($0) }),
            ("size_gb", size.map { .int(Int64($0)) } ?? (snapshotId == nil ? .int(1) : nil)),
            ("snapshot_retention", snapshotRetention.map { .int(Int64($0)) }),
            ("auto_backup_enabled", scheduledSnapshots.map { .bool($0) }),
            ("snapshot_id", snapshotId.map { .string($0) }),
        ])
        var made: [JSONValue] = []
        for _ in 0..<count {
            made.append(
                try await RoostClient.atHost {
                    try await $0.post(apiPath("apps", app, "volumes"), body, as: JSONValue.self)
                }
            )
        }
        if json { return count == 1 ? try Output.json(made[0]) : try Output.json(made) }
        for volume in made { VolumeText.one(volume, in: app) }
    }
}

struct VolumesShow: VolumeCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one volume.")

    @OptionGroup var connection: Connection
    @Argument(help: "Volume ID, vol_…") var id: String
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func work(_ client: RoostClient, _ app: String) async throws -> JSONValue {
        try await client.get(apiPath("apps", app, "volumes", id), as: JSONValue.self)
    }
}

struct VolumesExtend: VolumeCommand {
    static let configuration = CommandConfiguration(commandName: "extend", abstract: "Make a volume larger.")

    @OptionGroup var connection: Connection
    @Argument(help: "Volume ID, vol_…") var id: String
    @Option(name: [.short, .long], help: "Size in GB, or by how much: 10, +5.") var size: String
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func work(_ client: RoostClient, _ app: String) async throws -> JSONValue {
        let path = apiPath("apps", app, "volumes", id)
        guard let number = Size.volumeGB(size.hasPrefix("+") ? String(size.dropFirst()) : size), number > 0 else {
            throw UsageError(message: "--size: \(size) is no size", hint: "for example -s 10, or -s +5")
        }
        var wanted = Int64(number)
        if size.hasPrefix("+") { wanted += try await client.get(path, as: JSONValue.self)["size_gb"]?.int ?? 0 }
        let body = JSONValue.object(["size_gb": .int(wanted)])
        let answer = try await client.put(path + "/extend", body, as: JSONValue.self)
        if answer["needs_restart"]?.bool == true {
            Output.warn("Its Machine sees the new size once it has been started again: roost machine restart")
        }
        return answer["volume"] ?? answer
    }
}

struct VolumesUpdate: VolumeCommand {
    static let configuration = CommandConfiguration(commandName: "update", abstract: "Change how a volume is kept.")

    @OptionGroup var connection: Connection
    @Argument(help: "Volume ID, vol_…") var id: String
    @Option(help: "Days for which snapshots are kept.") var snapshotRetention: Int?
    @Option(help: "true or false.") var scheduledSnapshots: Bool?
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func work(_ client: RoostClient, _ app: String) async throws -> JSONValue {
        let body = JSONValue.members([
            ("snapshot_retention", snapshotRetention.map { .int(Int64($0)) }),
            ("auto_backup_enabled", scheduledSnapshots.map { .bool($0) }),
        ])
        return try await client.put(apiPath("apps", app, "volumes", id), body, as: JSONValue.self)
    }
}

struct VolumesDestroy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy",
        abstract: "Destroy volumes; for 24 hours they can be had back.",
        aliases: ["delete", "rm"]
    )

    @OptionGroup var connection: Connection
    @Argument(help: "Volume IDs.") var ids: [String]
    @Flag(name: [.short, .long], help: "Don't ask.") var yes = false

    func run() async throws {
        let app = try connection.appName()
        for id in ids {
            try Person.confirm("Destroy volume \(id) and what is on it?", yes: yes)
            _ = try await RoostClient.atHost {
                try await $0.delete(apiPath("apps", app, "volumes", id), as: JSONValue.self)
            }
            print("Volume \(id) will be gone in 24 hours; until then: roost volumes restore \(id) -a \(app)")
        }
    }
}

struct VolumesRestore: VolumeCommand {
    static let configuration = CommandConfiguration(commandName: "restore", abstract: "Have a destroyed volume back.")

    @OptionGroup var connection: Connection
    @Argument(help: "Volume ID, vol_…") var id: String
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func work(_ client: RoostClient, _ app: String) async throws -> JSONValue {
        let nothing = JSONValue.object([:])
        return try await client.post(apiPath("apps", app, "volumes", id, "restore"), nothing, as: JSONValue.self)
    }
}
