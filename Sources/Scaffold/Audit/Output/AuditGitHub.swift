/// A report as workflow commands, which GitHub shows beside the lines of a change.
///
/// > Source: docs.github.com, "Workflow commands for GitHub Actions", and github.com/actions/toolkit,
/// > `packages/core/src/command.ts` for the escapes.
package enum AuditGitHub {
    package static func render(_ report: AuditReport, threshold: Severity = .info) -> String {
        report.findings.filter { $0.severity >= threshold }.map(command).map { $0 + "\n" }.joined()
    }

    // MARK: - Private

    private static func command(_ finding: Finding) -> String {
        let level =
            switch finding.severity {
            case .error: "error"
            case .warning: "warning"
            case .info: "notice"
            }
        let title = "\(finding.rule) \(Rules.named(finding.rule)?.title ?? "")"
        var fields = ["file=\(property(finding.place.file))"]
        if let line = finding.place.line { fields.append("line=\(line)") }
        fields.append("title=\(property(title))")
        return "::\(level) \(fields.joined(separator: ","))::\(data("\(finding.message). Fix: \(finding.fix)"))"
    }

    private static func data(_ text: String) -> String {
        text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
    }

    private static func property(_ text: String) -> String {
        data(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
    }
}
