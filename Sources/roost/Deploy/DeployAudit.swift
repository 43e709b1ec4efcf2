import Foundation
import Model
import Scaffold

/// The audit's worst, before a deploy: what will fail is said before anything is built.
struct DeployAudit {
    let folder: String
    let scan: ScanResult
    /// Warnings that are shown; `roost audit` has them all.
    private static let mostWarnings = 3

    /// Prints what is wrong: every finding of severity E, and the first of the warnings.
    ///
    /// - Throws: ``Fault`` `invalidConfig` when there are errors and the user wants none.
    func check(strict: Bool) throws(Fault) {
        let rules = Rules.all.filter { $0.severity >= .warning }
        let report = Audit.run(AuditContext(scan.context, target: .roost), rules: rules)
        let errors = report.findings.filter { $0.severity == .error }
        let warnings = report.findings.filter { $0.severity == .warning }
        for finding in errors { say(finding, strict ? "Error" : "Warning") }
        for finding in warnings.prefix(Self.mostWarnings) { say(finding, "Warning") }
        if warnings.count > Self.mostWarnings {
            Output.warn("Warning: and \(warnings.count - Self.mostWarnings) more: roost audit \(folder) lists them")
        }
        guard strict, !errors.isEmpty else { return }
        throw Fault(
            .invalidConfig,
            "\(errors.count) findings of severity E; nothing was deployed",
            hint: "roost audit \(folder) explains them; deploy without --strict to go on all the same"
        )
    }

    // MARK: - Private

    private func say(_ finding: Finding, _ word: String) {
        let message = Output.harmless("\(finding.place): \(finding.rule) \(finding.message)")
        Output.warn("\(word): \(message)")
        if finding.severity == .error { Output.warn("  \(Output.harmless(finding.fix))") }
    }
}
