import ArgumentParser

/// Asks the host's own daemon program, which works without a running daemon.
struct SupportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "support",
        abstract: "Write what is needed to ask for help about this host into one file, without secrets; send nothing."
    )

    @Option(name: .shortAndLong, help: "The file to write; else roost-support-TIME.tar.gz in this folder.")
    var output: String?
    @Option(help: "Lines of each daemon's log.") var lines = 2000
    @Option(help: "A daemon's log where systemd does not keep it; may be given more than once.") var log: [String] = []

    func run() throws {
        let target = output.map { ["--output", $0] } ?? []
        try HostProgram.run(["support", "--lines", "\(lines)"] + target + log.flatMap { ["--log", $0] })
    }
}
