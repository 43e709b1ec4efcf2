import ArgumentParser
import Client
import Model

/// A command that does one thing to some Machines.
protocol MachineVerb: AsyncParsableCommand {
    var connection: Connection { get }
    var ids: [Machine.ID] { get }
    /// Print the Machines as they are afterwards, as JSON.
    var json: Bool { get }
    /// The last part of the path.
    static var verb: String { get }
    /// What is printed when it is done.
    static var done: String { get }
}

extension MachineVerb {
    func run() async throws {
        let app = try connection.appName()
        var after: [MachineView] = []
        for id in ids {
            try await RoostClient.with(socketPath: Connection.socketPath) { client in
                try await client.post(apiPath("apps", app, "machines", id.text, Self.verb))
                guard json else { return print("Machine \(id) has been \(Self.done)") }
                after.append(try await client.get(apiPath("apps", app, "machines", id.text), as: MachineView.self))
            }
        }
        if json { try Output.json(after) }
    }
}

struct MachineStart: MachineVerb {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Start Machines.")
    static let verb = "start"
    static let done = "started"

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID]
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false
}

struct MachineStop: MachineVerb {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "Stop Machines after their requests; volumes are kept."
    )
    static let verb = "stop"
    static let done = "stopped"

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID]
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false
}

struct MachineRestart: MachineVerb {
    static let configuration = CommandConfiguration(commandName: "restart", abstract: "Stop and start Machines.")
    static let verb = "restart"
    static let done = "restarted"

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID]
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false
}

struct MachineSuspend: MachineVerb {
    static let configuration = CommandConfiguration(
        commandName: "suspend",
        abstract: "Freeze Machines; a request thaws them."
    )
    static let verb = "suspend"
    static let done = "suspended"

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID]
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false
}

struct MachineDestroy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "destroy",
        abstract: "Destroy Machines; volumes are kept.",
        aliases: ["remove", "rm"]
    )

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID]
    @Flag(name: [.short, .long], help: "Also a Machine that is started.") var force = false
    @Flag(name: [.short, .long], help: "Print the IDs of those that are gone as JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        for id in ids {
            try await RoostClient.with(socketPath: Connection.socketPath) {
                try await $0.delete(apiPath("apps", app, "machines", id.text) + (force ? "?force=true" : ""))
            }
            if !json { print("Machine \(id) has been destroyed") }
        }
        if json { try Output.json(ids.map(\.text)) }
    }
}
