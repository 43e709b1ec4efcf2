import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

extension Result where Failure == any Error {
    /// What `body` gave or threw.
    fileprivate init(_ body: () async throws -> Success) async {
        do {
            self = .success(try await body())
        } catch {
            self = .failure(error)
        }
    }
}

/// Where a new Machine goes, and what is printed of it.
struct NewMachineFlags: ParsableArguments {
    @Option(name: [.short, .long], help: "Region; else the host's.") var region: String?
    @Option(name: [.short, .long], help: "Name; else one is made up.") var name: String?
    @Flag(help: "Don't wait until it is started.") var detach = false
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    /// Makes it, waits for it unless `skipLaunch`, and prints it.
    func make(_ config: JSONValue, in app: String, skipLaunch: Bool) async throws {
        let body = JSONValue.members([
            ("config", config), ("region", region.map { .string($0) }), ("name", name.map { .string($0) }),
            ("skip_launch", .bool(skipLaunch)),
        ])
        let machine = try await RoostClient.atHost { client in
            var made = try await client.post(apiPath("apps", app, "machines"), body, as: MachineView.self)
            // One that runs by a schedule rests stopped.
            if !skipLaunch, !detach, config["schedule"] == nil {
                _ = try await client.wait(app, made.id, "started,stopped,destroyed", seconds: 300)
                made = try await client.get(apiPath("apps", app, "machines", made.id), as: MachineView.self)
            }
            return made
        }
        if json { return try Output.json(machine) }
        print("Success! A Machine has been made in app \(app)")
        print("Machine ID: \(machine.id)\nInstance ID: \(machine.instanceID)\nState: \(machine.state)")
        print("Name: \(machine.name)\nRegion: \(machine.region)\nImage: \(machine.config.image)")
    }
}

struct MachineRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Make a Machine of an image and start it."
    )

    @OptionGroup var connection: Connection
    @OptionGroup var new: NewMachineFlags
    @OptionGroup var flags: MachineFlags
    @Argument(help: "Of a registry, or roost/APP:v3 for a release of this host.") var image: String
    @Argument(help: "Replaces the image's command; after -- also what starts with a dash.") var words: [String] = []

    @Flag(help: "Open a shell in it, and destroy it when the shell ends.") var shell = false
    @Option(name: [.customShort("C"), .long], help: "With --shell: a command instead, in one text.") var command:
        String?
    @Option(help: "With --shell: the user inside; else that of the image.") var user: String?

    func run() async throws {
        let app = try connection.appName()
        let config = try MachineRun.config(image, words, flags)
        guard shell else { return try await new.make(config, in: app, skipLaunch: false) }
        try await openShell(config, app)
    }

    /// A Machine that only waits, for as long as the shell in it.
    private func openShell(_ config: JSONValue, _ app: String) async throws {
        let order = SessionOrder.make(
            command: try command.map { try Words.split($0) } ?? [],
            user: user,
            terminal: command == nil,
            force: false
        )
        let idle: [String: JSONValue] = [
            "init": .object(["exec": .strings(["/bin/sleep", "inf"])]), "restart": .object(["policy": .string("no")]),
            "auto_destroy": .bool(true), "services": .array([]),
        ]
        let body = JSONValue.members([
            ("config", .object((config.object ?? [:]).merging(idle) { $1 })),
            ("region", new.region.map { .string($0) }),
            ("name", new.name.map { .string($0) }),
        ])
        let code = try await RoostClient.atHost { client in
            let machine = try await client.post(apiPath("apps", app, "machines"), body, as: MachineView.self)
            let path = apiPath("apps", app, "machines", machine.id)
            let result = await Result {
                _ = try await client.wait(app, machine.id, "started", seconds: 300)
                return try await ConsoleRun(client: client, path: "\(path)/console", order: order).run()
            }
            try? await client.delete("\(path)?force=true")
            return try result.get()
        }
        fflush(nil)
        // A thread may still wait for a key.
        _exit(code)
    }

    /// Runs on for ever by default, but for what has a schedule or goes away by itself.
    static func config(_ image: String, _ words: [String], _ flags: MachineFlags) throws -> JSONValue {
        var recipe = try flags.recipe()
        recipe.image = image
        recipe.command = words
        recipe.restart = flags.restart ?? (flags.remove ? "no" : flags.schedule == nil ? "always" : "on-failure")
        return try recipe.apply(to: try flags.base())
    }
}

struct MachineCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make a Machine of an image without starting it."
    )

    @OptionGroup var connection: Connection
    @OptionGroup var new: NewMachineFlags
    @OptionGroup var flags: MachineFlags
    @Argument(help: "Of a registry, or roost/APP:v3 for a release of this host.") var image: String
    @Argument(help: "Replaces the image's command; after -- also what starts with a dash.") var words: [String] = []

    func run() async throws {
        let app = try connection.appName()
        try await new.make(try MachineRun.config(image, words, flags), in: app, skipLaunch: true)
    }
}

struct MachineClone: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clone",
        abstract: "Make another Machine like one that is there; a volume of it is a new, empty one."
    )

    @OptionGroup var connection: Connection
    @OptionGroup var new: NewMachineFlags
    @OptionGroup var flags: MachineFlags
    @Argument(help: "Machine ID.") var id: Machine.ID
    @Option(help: "VOLUME[:PATH]: a volume that is there.") var attachVolume: String?
    @Option(help: "Begin its volume with what a snapshot holds: vs_…, or last.") var fromSnapshot: String?
    @Flag(help: "Start the image's own command.") var clearCmd = false
    @Option(help: "Another command.") var overrideCmd: String?

    func run() async throws {
        let app = try connection.appName()
        let source = try await RoostClient.atHost {
            try await $0.get(apiPath("apps", app, "machines", id.text), as: MachineView.self)
        }
        var new = new
        new.region = new.region ?? source.region
        var members = source.config.value.object ?? [:]
        members["standbys"] = nil
        var chosen = attachVolume
        if let fromSnapshot { chosen = try await restored(fromSnapshot, members["mounts"], app) }
        members["mounts"] = mounts(members["mounts"], chosen)
        if clearCmd || overrideCmd != nil {
            var start = members["init"]?.object ?? [:]
            start["cmd"] = overrideCmd.map { .strings(CommandLineWords.split($0) ?? [$0]) }
            members["init"] = .object(start)
        }
        try await new.make(try flags.recipe().apply(to: .object(members)), in: app, skipLaunch: false)
    }

    /// A new volume with what a snapshot of the source's volume holds; gives its ID.
    private func restored(_ snapshot: String, _ mounts: JSONValue?, _ app: String) async throws -> String {
        guard let volume = mounts?.array?.first?["volume"]?.string else {
            throw Fault(.invalidRequest, "--from-snapshot: Machine \(id) has no volume")
        }
        return try await RoostClient.atHost { client in
            let source = try await client.get(apiPath("apps", app, "volumes", volume), as: JSONValue.self)
            let all = try await client.get(apiPath("apps", app, "volumes", volume, "snapshots"), as: [JSONValue].self)
            guard let wanted = snapshot == "last" ? all.first?["id"]?.string : snapshot else {
                throw Fault(.invalidRequest, "--from-snapshot: volume \(volume) has no snapshots")
            }
            let body = JSONValue.members([
                ("name", source["name"]), ("region", source["region"]), ("snapshot_id", .string(wanted)),
            ])
            let made = try await client.post(apiPath("apps", app, "volumes"), body, as: JSONValue.self)
            return made["id"]?.string ?? ""
        }
    }

    private func mounts(_ value: JSONValue?, _ choice: String?) -> JSONValue? {
        guard let all = value?.array, !all.isEmpty else { return nil }
        let chosen = choice?.split(separator: ":", maxSplits: 1).map(String.init)
        return .array(
            all.map { mount in
                var mount = mount.object ?? [:]
                mount["volume"] = chosen?.first.map { .string($0) }
                if let path = chosen?.dropFirst().first { mount["path"] = .string(path) }
                return .object(mount)
            }
        )
    }
}

struct MachineUpdate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change a Machine's configuration; what no flag names stays."
    )

    @OptionGroup var connection: Connection
    @OptionGroup var flags: MachineFlags
    @Argument(help: "Machine ID.") var id: Machine.ID
    @Option(name: [.short, .long], help: "Another image.") var image: String?
    @Option(name: [.customShort("C"), .long], help: "Another command.") var command: String?
    @Option(help: "Where the volume is mounted.") var mountPoint: String?
    @Flag(help: "Don't start it with the new configuration.") var skipStart = false
    @Option(help: "How long to wait until it is started: 5m, 300 (seconds); 5m where nothing is said.")
    var waitTimeout: WaitTime?
    @Flag(name: [.short, .long], help: "Don't ask.") var yes = false
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let after = try await RoostClient.atHost { client in
            try await client.holdingLease(app, id) { client in
                let path = apiPath("apps", app, "machines", id.text)
                let before = try await client.get(path, as: MachineView.self)
                let config = try changed(before.config.value)
                guard config != before.config.value else {
                    Output.warn("Nothing to change")
                    return before
                }
                for line in JSONChange.lines(before.config.value, config) { Output.warn(Output.harmless(line)) }
                try Person.confirm("Change Machine \(id)?", yes: yes)
                let body = JSONValue.object([
                    "config": config, "current_version": .string(before.version), "skip_launch": .bool(skipStart),
                ])
                _ = try await client.post(path, body, as: MachineView.self)
                if !skipStart {
                    _ = try await client.wait(app, id.text, "started", seconds: waitTimeout?.seconds ?? 300)
                }
                return try await client.get(path, as: MachineView.self)
            }
        }
        if json { return try Output.json(after) }
        print("Machine \(id) updated successfully")
    }

    private func changed(_ config: JSONValue) throws -> JSONValue {
        var recipe = try flags.recipe()
        recipe.image = image
        recipe.command = command.map { CommandLineWords.split($0) ?? [$0] } ?? []
        var members = try recipe.apply(to: flags.machineConfig == nil ? config : try flags.base()).object ?? [:]
        if let mountPoint, let mounts = members["mounts"]?.array {
            members["mounts"] = .array(
                mounts.map { .object(($0.object ?? [:]).merging(["path": .string(mountPoint)]) { $1 }) }
            )
        }
        return .object(members)
    }
}
