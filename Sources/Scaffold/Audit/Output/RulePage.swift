extension Rule {
    /// The rule's page in `docs/rules`, made from the rule itself.
    package var page: String {
        var lines = ["# \(id) \(title)", "", "Severity: \(severity.word). Area: \(areaName)."]
        if !targets.isEmpty { lines.append("Targets: \(targets.map(\.rawValue).sorted().joined(separator: ", ")).") }
        lines += ["", why, "", "**Fix.** \(fix)"]
        if !exceptions.isEmpty { lines += ["", "**Not reported:** \(exceptions)"] }
        if !bad.isEmpty { lines += ["", "## Wrong"] + Self.listing(bad) }
        if !good.isEmpty { lines += ["", "## Right"] + Self.listing(good) }
        lines += [
            "", "## Reference", "", reference, "",
            "Suppress it with `# audit: ignore[\(id)] why` on the line or above it.",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    /// `container`.
    var areaName: String { Self.areas[id.first ?? " "] ?? "audit" }

    // MARK: - Private

    private static let areas: [Character: String] = [
        "D": "container", "S": "server", "A": "application", "B": "database and migrations",
        "C": "deploy configuration",
        "N": "the audit itself",
    ]

    private static func listing(_ files: [String: String]) -> [String] {
        files.sorted { $0.key < $1.key }.flatMap { path, text in
            let body = text.hasSuffix("\n") ? String(text.dropLast()) : text
            return ["", "`\(path)`", "", "```\(language(of: path))", body, "```"]
        }
    }

    private static func language(of path: String) -> String {
        let name = TreePath.name(of: path).lowercased()
        if name.contains("dockerfile") { return "dockerfile" }
        let known = [
            "yml": "yaml", "yaml": "yaml", "toml": "toml", "json": "json", "py": "python", "conf": "nginx", "sh": "sh",
        ]
        return name.split(separator: ".").last.flatMap { known[String($0)] } ?? "text"
    }
}

extension Rules {
    /// `docs/rules/README.md`: all rules in one table.
    package static var index: String {
        var lines = [
            "# Audit rules", "",
            "\(all.count) rules. Severity is the worst that a rule gives: error (will fail, or can be exploited), warning",
            "(works until it does not), suggestion. These pages are made from the rules: see `AuditPageTests`.", "",
            "| id | severity | rule |", "|---|---|---|",
        ]
        lines += all.map {
            "| [\($0.id)](\($0.id).md) | \($0.severity.word) | \($0.title.replacing("|", with: "\\|")) |"
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension Severity {
    /// For people.
    package var word: String {
        switch self {
        case .error: "error"
        case .warning: "warning"
        case .info: "suggestion"
        }
    }
}
