import Client
import Model
import Scaffold

/// Says at launch already what the server's Pythons mean for a project, instead of at the end of a build.
enum LaunchPython {
    /// One sentence; nil when all is well, or when no server is there to be asked.
    static func sentence(_ scan: ScanResult) async -> String? {
        guard scan.facts.recipe == nil, scan.facts.python != nil else { return nil }
        do {
            let offered = try await RoostClient.with(socketPath: Connection.socketPath) { try await $0.pythons() }
            return try PythonFit.choose(scan, offered: offered).note.map { "a deploy takes \($0)" }
        } catch let fault as Fault where fault.code == .buildFailed {
            return fault.message
        } catch {
            return nil
        }
    }
}
