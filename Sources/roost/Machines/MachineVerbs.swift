import ArgumentParser
import Client
import Model

/// A command that does one thing to some Machines.
protocol MachineVerb: AsyncParsableCommand {
    var connection: Connection { get }
    var ids: [Machine.ID] { get }
    /// The last part of the path.
    static var verb: String { get }
    /// What is printed when it is done.
    static var done: String { get }
}

extension MachineVerb {
    func run() async throws {
        let app = try connection.appName()
        for id in ids {
            try await RoostClient.with(socketPath: Connection.socketPath) {
                try await $0.post(apiPath("apps", app, "machines", id.text, Self.verb))
            }
            print("\(id) has been \(Self.done)")
        }
    }
}

struct MachineStart: MachineVerb {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Start Machines.")
    static let verb = "start"
    static let done = "started"

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID]
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
}

struct MachineRestart: MachineVerb {
    static let configuration = CommandConfiguration(commandName: "restart", abstract: "Stop and start Machines.")
    static let verb = "restart"
    static let done = "restarted"

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID]
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

    func run() async throws {
        let app = try connection.appName()
        for id in ids {
            try await RoostClient.with(socketPath: Connection.socketPath) {
                try await $0.delete(apiPath("apps", app, "machines", id.text) + (force ? "?force=true" : ""))
            }
            print("\(id) has been destroyed")
        }
    }
}
