import Model

/// A Python file that its grammar refuses, so that no import of it can succeed.
package struct SyntaxProblem: Equatable, Sendable {
    package var place: Place
    /// As Python says it: `invalid syntax`.
    package var message: String
    /// The app imports it, so that it can't start.
    package var stopsApp: Bool
}

extension SyntaxProblem {
    /// The files of the app that do not parse, in the order of their paths.
    ///
    /// What only an older Python than the project's refuses, and what stands among tests, examples and templates, is left
    /// out: nothing is said that may be right.
    package static func find(in context: ScanContext) -> [SyntaxProblem] {
        guard context.facts.kind == .app, context.python.modules.contains(where: { $0.error?.python != nil }) else {
            return []
        }
        let code = context.code
        let chosen = context.facts.python.flatMap { minor($0.chosen) }
        return context.python.modules.compactMap { module in
            guard let problem = module.error, let host = problem.python else { return nil }
            let isImported = code.imported.contains(module.path)
            guard isImported || isOwn(module.path, context) else { return nil }
            let line = line(problem.line, of: context.project.text(module.path) ?? "")
            guard !mayBeNewer(line, problem.message, host: host, chosen: chosen ?? host) else { return nil }
            let message = problem.message.filter { !$0.isNewline }.prefix(120)
            return SyntaxProblem(
                place: Place(module.path, problem.line),
                message: String(message),
                stopsApp: isImported
            )
        }
    }

    // MARK: - Private

    private static func minor(_ version: String) -> Int? {
        let parts = version.split(separator: ".")
        return parts.count > 1 ? Int(parts[1]) : nil
    }

    /// Whether a file is the app's own, and not of its tests, examples and templates.
    static func isOwn(_ path: String, _ context: ScanContext) -> Bool {
        guard TreePath.lies(path, in: context.root), !path.contains("{{"), !AppCode.isAside(path, context.root) else {
            return false
        }
        switch CodeRole.of(path, root: context.root) {
        case .production, .migration: return true
        case .test, .example, .script: return false
        }
    }

    private static func line(_ number: Int, of text: String) -> String {
        let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        return lines.indices.contains(number - 1) ? String(lines[number - 1]) : ""
    }

    /// Whether a line may be right for the project's Python although an older one refuses it.
    ///
    /// > Source: docs.python.org "What's New": 3.12 (quotes in f-strings, `type`, parameters in brackets), 3.14 (t-strings,
    /// > `except A, B:`), 3.15 (`lazy import`).
    private static func mayBeNewer(_ line: String, _ message: String, host: Int, chosen: Int) -> Bool {
        guard chosen > host else { return false }
        let plain = line.blanksTrimmed
        if host < 12 {
            if message.contains("f-string") || line.contains(/\b[rR]?[fF][rR]?["']/) { return true }
            if plain.contains(/^(?:async\s+)?(?:def|class)\s+\w+\s*\[/) || plain.hasPrefix("type ") { return true }
        }
        if host < 14 {
            if line.contains(/\b[rR]?[tT][rR]?["']/) || plain.contains(/^except\*?\s+[^:(]+,/) { return true }
            if message.contains("multiple exception types") { return true }
        }
        return host < 15 && plain.hasPrefix("lazy ")
    }
}
