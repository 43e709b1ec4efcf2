import Client
import Model
import Scaffold

/// What the server's Pythons mean for a project, at launch already instead of at the end of a build.
enum LaunchPython {
    /// Takes the server's own Python for a project that names none, so that what is written is what is built.
    ///
    /// Without a server the scan's choice stands.
    ///
    /// - Returns: a sentence for the user when the server can't make what the project asks for.
    static func settle(_ scan: inout ScanResult) async -> String? {
        guard scan.facts.recipe == nil, scan.facts.python != nil else { return nil }
        do {
            let offered = try await RoostClient.atHost { try await $0.pythons() }
            guard !offered.isEmpty else { return nil }
            let fit = try PythonFit.choose(scan, offered: offered)
            guard let note = fit.note else {
                scan.facts.python?.chosen = "3.\(fit.minor)"
                return nil
            }
            return "a deploy takes \(note)"
        } catch let fault as Fault where fault.code == .buildFailed {
            return fault.message
        } catch {
            return nil
        }
    }
}
