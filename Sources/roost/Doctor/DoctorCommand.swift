import ArgumentParser
import Foundation
import Model

/// Asks the host's own daemon program, which works without a running daemon.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Tell what this host lacks for running Machines, and how to mend it."
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() throws {
        // The program's own path; the first argument is only a name when it was found on PATH.
        let program = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let own = (program as NSString).deletingLastPathComponent
        let places = [own, "/usr/local/bin", "/usr/bin"].map { "\($0)/roostd" }
        guard let daemon = places.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw Fault(
                .toolMissing,
                "roostd is not installed here: tried \(places.joined(separator: ", "))",
                hint: "install it beside roost: make install, in Roost's checkout"
            )
        }
        let process = Process()
        process.executableURL = URL(filePath: daemon)
        process.arguments = ["doctor"] + (json ? ["--json"] : [])
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw ExitCode(process.terminationStatus) }
    }
}
