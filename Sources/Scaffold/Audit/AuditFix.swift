/// Turns the patches of findings into changed files, for a diff that somebody reads before it is applied.
package enum AuditFix {
    /// A file as it is and as it would be.
    package struct Change: Equatable, Sendable {
        package var path: String
        /// Nil for a new file.
        package var before: String?
        package var after: String
        /// Ids of the rules whose patches are in it.
        package var rules: [String]
    }

    /// The files that the report's patches change, in the order of their paths.
    ///
    /// Of patches that touch the same lines the first one counts; the next audit offers the other.
    package static func changes(_ report: AuditReport, _ project: Project) -> [Change] {
        let fixes = report.findings.compactMap { finding in finding.patch.map { (finding.rule, $0) } }
        return Dictionary(grouping: fixes) { $0.1.file }.sorted { $0.key < $1.key }.compactMap { path, fixes in
            change(path, fixes, project)
        }
    }

    /// A unified diff of all of them; empty when nothing is mechanical.
    package static func diff(_ report: AuditReport, _ project: Project) -> String {
        changes(report, project).map { UnifiedDiff.make(old: $0.before, new: $0.after, path: $0.path) }.joined()
    }

    // MARK: - Private

    private static func change(_ path: String, _ fixes: [(String, Finding.Patch)], _ project: Project) -> Change? {
        // A file that is there but can't be read must not be replaced.
        guard !project.has(path) || project.text(path) != nil else { return nil }
        let original = project.text(path)
        let before = original ?? ""
        let ending = before.utf8.contains(0x0D) ? "\r\n" : "\n"
        var lines =
            before.isEmpty
            ? [] : before.textLines.map(String.init)
        let endsWithLine = lines.last?.isEmpty ?? true
        if endsWithLine, !lines.isEmpty { lines.removeLast() }
        var taken: [ClosedRange<Int>] = []
        var rules: [String] = []
        // From the bottom up, so that the numbers of the lines above stay right.
        let ordered = fixes.enumerated().sorted { left, right in
            (right.element.1.first, left.offset) < (left.element.1.first, right.offset)
        }
        for (rule, patch) in ordered.map(\.element) {
            guard patch.first >= 1, patch.last >= patch.first - 1, patch.last <= lines.count,
                patch.first <= lines.count + 1
            else {
                continue
            }
            let range = patch.first...max(patch.first, patch.last)
            guard !taken.contains(where: { $0.overlaps(range) }) else { continue }
            taken.append(range)
            lines.replaceSubrange((patch.first - 1)..<patch.last, with: patch.lines)
            rules.append(rule)
        }
        guard !rules.isEmpty else { return nil }
        let after = lines.joined(separator: ending) + (endsWithLine || before.isEmpty ? ending : "")
        return after == before ? nil : Change(path: path, before: original, after: after, rules: Set(rules).sorted())
    }
}
