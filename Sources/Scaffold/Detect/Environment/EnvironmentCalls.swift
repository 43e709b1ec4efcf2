/// Variables that code reads by calls and subscripts.
enum EnvironmentCalls {
    static func uses(in code: AppCode, project: Project) -> [EnvironmentDetector.Use] {
        var uses: [EnvironmentDetector.Use] = []
        let readers = readers(in: code)
        let helpers = EnvironmentHelper.all(in: code)
        for module in code.modules {
            let own = readers[module.path] ?? [:]
            let first = uses.count
            for call in module.calls { uses += use(call, in: module, readers: own, code) }
            for call in module.calls {
                uses += helpers.lazy.compactMap { $0.use(call, in: module) }.first.map { [$0] } ?? []
            }
            // `os.environ["X"]` is no call, and may stand in any expression.
            for name in ["environ"] + aliases(in: module, readers: own) {
                guard let text = project.text(module.path), TextSearch.contains(text, name + "[") else { continue }
                uses += subscripts(in: text, of: module.path, name: name)
            }
            weigh(&uses[first...], module, isReached: code.imported.contains(module.path))
        }
        return uses
    }

    // MARK: - Private

    /// Other names of `os.environ` in a module: its own, and those that it imports.
    private static func aliases(in module: PythonModule, readers: [String: Reader]) -> [String] {
        let imported = module.imports.filter { item in
            (item.target == "os.environ" && item.name != "environ") || readers[item.target] == .mapping
        }
        let targets = Set(imported.map(\.target))
        let own = readers.filter { $0.value == .mapping && !targets.contains($0.key) && !$0.key.contains(".") }.keys
        return imported.map(\.name) + own.sorted()
    }

    /// Takes in what stands around each read: a default behind it, a branch that is not taken.
    private static func weigh(
        _ uses: inout ArraySlice<EnvironmentDetector.Use>,
        _ module: PythonModule,
        isReached: Bool
    ) {
        guard !module.environment.isEmpty else { return }
        let reads = Dictionary(module.environment.map { ("\($0.line) \($0.name)", $0.kind) }) { max($0, $1) }
        for index in uses.indices {
            switch reads["\(uses[index].place.line ?? 0) \(uses[index].name)"] {
            case .optional: uses[index].isRequired = false
            case .certain: uses[index].stopsImport = isReached && uses[index].isRequired
            case nil: break
            }
        }
    }

    /// A library whose objects read variables.
    private enum Reader {
        /// environs and django-environ: `env.str("X", default)`.
        case environs
        /// starlette: `config("X", cast=int, default=1)`.
        case starlette
        /// `settings = os.environ`: what it is called by its other name.
        case mapping
    }

    /// By path, the names that stand for a reader: `env`, `config`, `core.settings.config`.
    private static func readers(in code: AppCode) -> [String: [String: Reader]] {
        let makers: [String: Reader] = [
            "environs.Env": .environs, "environ.Env": .environs, "starlette.config.Config": .starlette,
            "decouple.Config": .starlette, "decouple.AutoConfig": .starlette,
        ]
        var made: [String: [String: Reader]] = [:]
        for module in code.modules {
            for assign in module.assigns {
                let isMapping = assign.scope.isEmpty && assign.value?.name == "os.environ"
                let maker = assign.value?.call.flatMap { makers[$0.function] }
                guard let reader = isMapping ? .mapping : maker else { continue }
                made[module.path, default: [:]][assign.target] = reader
            }
        }
        guard !made.isEmpty else { return [:] }
        // Imported from where it is made.
        var result = made
        for module in code.modules {
            for item in module.imports {
                let parts = item.target.split(separator: ".")
                guard let last = parts.last.map(String.init), parts.count > 1 else { continue }
                let folder = parts.dropLast().joined(separator: "/")
                for (path, names) in made
                where path.hasSuffix(folder + ".py") || path.hasSuffix(folder + "/__init__.py") {
                    if let reader = names[last] { result[module.path, default: [:]][item.target] = reader }
                }
            }
        }
        return result
    }

    private static func use(
        _ call: PythonCall,
        in module: PythonModule,
        readers: [String: Reader],
        _ code: AppCode
    ) -> [EnvironmentDetector.Use] {
        let place = Place(module.path, call.line)
        if let option = call["envvar"] { return options(option, call, place) }
        let base = call.function.lastIndex(of: ".").map { String(call.function[..<$0]) }
        let reader = base.flatMap { readers[$0] }
        let isGet =
            ["os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault", "environ.get", "getenv"]
            .contains(call.function) || reader == .mapping && ["get", "pop", "setdefault"].contains(call.method)
        let kind: (name: Int, fallback: String)?
        if isGet {
            kind = (0, "default")
        } else if call.function == "decouple.config" || readers[call.function] == .starlette
            || readers[call.function] == .environs
        {
            kind = (0, "default")
        } else if reader == .environs {
            // Methods that read nothing.
            let others: Set<String> = ["read_env", "read_envfile", "prefixed", "seal", "add_parser", "dump"]
            kind = others.contains(call.method) ? nil : (0, "default")
        } else {
            kind = nil
        }
        guard let kind, let name = text(call.argument(0, "key") ?? call["name"], module, code) else { return [] }
        let second = call.arguments.count > 1 ? call.arguments[1] : nil
        let fallback = call[kind.fallback] ?? (isGet || readers[call.function] == nil ? second : nil)
        let cast = call["cast"]?.name ?? (call.function.hasSuffix(".str") ? "str" : "")
        var use = EnvironmentDetector.Use(
            name: name,
            isRequired: fallback == nil && call.method != "pop",
            isSecret: cast.hasSuffix("Secret") ? true : ["int", "float", "bool"].contains(cast) ? false : nil,
            place: place
        )
        if ["int", "bool", "float"].contains(call.method) { use.isSecret = false }
        if ["int", "float"].contains(call.method) || ["int", "float"].contains(cast) { use.isNumber = true }
        use.defaultValue = fallback.flatMap { PythonText.constant($0) }
        use.isProvided =
            call.method == "setdefault" && fallback.map { $0 != PythonValue.none } == true && call.scope.isEmpty
        return [use]
    }

    /// `typer.Option(8000, envvar="PORT")`.
    private static func options(_ option: PythonValue, _ call: PythonCall, _ place: Place) -> [EnvironmentDetector.Use]
    {
        let names = option.text.map { [$0] } ?? option.elements?.compactMap(\.text) ?? []
        return names.map { .init(name: $0, isRequired: false, place: place) }
    }

    /// A constant, or the one that a name stands for: `os.getenv(SETTINGS_VARIABLE)`.
    private static func text(_ value: PythonValue?, _ module: PythonModule, _ code: AppCode) -> String? {
        switch value {
        case .string(let text): text
        case .name(let name): code.value(of: name, from: module)?.text
        default: nil
        }
    }

    /// `os.environ["X"]` in source text, when it is read and not assigned.
    private static func subscripts(
        in text: String,
        of path: String,
        name: String
    ) -> [EnvironmentDetector.Use] {
        var uses: [EnvironmentDetector.Use] = []
        let head = name + "["
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            guard line.contains(head), line.blanksTrimmed.first != "#" else { continue }
            var rest = line
            while let start = rest.firstRange(of: head) {
                let before = rest[..<start.lowerBound].last
                rest = rest[start.upperBound...]
                // `my_env[` is another name.
                if name != "environ", let before, before.isLetter || before.isNumber || "_.".contains(before) {
                    continue
                }
                guard let quote = rest.first, quote == "\"" || quote == "'" else { continue }
                let name = rest.dropFirst().prefix { $0 != quote }
                let tail = rest.dropFirst(name.count + 2).drop { $0 == "]" }.drop(while: \.isWhitespace)
                // Assigned, deleted or compared with.
                if tail.first == "=", tail.dropFirst().first != "=" {
                    // At the top of a file it is set before anything else runs.
                    guard line.first?.isWhitespace == false else { continue }
                    var use = EnvironmentDetector.Use(
                        name: String(name),
                        isRequired: false,
                        place: Place(path, index + 1)
                    )
                    use.isAssigned = true
                    uses.append(use)
                    continue
                }
                if line.blanksTrimmed.hasPrefix("del ") { continue }
                uses.append(.init(name: String(name), isRequired: true, place: Place(path, index + 1)))
            }
        }
        return uses
    }
}

/// Constants of Python as the text that an environment variable would hold.
enum PythonText {
    /// Nil for `None` and for what is no constant.
    static func constant(_ value: PythonValue) -> String? {
        switch value {
        case .string(let text): text
        case .integer(let number): String(number)
        case .float(let number): String(number)
        case .bool(let flag): flag ? "true" : "false"
        default: nil
        }
    }
}
