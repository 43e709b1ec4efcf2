import Foundation
import Model
import Scaffold

/// The rules of severity E, before a deploy: what will fail is said before anything is built.
struct DeployAudit {
    let folder: String
    let scan: ScanResult

    /// Findings of severity E.
    func findings() -> [Finding] {
        let rules = Rules.all.filter { $0.severity == .error }
        let report = Audit.run(AuditContext(scan.context, target: .roost), rules: rules)
        return report.findings.filter { $0.severity == .error }
    }

    /// Prints them.
    ///
    /// - Throws: ``Fault`` `invalidConfig` when there are any and the user wants none.
    func check(strict: Bool) throws {
        let found = findings()
        for finding in found {
            Output.warn("\(strict ? "Error" : "Warning"): \(finding.place): \(finding.rule) \(finding.message)")
            Output.warn("  \(finding.fix)")
        }
        guard strict, !found.isEmpty else { return }
        throw Fault(
            .invalidConfig,
            "\(found.count) findings of severity E; nothing was deployed",
            hint: "roost audit \(folder) explains them; deploy without --strict to go on all the same"
        )
    }
}
