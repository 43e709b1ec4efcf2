import ArgumentParser
import Foundation
import Model

/// The host's own daemon program, for what works without a running daemon.
enum HostProgram {
    /// Runs it with these arguments, its output on ours; ends with its exit code when that is not 0.
    static func run(_ arguments: [String]) throws {
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
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw ExitCode(process.terminationStatus) }
    }
}
