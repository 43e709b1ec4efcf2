import Model

/// What a settings file of gunicorn says, with the defaults of the variables that it reads.
///
/// > Source: docs.gunicorn.org/en/stable/settings.html: names at the top of the file, which some files fill from a function.
struct GunicornFile {
    private let module: PythonModule
    private let environment: [String: String]
    /// What a dotted name such as `settings.port` stands for, when somebody knows.
    private let lookup: (String) -> String?

    init(
        _ module: PythonModule,
        environment: [String: String] = [:],
        lookup: @escaping (String) -> String? = { _ in nil }
    ) {
        self.module = module
        self.environment = environment
        self.lookup = lookup
    }

    /// Where `bind` listens; without a number when a variable alone says it.
    var port: Facts.Port? {
        for assign in assigns("bind") {
            let values = assign.value?.elements ?? [assign.value].compactMap { $0 }
            for value in values {
                guard let text = text(value, scope: assign.scope, depth: 8) else { continue }
                // `unix:/run/app.sock` is no port.
                guard let number = text.split(separator: ":").last.flatMap({ Int($0) }) else { continue }
                return found(number, assign, "bind = \(text)")
            }
            if values.contains(where: { names($0, scope: assign.scope, depth: 6).contains("PORT") }) {
                return found(nil, assign, "bind = $PORT")
            }
        }
        // A file that puts its address together in a way that can't be followed.
        for assign in module.assigns.reversed()
        where ["port", "use_port", "_port"].contains(assign.target.lowercased()) {
            guard let text = assign.value.flatMap({ self.text($0, scope: assign.scope, depth: 8) }),
                let number = Int(text)
            else { continue }
            return found(number, assign, assign.target)
        }
        return nil
    }

    var workers: Int? { number("workers").flatMap { (1...1_000).contains($0) ? $0 : nil } }

    var gracefulSeconds: Int? { number("graceful_timeout").flatMap { (1...86_400).contains($0) ? $0 : nil } }

    var workerClass: String? {
        assigns("worker_class").lazy.compactMap { assign in
            assign.value.flatMap { self.text($0, scope: assign.scope, depth: 8) }
        }
        .first { !$0.isEmpty && $0.allSatisfy { $0.isLetter || $0.isNumber || "._".contains($0) } }
    }

    // MARK: - Private

    private func found(_ number: Int?, _ assign: PythonModule.Assign, _ what: String) -> Facts.Port? {
        if let number, !(1...65_535).contains(number) { return nil }
        var port = Facts.Port(number)
        let plain = what.filter { !$0.isNewline }
        port.evidence = [Facts.Evidence(Place(module.path, assign.line), String(plain.prefix(120)))]
        return port
    }

    private func number(_ name: String) -> Int? {
        assigns(name).lazy.compactMap { assign in
            assign.value.flatMap { self.text($0, scope: assign.scope, depth: 8) }.flatMap { Int($0) }
        }
        .first
    }

    /// Those at the top of the file, the last first, then those of functions.
    private func assigns(_ name: String) -> [PythonModule.Assign] {
        let all = module.assigns.filter { $0.target == name && $0.value != nil }.reversed()
        return all.filter { $0.scope.isEmpty } + all.filter { !$0.scope.isEmpty }
    }

    /// The text that a value has when nothing is set but what ``environment`` has; nil when that can't be told.
    private func text(_ value: PythonValue, scope: String, depth: Int) -> String? {
        guard depth > 0 else { return nil }
        switch value {
        case .string(let text): return text
        case .integer(let number): return String(number)
        case .formatted(let format): return formatted(format, scope: scope, depth: depth - 1)
        case .name(let name): return named(name, scope: scope, depth: depth - 1)
        case .call(let call): return result(of: call, scope: scope, depth: depth - 1)
        case .subscripted(let base, let key):
            guard base.name?.contains("environ") == true else { return nil }
            return key.text.flatMap { environment[$0] }
        case .or(let values):
            return values.lazy.compactMap { self.text($0, scope: scope, depth: depth - 1) }.first { !$0.isEmpty }
        case .conditional(let yes, let no, let test):
            let isTrue = text(test, scope: scope, depth: depth - 1).map { !$0.isEmpty && $0 != "0" } ?? false
            return text(isTrue ? yes : no, scope: scope, depth: depth - 1)
        case .binary(let left, "Add", let right):
            guard let head = text(left, scope: scope, depth: depth - 1),
                let tail = text(right, scope: scope, depth: depth - 1)
            else { return nil }
            if let one = Int(head), let two = Int(tail), left.text == nil, right.text == nil {
                return String(one.addingReportingOverflow(two).partialValue)
            }
            return String((head + tail).prefix(400))
        default: return nil
        }
    }

    private func named(_ name: String, scope: String, depth: Int) -> String? {
        guard !name.contains(".") else { return lookup(name) }
        let all = module.assigns.filter { $0.target == name && ($0.scope == scope || $0.scope.isEmpty) }
        // Branches assign the same name: the last that can be told.
        return all.reversed().lazy.compactMap { one in
            one.value.flatMap { self.text($0, scope: one.scope, depth: depth) }
        }
        .first
    }

    /// A variable with its default, as text or as a number.
    private func result(of call: PythonCall, scope: String, depth: Int) -> String? {
        if ["int", "str"].contains(call.function) {
            return call.arguments.first.flatMap { text($0, scope: scope, depth: depth) }
        }
        guard call.method == "getenv" || call.function.contains("environ") || call.function == "config",
            let name = call.arguments.first?.text
        else { return nil }
        return environment[name] ?? call.argument(1, "default").flatMap { text($0, scope: scope, depth: depth) }
    }

    /// `{host}:{port}` with its names filled in; a variable may be read within the braces.
    private func formatted(_ format: String, scope: String, depth: Int) -> String? {
        var result = ""
        var rest = format[...]
        while let open = rest.firstIndex(of: "{") {
            guard let close = rest[open...].firstIndex(of: "}") else { return nil }
            result += rest[..<open]
            let source = rest[rest.index(after: open)..<close]
            guard let text = inBraces(String(source), scope: scope, depth: depth) else { return nil }
            result += text
            rest = rest[rest.index(after: close)...]
        }
        return String((result + rest).prefix(400))
    }

    private func inBraces(_ source: String, scope: String, depth: Int) -> String? {
        if source.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }) {
            return named(source, scope: scope, depth: depth)
        }
        let pattern = /(?:os\.)?(?:getenv|environ\.get)\(\s*['"](\w+)['"]\s*(?:,\s*(?:['"]([^'"]*)['"]|(\d+))\s*)?\)/
        guard let match = source.wholeMatch(of: pattern) else { return nil }
        return environment[String(match.output.1)] ?? (match.output.2 ?? match.output.3).map(String.init)
    }

    /// The variables that a value is made of.
    private func names(_ value: PythonValue, scope: String, depth: Int) -> Set<String> {
        guard depth > 0 else { return [] }
        switch value {
        case .formatted(let format): return names(inText: format, scope: scope, depth: depth)
        case .name(let name):
            let all = module.assigns.filter { $0.target == name }
            return all.reduce(into: []) { found, one in
                if let value = one.value { found.formUnion(names(value, scope: one.scope, depth: depth - 1)) }
            }
        case .call(let call):
            let own = call.arguments.first?.text.map { [$0] } ?? []
            return Set(own).union(call.arguments.flatMap { names($0, scope: scope, depth: depth - 1) })
        case .subscripted(_, let key): return Set([key.text].compactMap { $0 })
        case .binary(let left, _, let right):
            return names(left, scope: scope, depth: depth - 1).union(names(right, scope: scope, depth: depth - 1))
        case .or(let values): return values.reduce(into: []) { $0.formUnion(names($1, scope: scope, depth: depth - 1)) }
        default: return []
        }
    }

    private func names(inText format: String, scope: String, depth: Int) -> Set<String> {
        let words = format.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.prefix(40).map(String.init)
        return words.reduce(into: Set(words)) { found, word in
            found.formUnion(names(.name(word), scope: scope, depth: depth - 1))
        }
    }
}
