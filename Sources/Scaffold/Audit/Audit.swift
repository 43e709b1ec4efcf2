/// Runs the rules over a project.
package enum Audit {
    package struct Options: Sendable {
        /// Ids of the rules to run; empty is all.
        package var only: Set<String> = []
        /// Names for lines of the checklist that only a person can answer, by their ids.
        package var owners: [String: String] = [:]

        package init() {}
    }

    /// Everything that the rules find, the worst first, then in the order of files and lines.
    ///
    /// - Parameters:
    ///   - context: made from a scan by ``AuditContext/init(_:target:)``.
    ///   - rules: those to run; a rule runs when its targets are in use.
    ///   - options: what the user chose.
    /// - Returns: findings, those that are suppressed, and the checklist.
    package static func run(
        _ context: AuditContext,
        rules: [Rule] = Rules.all,
        options: Options = Options()
    ) -> AuditReport {
        let chosen = rules.filter { rule in
            (options.only.isEmpty || options.only.contains(rule.id)) && applies(rule, to: context)
        }
        var findings: [Finding] = []
        for rule in chosen { findings += rule.check(context).prefix(maximumFindings) }
        findings = unique(findings).map { finding in
            var finding = finding
            finding.found = SecretText.withoutSecrets(finding.found, isPython: finding.place.file.hasSuffix(".py"))
            return finding
        }
        var suppressions = Suppressions(context)
        let (open, suppressed) = suppressions.apply(to: findings)
        // Told of the suppressions themselves only when all rules ran: else most of them look unused.
        let notes = options.only.isEmpty ? suppressions.findings(rules: chosen) : []
        var report = AuditReport(
            target: context.isTargetGiven ? context.target : nil,
            rules: chosen.map(\.id),
            findings: unique(open + notes),
            suppressed: suppressed,
            problems: context.problems
        )
        let owners = suppressions.owners.merging(options.owners) { _, new in new }
        report.checklist = Checklist.lines(for: report, context: context, owners: owners)
        return report
    }

    // MARK: - Private

    /// More of one kind than this says nothing new.
    private static let maximumFindings = 200

    private static func applies(_ rule: Rule, to context: AuditContext) -> Bool {
        !context.isTargetGiven || rule.targets.isEmpty || rule.targets.contains(context.target)
    }

    /// The worst first, each once.
    private static func unique(_ findings: [Finding]) -> [Finding] {
        var seen: Set<String> = []
        let kept = findings.filter { seen.insert("\($0.rule)\u{0}\($0.place)\u{0}\($0.message)").inserted }
        return kept.sorted { left, right in
            if left.severity != right.severity { return left.severity > right.severity }
            return (left.place, left.rule, left.message) < (right.place, right.rule, right.message)
        }
    }
}
