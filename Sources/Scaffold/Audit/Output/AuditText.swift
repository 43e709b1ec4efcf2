/// A report for people: grouped by file, nothing in it that a terminal would obey.
package enum AuditText {
    /// The report as text; what is less bad than the threshold is only counted.
    package static func render(_ report: AuditReport, threshold: Severity = .info) -> String {
        var lines: [String] = []
        let shown = report.findings.filter { $0.severity >= threshold }
        var file: String?
        for finding in shown {
            if finding.place.file != file {
                if file != nil { lines.append("") }
                file = finding.place.file
                lines.append(clean(finding.place.file))
            }
            lines += self.lines(for: finding)
        }
        if !shown.isEmpty { lines.append("") }
        lines.append(summary(report))
        lines += report.problems.map { "not looked at: \(clean($0))" }
        return lines.joined(separator: "\n") + "\n"
    }

    /// The production checklist, a line each, with who answers for what only a person can tell.
    package static func checklist(_ report: AuditReport) -> String {
        let width = report.checklist.map(\.text.count).max() ?? 0
        let lines = report.checklist.map { line in
            let mark =
                switch line.status {
                case .passed: "passed "
                case .failed: "FAILED "
                case .confirm: "confirm"
                case .absent: "n/a    "
                }
            let text = line.text.padding(to: width)
            let detail =
                switch line.status {
                case .failed: line.failedBy.joined(separator: " ")
                case .confirm: "owner: \(clean(line.owner ?? "nobody yet"))"
                case .passed, .absent: ""
                }
            return clean("\(mark)  \(line.area.padding(to: 14))  \(text)  \(detail)").trimmedEnd
        }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: - Private

    private static func lines(for finding: Finding) -> [String] {
        let rule = Rules.named(finding.rule)
        var lines = [
            "  \(finding.severity.rawValue) \(finding.rule)  \(clean(finding.place.description))  \(clean(finding.message))"
        ]
        if !finding.found.isEmpty { lines.append("         | \(clean(finding.found))") }
        if let why = rule?.why { lines.append("         why: \(clean(why))") }
        lines.append("         fix: \(clean(finding.fix))\(finding.patch == nil ? "" : " (--fix does it)")")
        if let reference = rule?.reference, !reference.isEmpty { lines.append("         see: \(clean(reference))") }
        return lines
    }

    private static func summary(_ report: AuditReport) -> String {
        let counts = [
            (report.count(.error), "error"), (report.count(.warning), "warning"), (report.count(.info), "suggestion"),
        ]
        let words = counts.map { "\($0.0) \($0.1)\($0.0 == 1 ? "" : "s")" }
        let suppressed = report.suppressed.isEmpty ? "" : "; \(report.suppressed.count) suppressed"
        return "\(report.rules.count) rules: \(words.joined(separator: ", "))\(suppressed)"
    }

    private static func clean(_ text: String) -> String { Quoting.comment(text) }
}

extension String {
    fileprivate func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }

    fileprivate var trimmedEnd: String {
        var text = self
        while text.last == " " { text.removeLast() }
        return text
    }
}
