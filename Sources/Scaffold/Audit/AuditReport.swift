/// What an audit found.
package struct AuditReport: Codable, Equatable, Sendable {
    /// Where the project will run; nil when all files were checked.
    package var target: AuditTarget?
    /// Ids of the rules that ran.
    package var rules: [String]
    /// The worst first, then in the order of files and lines.
    package var findings: [Finding]
    package var suppressed: [Suppressed]
    /// What could not be looked at, in sentences.
    package var problems: [String]
    package var checklist: [ChecklistLine] = []

    /// A finding that the project has an answer to.
    package struct Suppressed: Codable, Equatable, Sendable {
        package var finding: Finding
        package var reason: String
        /// The comment, or the file of suppressions.
        package var place: Place
    }

    init(
        target: AuditTarget?,
        rules: [String],
        findings: [Finding],
        suppressed: [Suppressed],
        problems: [String]
    ) {
        self.target = target
        self.rules = rules
        self.findings = findings
        self.suppressed = suppressed
        self.problems = problems
    }

    /// Findings of a severity.
    package func count(_ severity: Severity) -> Int { findings.count { $0.severity == severity } }

    /// 0 when nothing is as bad as the threshold, 1 when something is, 2 when something could not be looked at.
    ///
    /// A finding goes before: what was found is true, whatever else there is.
    package func exitCode(threshold: Severity) -> Int32 {
        if findings.contains(where: { $0.severity >= threshold }) { return 1 }
        return problems.isEmpty ? 0 : 2
    }
}
