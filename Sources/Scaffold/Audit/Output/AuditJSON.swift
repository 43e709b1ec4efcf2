import Model
import Toolkit

/// A report for programs.
package enum AuditJSON {
    /// Sorted keys; what each finding's rule says is beside it, so that no other file is needed.
    package static func render(_ report: AuditReport, threshold: Severity = .info) -> String {
        let shown = report.findings.filter { $0.severity >= threshold }
        let document = Document(
            target: report.target?.rawValue,
            counts: ["E": report.count(.error), "I": report.count(.info), "W": report.count(.warning)],
            findings: shown.map(Item.init),
            suppressed: report.suppressed,
            checklist: report.checklist,
            problems: report.problems
        )
        // Strings, numbers and lists: there is nothing in it that JSON can't hold.
        return (try? JSON.encode(document)).map { String(decoding: $0, as: UTF8.self) + "\n" } ?? "{}\n"
    }

    // MARK: - Private

    private struct Document: Encodable {
        var version = 1
        var target: String?
        var counts: [String: Int]
        var findings: [Item]
        var suppressed: [AuditReport.Suppressed]
        var checklist: [ChecklistLine]
        var problems: [String]
    }

    private struct Item: Encodable {
        var rule: String
        var severity: Severity
        var title: String
        var file: String
        var line: Int?
        var found: String
        var message: String
        var why: String
        var fix: String
        var reference: String
        var patch: Finding.Patch?

        init(_ finding: Finding) {
            let about = Rules.named(finding.rule)
            rule = finding.rule
            severity = finding.severity
            title = about?.title ?? ""
            file = finding.place.file
            line = finding.place.line
            found = finding.found
            message = finding.message
            why = about?.why ?? ""
            fix = finding.fix
            reference = about?.reference ?? ""
            // A patch is lines of the file; those with a secret stay in the file.
            patch = finding.patch.flatMap { patch in
                patch.lines.allSatisfy { SecretText.withoutSecrets($0, limit: .max) == $0 } ? patch : nil
            }
        }
    }
}
