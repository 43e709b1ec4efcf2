import Model

/// Apps that refuse to start in production with what is only good for development: default keys, demo users.
struct StartGuards {
    private let modules: [(module: PythonModule, lines: [Substring])]

    init(_ context: ScanContext) {
        let code = context.code
        modules = code.modules.filter { code.isReached($0) }.compactMap { module in
            guard let text = context.project.text(module.path) else { return nil }
            return (module, text.textLines)
        }
    }

    /// Whether code that is run at the start ends it by what the variable says.
    func has(_ variable: String) -> Bool {
        var words: Set<String> = [variable.lowercased()]
        // `is_production`, which says it in one line.
        for (module, lines) in modules {
            for function in module.functions where function.endLine - function.line <= 5 {
                guard Self.body(function, lines).contains(where: { Self.mentions($0, words) }) else { continue }
                if let name = function.name.split(separator: ".").last { words.insert(name.lowercased()) }
            }
        }
        return modules.contains { module, lines in
            module.functions.contains { function in
                Self.body(function, lines).contains { Self.isCondition($0) && Self.mentions($0, words) }
                    && module.calls.contains {
                        (function.line...max(function.line, function.endLine)).contains($0.line)
                            && Self.endings.contains($0.method)
                    }
            }
        }
    }

    // MARK: - Private

    /// What a start ends with; an HTTPException ends a request only.
    private static let endings: Set<String> = [
        "ValueError", "RuntimeError", "SystemExit", "AssertionError", "EnvironmentError", "ImproperlyConfigured",
        "exit",
        "ConfigError", "ConfigurationError", "SettingsError",
    ]

    private static func body(_ function: PythonModule.Function, _ lines: [Substring]) -> ArraySlice<Substring> {
        let first = min(function.line, lines.count)
        return lines[first..<max(first, min(function.endLine, lines.count))]
    }

    private static func isCondition(_ line: Substring) -> Bool {
        let words = line.drop { $0 == " " || $0 == "\t" }
        return words.hasPrefix("if ") || words.hasPrefix("elif ") || words.hasPrefix("if(")
    }

    private static func mentions(_ line: Substring, _ words: Set<String>) -> Bool {
        line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.contains { words.contains($0.lowercased()) }
    }
}
