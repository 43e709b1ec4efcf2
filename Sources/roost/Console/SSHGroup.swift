import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct SSHGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ssh",
        abstract: "A terminal inside a Machine; there is no sshd in it.",
        subcommands: [SSHConsole.self, SFTPGroup.self]
    )
}

struct SSHConsole: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console",
        abstract: "Open a shell in a Machine that runs, or run one command there.",
        discussion: """
            It has the Machine's environment and secrets, and may do what the app may do: its user, its limits, its filter. \
            The command ends with the exit code of what ran.
            """
    )

    @OptionGroup var connection: Connection
    @Option(name: [.customShort("C"), .long], help: "A command instead of a shell, in one text.") var command: String?
    @Option(help: "The Machine; else the first that runs.") var machine: Machine.ID?
    @Option(name: [.customShort("g"), .long], help: "A Machine of this process group.") var processGroup: String?
    @Flag(name: [.short, .long], help: "Choose the Machine from a list.") var select = false
    @Option(name: [.short, .long], help: "The user inside; else that of the app.") var user: String?
    @Flag(help: "A terminal also for a command, and in a pipe.") var pty = false
    @Flag(help: "Start the Machine if it sleeps.") var wake = false
    @Flag(name: [.short, .long], help: "Accepted: nothing is said in any case.") var quiet = false

    func run() async throws {
        let app = try connection.appName()
        let words = try command.map { try Words.split($0) } ?? []
        guard command == nil || !words.isEmpty else { throw Fault(.invalidRequest, "the command is empty") }
        try await RoostClient.atHost { client in
            var choice = MachineChoice(app: app, group: processGroup)
            choice.asks = select
            choice.wakes = wake
            let id = try await choice.running(machine, client)
            let order = SessionOrder.make(command: words, user: user, terminal: command == nil, force: pty)
            let path = apiPath("apps", app, "machines", id, "console") + (wake ? "?wake=true" : "")
            try await ConsoleRun(client: client, path: path, order: order).runToExit()
        }
    }
}

/// A throw-away Machine of the release in service, with a terminal in it.
struct Console: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "console",
        abstract: "A terminal in a new Machine of the current release, which goes when the terminal closes.",
        discussion: "It runs console_command of fly.toml, else a shell. It has no volume and takes no requests."
    )

    @OptionGroup var connection: Connection
    @Option(name: [.customShort("C"), .long], help: "A command instead, in one text.") var command: String?
    @Option(name: [.short, .long], help: "The user inside; else that of the app.") var user: String?
    @Flag(help: "A terminal also for a command, and in a pipe.") var pty = false

    func run() async throws {
        let app = try connection.appName()
        let words = try command.map { try Words.split($0) } ?? []
        try await RoostClient.atHost { client in
            let order = SessionOrder.make(command: words, user: user, terminal: command == nil, force: pty)
            try await ConsoleRun(client: client, path: apiPath("apps", app, "console"), order: order).runToExit()
        }
    }
}
