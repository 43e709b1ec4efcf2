import ArgumentParser
import Client
import Model
import Toolkit

struct DiskGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "disk",
        abstract: "See what takes the host's disk, and make room on it.",
        subcommands: [DiskShow.self, DiskPrune.self],
        defaultSubcommand: DiskShow.self
    )
}

/// How room on a disk is printed.
enum DiskText {
    static func size(_ bytes: Int64) -> String {
        let gibibytes = Double(bytes) / Double(1 << 30)
        return bytes < 1 << 30 ? "\(bytes >> 20) MiB" : "\((gibibytes * 10).rounded() / 10) GiB"
    }

    /// What a level means for who reads it.
    static func sentence(_ level: String) -> String? {
        switch level {
        case "tight": "room is tight: what builds keep goes after an hour"
        case "short": "room is short: what builds keep goes at once"
        case "full": "the disk is full: nothing new is taken in or built until there is room again; what runs goes on"
        default: nil
        }
    }
}

struct DiskShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "What takes the host's disk, by purpose and by app."
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let view = try await RoostClient.atHost { try await $0.get("/v1/disk", as: DiskView.self) }
        if json { return try Output.json(view) }
        let room = DiskRoom(
            bytes: view.bytes,
            free: view.free,
            files: view.files ?? 0,
            freeFiles: view.freeFiles ?? 0
        )
        let used = Int(room.usedPercent.rounded())
        print("\(DiskText.size(view.free)) of \(DiskText.size(view.bytes)) free at \(view.folder), \(used) % in use")
        if room.usedFilesPercent > room.usedPercent {
            print("\(room.freeFiles) files can still be made, \(Int(room.usedFilesPercent.rounded())) % are")
        }
        if let sentence = DiskText.sentence(view.level) { print(sentence) }
        var purposes = Table("WHAT", "SIZE", "")
        for one in view.purposes {
            purposes.add(one.name, DiskText.size(one.bytes), one.isSpare ? "roost disk prune frees it" : "")
        }
        print("")
        Output.table(purposes)
        guard !view.apps.isEmpty else { return }
        var apps = Table("APP", "MACHINES", "VOLUMES", "BUILD CACHES")
        for app in view.apps {
            apps.add(
                Output.harmless(app.name),
                DiskText.size(app.machines),
                DiskText.size(app.volumes),
                DiskText.size(app.caches)
            )
        }
        print("")
        Output.table(apps)
    }
}

struct DiskPrune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Free what builds keep for the next ones, and what nothing needs any more.",
        discussion: """
            Images of what runs and of the releases that can be rolled back to stay, as do volumes, snapshots and logs: the \
            next builds take longer, and that is all. What a build used within the last ten minutes stays too.
            """
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let pruned = try await RoostClient.atHost {
            try await $0.post("/v1/disk/prune", [String: String](), as: DiskPruned.self)
        }
        if json { return try Output.json(pruned) }
        print("\(DiskText.size(pruned.freed)) freed")
        if let sentence = DiskText.sentence(pruned.level) { print(sentence) }
    }
}
