import Model
import Toolkit

/// What a project says not to report: comments beside the place, and lists in its files.
///
///     # audit: ignore[D07] the shell is needed for the locale
///
///     [tool.roost.audit]
///     ignore = [{ rule = "D03", path = "deploy/*", reason = "rootless engine" }]
struct Suppressions: Sendable {
    struct Entry: Sendable {
        /// An id, or `*`.
        var rule: String
        var reason: String
        /// The comment's own place.
        var place: Place
        /// Lines that it speaks of; nil for all of the file.
        var lines: ClosedRange<Int>?
        /// A pattern of paths; nil for the comment's own file.
        var pattern: String?
        var isUsed = false
    }

    private(set) var entries: [Entry] = []
    /// `[owners]`: who answers for a line of the checklist.
    private(set) var owners: [String: String] = [:]

    init(_ context: AuditContext) {
        for path in Self.files(context) { entries += Self.comments(in: context.project.text(path) ?? "", path) }
        readLists(context)
    }

    /// Takes out the findings that an entry speaks of.
    mutating func apply(to findings: [Finding]) -> (open: [Finding], suppressed: [AuditReport.Suppressed]) {
        var open: [Finding] = []
        var suppressed: [AuditReport.Suppressed] = []
        for finding in findings {
            guard let index = entries.firstIndex(where: { $0.speaks(of: finding) }) else {
                open.append(finding)
                continue
            }
            entries[index].isUsed = true
            suppressed.append(.init(finding: finding, reason: entries[index].reason, place: entries[index].place))
        }
        return (open, suppressed)
    }

    /// What is wrong with the entries themselves.
    func findings(rules: [Rule]) -> [Finding] {
        let ran = Set(rules.map(\.id))
        var findings: [Finding] = []
        for entry in entries {
            let found = "ignore[\(entry.rule)]"
            if entry.reason.isEmpty, ran.contains("N01") {
                findings.append(
                    Finding(
                        "N01",
                        .info,
                        at: entry.place,
                        found: found,
                        "the suppression of \(entry.rule) gives no reason",
                        fix: "write after the bracket why it is right here"
                    )
                )
            }
            guard !entry.isUsed, ran.contains("N02") else { continue }
            // A rule that does not run for the target would have been suppressed rightly.
            let isKnown = entry.rule == "*" || Rules.named(entry.rule) != nil
            guard !isKnown || entry.rule == "*" || ran.contains(entry.rule) else { continue }
            let message = isKnown ? "nothing here breaks \(entry.rule)" : "no rule is called \(entry.rule)"
            findings.append(
                Finding("N02", .info, at: entry.place, found: found, message, fix: "delete the suppression")
            )
        }
        return findings
    }

    // MARK: - Private

    private static let mark = "audit: ignore["

    /// Files that findings can stand in.
    private static func files(_ context: AuditContext) -> [String] {
        var paths = Set(context.documents.keys).union(context.dockerfiles.keys).union(
            context.python.modules.map(\.path)
        )
        paths.formUnion(context.nginxFiles.map(\.path))
        paths.formUnion(
            context.project.files.filter { path in
                ["Procfile", "alembic.ini", ".dockerignore"].contains(TreePath.name(of: path))
                    || (TreePath.name(of: path).hasPrefix("requirements") && path.hasSuffix(".txt"))
            }
        )
        return paths.filter { context.project.has($0) && !$0.hasSuffix(".json") }.sorted()
    }

    private static func comments(in text: String, _ path: String) -> [Entry] {
        let places = TextSearch.all(text, mark)
        guard !places.isEmpty else { return [] }
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            Substring($0)
        }
        var entries: [Entry] = []
        for (index, line) in lines.enumerated() where line.contains(mark) {
            entries += comment(line, at: index, of: lines, path)
        }
        return entries
    }

    private static func comment(_ line: Substring, at index: Int, of lines: [Substring], _ path: String) -> [Entry] {
        guard let start = line.firstRange(of: mark), let close = line[start.upperBound...].firstIndex(of: "]") else {
            return []
        }
        let before = ImageWords.trimmed(line[..<start.lowerBound])
        guard let sign = ["#", "//", ";", "<!--"].first(where: before.hasSuffix) else { return [] }
        let isAlone = before == sign
        // A comment of its own speaks of the next line that is none.
        var target = index
        if isAlone {
            target += 1
            while target < lines.count, [sign, "#"].contains(where: ImageWords.trimmed(lines[target]).hasPrefix) {
                target += 1
            }
        }
        let rules = line[start.upperBound..<close].split { $0 == "," || $0 == " " }.map { $0.uppercased() }
        let reason = ImageWords.trimmed(line[line.index(after: close)...])
        // At the top of a file it speaks of the file as a whole too.
        let isTop =
            isAlone
            && lines[..<index].allSatisfy { ImageWords.trimmed($0).hasPrefix("#") || ImageWords.trimmed($0).isEmpty }
        let first = isTop ? 0 : target + 1
        return rules.map { rule in
            let text = String(reason.hasSuffix("-->") ? ImageWords.trimmed(reason.dropLast(3)) : reason)
            return Entry(rule: rule, reason: text, place: Place(path, index + 1), lines: first...(target + 1))
        }
    }

    private mutating func readLists(_ context: AuditContext) {
        var seen: Set<String> = []
        for path in [context.ownPath("pyproject.toml"), "pyproject.toml"] where seen.insert(path).inserted {
            if let table = context.documents[path]?.first?.at("tool", "roost", "audit") { read(table, path) }
        }
        for path in [context.ownPath(DeployDocuments.own), DeployDocuments.own] where seen.insert(path).inserted {
            if let table = context.documents[path]?.first { read(table, path) }
        }
    }

    private mutating func read(_ table: ConfigNode, _ path: String) {
        for item in table["ignore"]?.items ?? [] {
            let place = Place(path, item.position.line)
            let rule = item["rule"]?.string ?? item.string ?? ""
            guard !rule.isEmpty else { continue }
            let reason = item["reason"]?.string ?? ""
            entries.append(
                Entry(rule: rule.uppercased(), reason: reason, place: place, pattern: item["path"]?.string ?? "**")
            )
        }
        for entry in table["owners"]?.entries ?? [] { owners[entry.key] = entry.node.scalar }
    }
}

extension Suppressions.Entry {
    func speaks(of finding: Finding) -> Bool {
        guard rule == "*" || rule == finding.rule else { return false }
        guard let pattern else {
            guard finding.place.file == place.file else { return false }
            guard let lines else { return true }
            return lines.contains(finding.place.line ?? 0)
        }
        let file = finding.place.file
        return TreePath.ancestors(of: file).contains { TreePath.matches($0, pattern: pattern) }
    }
}
