import Model

/// Finds what the server imports: the module and the attribute, or the program to run.
package enum EntryDetector {
    /// Sets ``Facts/entry``, ``Facts/alternatives``, ``Facts/server``, ``Facts/port``, framework and kind.
    package static func detect(_ context: inout ScanContext) {
        let search = EntrySearch.run(context)
        context.facts.warnings += search.found.stale.filter { warning in !context.facts.warnings.contains(warning) }
        var candidates = search.found.candidates.filter { TreePath.lies($0.file, in: context.root) }
        markDependencies(&candidates, in: context)
        candidates.sort(by: EntryCandidate.isBefore)
        guard let chosen = candidates.first, chosen.isWeb || context.facts.kind == .app else { return }
        guard context.facts.kind == .app else { return listAlternatives(candidates, besides: nil, in: &context) }
        var entry = chosen.entry
        let rest = candidates.dropFirst()
        let others = different(from: chosen, in: rest)
        entry.confidence = confidence(of: chosen, others: others, in: context)
        for same in rest where same.key == chosen.key && entry.evidence.count < 6 {
            for evidence in same.entry.evidence where !entry.evidence.contains(evidence) {
                entry.evidence.append(evidence)
            }
        }
        entry.importRoot = relative(entry.importRoot, to: context.root)
        context.facts.entry = entry
        context.facts.framework = chosen.framework
        listAlternatives(others, besides: chosen, in: &context)
        let same = [chosen] + rest.filter { $0.key == chosen.key }
        ServerFacts.fill(&context, chosen: chosen, same: same, search: search)
        if context.facts.roots.isEmpty { listApps(of: chosen, others, in: &context) }
    }

    /// A path from the app's folder on; `..` when it lies above.
    static func relative(_ path: String, to root: String) -> String {
        if root.isEmpty { return path }
        if TreePath.lies(path, in: root) { return String(path.dropFirst(root.count).drop { $0 == "/" }) }
        let left = path.split(separator: "/")
        let right = root.split(separator: "/")
        let common = zip(left, right).prefix { $0.0 == $0.1 }.count
        let up = Array(repeating: "..", count: right.count - common)
        return (up + left.dropFirst(common).map(String.init)).joined(separator: "/")
    }

    // MARK: - Private

    private static let libraries: [Facts.Framework: [String]] = [
        .fastapi: ["fastapi"], .starlette: ["starlette", "fastapi"], .litestar: ["litestar", "starlite"],
        .flask: ["flask"],
        .django: ["django"], .streamlit: ["streamlit"],
    ]

    private static func markDependencies(_ candidates: inout [EntryCandidate], in context: ScanContext) {
        let names = context.facts.dependencies.map(\.name)
        guard !names.isEmpty else { return }
        for index in candidates.indices {
            guard let wanted = libraries[candidates[index].framework] else { continue }
            // `fastapi-users`, `flask-admin` bring what they extend.
            candidates[index].lacksDependency = !names.contains { name in wanted.contains { name.contains($0) } }
        }
    }

    /// The best of each other app.
    private static func different(
        from chosen: EntryCandidate,
        in rest: some Sequence<EntryCandidate>
    ) -> [EntryCandidate] {
        var seen: Set<String> = [chosen.key]
        var result: [EntryCandidate] = []
        for candidate in rest where candidate.isWeb && !seen.contains(candidate.key) {
            // The same module by another way.
            if candidate.file == chosen.file, candidate.rank >= 5 { continue }
            seen.insert(candidate.key)
            result.append(candidate)
        }
        return result
    }

    /// "Certain" only for what production runs and what was found, with nothing against it.
    private static func confidence(
        of chosen: EntryCandidate,
        others: [EntryCandidate],
        in context: ScanContext
    ) -> Facts.Confidence {
        let rivals = others.filter { $0.aside <= chosen.aside && $0.order.prefix(7) == chosen.order.prefix(7) }
        if context.isAmbiguous { return .ambiguous }
        if chosen.isDeclared {
            let against = others.contains { other in
                (other.isDeclared && other.aside == 0 && !other.isInner) || isTwin(other, of: chosen)
            }
            return chosen.isVerified && !against && !context.isContested && chosen.aside == 0 && !chosen.isDevelopment
                ? .certain : .likely
        }
        guard !rivals.isEmpty, chosen.rank >= 4 else { return .likely }
        return rivals.contains { $0.order == chosen.order } ? .ambiguous : .likely
    }

    /// Another app that the same Dockerfile makes an image of, in a stage of its own.
    private static func isTwin(_ other: EntryCandidate, of chosen: EntryCandidate) -> Bool {
        guard let mine = chosen.command, let yours = other.command, yours.source == .dockerfile else { return false }
        return mine.dockerfile == yours.dockerfile && mine.stage != yours.stage && !yours.isDevelopment
    }

    private static func listAlternatives(
        _ others: [EntryCandidate],
        besides chosen: EntryCandidate?,
        in context: inout ScanContext
    ) {
        var seen: Set<String> = []
        context.facts.alternatives = others.filter { seen.insert($0.key).inserted }.prefix(12).map { other in
            var entry = other.entry
            entry.importRoot = relative(entry.importRoot, to: context.root)
            entry.reason = reason(other, against: chosen)
            return entry
        }
    }

    private static func reason(_ other: EntryCandidate, against chosen: EntryCandidate?) -> String {
        if other.isMounted { return "another app mounts it" }
        if other.aside == 2 { return "it lies among tests, examples or documents" }
        if other.aside == 1 { return "it is for clients, demonstrations or tools" }
        guard let chosen else { return "no app goes before the others" }
        if other.lacksDependency { return "\(other.framework.rawValue) is not among the dependencies" }
        if chosen.rank < 4, other.rank >= 4 { return "no command starts it" }
        if other.isDevelopment, !chosen.isDevelopment { return "its command is for development" }
        if other.rank > chosen.rank {
            return "what starts it says less than \(chosen.command?.place.file ?? "the code")"
        }
        if AppNames.isDecoy(other.file) { return "its name says that it is no service" }
        return "its name and place are less usual"
    }

    /// Several apps of one folder that production starts: each is one to deploy.
    private static func listApps(of chosen: EntryCandidate, _ others: [EntryCandidate], in context: inout ScanContext) {
        let more = others.filter { ($0.isDeclared && $0.aside == 0) || isTwin($0, of: chosen) }
        guard !more.isEmpty else { return }
        context.facts.roots = ([chosen] + more).prefix(20).map {
            Facts.Root(folder: $0.root, framework: $0.framework, target: $0.entry.target)
        }
    }
}
