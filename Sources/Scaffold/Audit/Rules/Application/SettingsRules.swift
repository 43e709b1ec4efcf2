import Toolkit

extension ApplicationRules {
    static let truthyText = Rule(
        "A24",
        .warning,
        "The text \"False\" counts as true",
        why:
            "Variables are text, and any text but the empty one is true: `DEBUG=False` and `DEBUG=0` turn debugging on.",
        fix:
            "Compare: `os.getenv(\"DEBUG\", \"\").lower() in (\"1\", \"true\", \"yes\")`, or let pydantic-settings read it.",
        reference: "https://docs.python.org/3/library/stdtypes.html#truth-value-testing",
        exceptions: "Asking whether a variable is there at all: `if os.getenv(\"SENTRY_DSN\")`.",
        bad: [
            "config.py": """
            import os

            DEBUG = bool(os.getenv("DEBUG", "False"))
            """
        ],
        good: [
            "config.py": """
            import os

            DEBUG = os.getenv("DEBUG", "False").lower() == "true"
            if os.getenv("SENTRY_DSN"):
                DSN = os.environ["SENTRY_DSN"]
            """
        ],
        at: ["config.py:3"]
    ) { context in
        let code = context.code
        return code.modules.flatMap { module -> [Finding] in
            var seen: Set<Int> = []
            return module.calls.compactMap { call -> Finding? in
                guard let name = truthy(call), seen.insert(call.line).inserted else { return nil }
                let place = Place(module.path, call.line)
                return Finding(
                    "A24",
                    .warning,
                    at: place,
                    found: code.found(place),
                    "\(name)=False and \(name)=0 count as true here",
                    fix: "os.getenv(\"\(name)\", \"\").lower() in (\"1\", \"true\", \"yes\")",
                    patch: patch(call, name, place, code)
                )
            }
                + flags(module).compactMap { call, name in
                    guard seen.insert(call.line).inserted else { return nil }
                    let place = Place(module.path, call.line)
                    return Finding(
                        "A24",
                        .warning,
                        at: place,
                        found: code.found(place),
                        "the default is a truth value, but \(name) from the environment is text, and \"False\" is true",
                        fix: "os.getenv(\"\(name)\", \"\").lower() in (\"1\", \"true\", \"yes\")"
                    )
                }
        }
    }

    // MARK: - Private

    /// The variable whose text is taken for a truth value by a call.
    private static func truthy(_ call: PythonCall) -> String? {
        if call.function == "bool", let inner = call.arguments.first?.call, CodeMap.isLookup(inner) {
            guard let name = inner.argument(0, "key")?.text else { return nil }
            return isFlag(name) || inner.argument(1, "default") != nil ? name : nil
        }
        guard CodeMap.isLookup(call), call.isTested, let name = call.argument(0, "key")?.text, isFlag(name) else {
            return nil
        }
        return name
    }

    /// Look-ups with a truth value as their default that are assigned as they are.
    private static func flags(_ module: PythonModule) -> [(PythonCall, String)] {
        module.assigns.compactMap { item in
            guard let call = item.value?.call, CodeMap.isLookup(call), call.argument(1, "default")?.bool != nil else {
                return nil
            }
            // A text that is compared or cast later is the reader's business.
            guard item.annotation == nil || item.annotation == "bool" else { return nil }
            return call.argument(0, "key")?.text.map { (call, $0) }
        }
    }

    /// Whether a name is that of a switch.
    private static func isFlag(_ name: String) -> Bool {
        let words = Set(name.uppercased().split(separator: "_").map(String.init))
        let flags: Set<String> = [
            "DEBUG", "ENABLE", "ENABLED", "DISABLE", "DISABLED", "USE", "IS", "TESTING", "VERBOSE", "RELOAD", "ECHO",
            "ALLOW", "SKIP",
            "REQUIRE", "SHOW", "DRY", "STRICT",
        ]
        return !words.isDisjoint(with: flags)
    }

    private static func patch(_ call: PythonCall, _ name: String, _ place: Place, _ code: CodeMap) -> Finding.Patch? {
        guard call.function == "bool", call.line == call.endLine, let inner = call.arguments.first?.call else {
            return nil
        }
        guard inner.function == "os.getenv" || inner.function == "os.environ.get" else { return nil }
        let line = code.found(place)
        guard let start = line.firstRange(of: "bool("), let text = closing(line[start.lowerBound...]) else {
            return nil
        }
        let fallback = inner.argument(1, "default")
        let value =
            switch fallback {
            case .string(let text): text
            case .bool(let flag): flag ? "true" : ""
            default: ""
            }
        guard !value.contains("\"") else { return nil }
        return code.patch(
            place,
            replacing: text,
            with: "\(inner.function)(\"\(name)\", \"\(value)\").lower() in (\"1\", \"true\", \"yes\")"
        )
    }

    /// Text up to the bracket that closes its first one.
    private static func closing(_ text: Substring) -> String? {
        var depth = 0
        for index in text.indices {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" { depth -= 1 }
            if text[index] == ")", depth == 0 { return String(text[...index]) }
        }
        return nil
    }
}
