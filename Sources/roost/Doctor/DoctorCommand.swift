import ArgumentParser

/// Asks the host's own daemon program, which works without a running daemon.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Tell what this host lacks for running Machines, and how to mend it."
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() throws {
        try HostProgram.run(["doctor"] + (json ? ["--json"] : []))
    }
}
