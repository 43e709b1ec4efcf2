import ArgumentParser
import Foundation
import Model
import Toolkit

struct ConfigValidate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check a configuration file, without a server.",
        discussion: "Ends with 0 when the file can be deployed, with 1 when it can't."
    )

    @Flag(name: [.short, .long], help: "Unknown keys and sections are errors, in every section.") var strict = false
    @Option(name: [.short, .long], help: "The configuration file, or its folder.") var config: String?
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    private struct Verdict: Encodable {
        var file: String
        var valid: Bool
        var errors: [ConfigIssue]
        var warnings: [ConfigIssue]
    }

    func run() throws {
        let verdict = verdict(try ConfigFile.find(config, in: "."))
        if json {
            try Output.json(verdict)
        } else {
            for warning in verdict.warnings { print("warning: \(Output.harmless(warning.description))") }
            for error in verdict.errors { print("error: \(Output.harmless(error.description))") }
            print("\(verdict.file) is \(verdict.valid ? "valid" : "not valid")")
        }
        if !verdict.valid { throw ExitCode(1) }
    }

    // MARK: - Private

    private func verdict(_ path: String) -> Verdict {
        do throws(Fault) {
            let file = try ConfigFile.read(path: path)
            let found = AppConfig.diagnose(file.root, file: file.name, regions: [Regions.local], strict: strict)
            var warnings = found.warnings
            if found.config != nil, found.config?.app == nil {
                let message = "app is missing: every command will need -a NAME or FLY_APP"
                warnings.insert(ConfigIssue(file: file.name, line: 1, column: 1, message: message), at: 0)
            }
            return Verdict(file: path, valid: found.config != nil, errors: found.errors, warnings: warnings)
        } catch {
            let name = (path as NSString).lastPathComponent
            return Verdict(file: path, valid: false, errors: [ConfigIssue(error, file: name)], warnings: [])
        }
    }
}
