extension CodeMap {
    /// A constant that a value leads to, and by which way.
    struct Constant: Sendable {
        enum Origin: Sendable, Equatable {
            /// Written where it is used, or assigned to a name.
            case literal
            /// A settings class's default, which the environment can replace.
            case setting
            /// The default of a variable that the code reads itself: `os.getenv("DEBUG", "1")`.
            case environment(String)
        }

        var value: PythonValue
        var place: Place
        var origin: Origin
    }

    /// Follows names, settings and environment look-ups to a constant.
    ///
    /// - Returns: nil when it can't be told; a variable without a default is nil too.
    func constant(_ value: PythonValue?, at: Key, line: Int, depth: Int = 6) -> Constant? {
        guard depth > 0, let value else { return nil }
        switch value {
        case .string, .bool, .integer, .float, .list, .dict, .tuple, .none:
            return Constant(value: value, place: Place(at.path, line), origin: .literal)
        case .formatted: return Constant(value: value, place: Place(at.path, line), origin: .literal)
        case .name(let name): return named(name, at: at, depth: depth - 1)
        case .call(let call): return called(call, at: at, depth: depth - 1)
        case .or(let items):
            // `os.getenv("X") or "default"`
            guard let last = items.last, items.count > 1 else { return nil }
            guard let variable = items.first.flatMap(Self.variable) else { return nil }
            guard var found = constant(last, at: at, line: line, depth: depth - 1) else { return nil }
            found.origin = .environment(variable)
            return found
        default: return nil
        }
    }

    /// Follows names through assignments and settings to what they were given first; other values stay as they are.
    func followed(_ value: PythonValue, at: Key, line: Int, depth: Int = 6) -> (value: PythonValue, at: Key, line: Int)
    {
        guard depth > 0, let name = value.name else { return (value, at, line) }
        for scope in Self.scopes(at.name) {
            let key = Key(path: at.path, name: scope)
            let found = assigns[key]?.filter { $0.target == name } ?? []
            guard let first = found.first, let value = first.value else { continue }
            return found.count > 1
                ? (.name(name), at, line) : followed(value, at: key, line: first.line, depth: depth - 1)
        }
        if let (owner, field) = field(name, at: at), let value = Self.fallback(of: field) {
            return followed(value, at: owner.key, line: field.line, depth: depth - 1)
        }
        guard let (module, rest) = definition(of: name, path: at.path), module.path != at.path || rest != name,
            let found = assigns[Key(path: module.path, name: "")]?.last(where: { $0.target == rest }),
            let value = found.value
        else { return (value, at, line) }
        return followed(value, at: Key(path: module.path, name: ""), line: found.line, depth: depth - 1)
    }

    /// The variable that a value reads: `os.getenv("X")`, `os.environ["X"]`.
    static func variable(_ value: PythonValue) -> String? {
        switch value {
        case .call(let call): isLookup(call) ? call.argument(0, "key")?.text : nil
        case .subscripted(.name("os.environ"), let index): index.text
        default: nil
        }
    }

    /// `os.getenv`, `os.environ.get`.
    static func isLookup(_ call: PythonCall) -> Bool {
        ["os.getenv", "os.environ.get", "os.environ.setdefault"].contains(call.function)
    }

    /// The settings field that an expression reads: `app.core.config.settings.debug`.
    func field(_ name: String, at: Key) -> (owner: Class, field: PythonModule.Field)? {
        let parts = name.split(separator: ".").map(String.init)
        guard parts.count > 1, let last = parts.last else { return nil }
        let owner = parts.dropLast().joined(separator: ".")
        guard let type = typeOf(owner, at: at) ?? type(named: owner, path: at.path) else { return nil }
        for part in lineage(type) {
            if let field = part.type.fields.first(where: { $0.name == last }) { return (part, field) }
        }
        return nil
    }

    /// Whether a class reads its fields from the environment.
    func isSettings(_ type: Class) -> Bool {
        bases(type).contains { $0 == "BaseSettings" || $0.hasSuffix(".BaseSettings") }
    }

    // MARK: - Private

    private func named(_ name: String, at: Key, depth: Int) -> Constant? {
        for scope in Self.scopes(at.name) {
            let key = Key(path: at.path, name: scope)
            if functions[key]?.parameters.contains(where: { $0.name == name }) == true { return nil }
            let found = assigns[key]?.filter { $0.target == name } ?? []
            guard let first = found.first else { continue }
            // Names with several values depend on what ran before.
            return found.count > 1 ? nil : constant(first.value, at: key, line: first.line, depth: depth)
        }
        if let (owner, field) = field(name, at: at) { return fallback(of: field, in: owner, depth: depth) }
        guard let (module, rest) = definition(of: name, path: at.path), module.path != at.path || rest != name else {
            return nil
        }
        return named(rest, at: Key(path: module.path, name: ""), depth: depth)
    }

    /// A field's default.
    private func fallback(of field: PythonModule.Field, in owner: Class, depth: Int) -> Constant? {
        let value = Self.fallback(of: field)
        guard var found = constant(value, at: owner.key, line: field.line, depth: depth) else {
            return nil
        }
        if found.origin == .literal, isSettings(owner) { found.origin = .setting }
        return found
    }

    /// What a field is when nothing is set: its value, or the default of `Field(…)`; nil when it is required.
    static func fallback(of field: PythonModule.Field) -> PythonValue? {
        guard let call = field.value?.call, call.method == "Field" else { return field.value }
        guard let value = call.argument(0, "default"), value != .other("...") else { return nil }
        return value
    }

    private func called(_ call: PythonCall, at: Key, depth: Int) -> Constant? {
        let function = call.function
        if Self.isLookup(call), let name = call.argument(0, "key")?.text {
            return made(call.argument(1, "default"), line: call.line, of: name, at: at, depth: depth)
        }
        // decouple and Starlette: `config("X", default=…)`; environs: `env.bool("X", …)`.
        let isConfig = function == "decouple.config" || isReader(function, path: at.path)
        if isConfig, let name = call.arguments.first?.text {
            let isSecondCast = call.arguments.count > 1 && call.arguments[1].name != nil
            let value = call["default"] ?? (isSecondCast ? nil : call.argument(1, "default"))
            return made(value, line: call.line, of: name, at: at, depth: depth)
        }
        let wrappers: Set<String> = [
            "str", "bool", "int", "pydantic.SecretStr", "SecretStr", "starlette.datastructures.Secret", "json.loads",
            "pydantic.AnyUrl", "pydantic.PostgresDsn", "sqlalchemy.engine.make_url", "sqlalchemy.make_url", "list",
        ]
        if wrappers.contains(function), let inner = call.arguments.first {
            return constant(inner, at: at, line: call.line, depth: depth)
        }
        return nil
    }

    private func isReader(_ function: String, path: String) -> Bool {
        let owner =
            function.contains(".")
            ? String(function.prefix(upTo: function.lastIndex(of: ".") ?? function.endIndex)) : ""
        for name in [function, owner] where !name.isEmpty {
            guard let type = assigned(name, path: path) else { continue }
            if ["starlette.config.Config", "environs.Env", "environ.Env", "decouple.Config", "decouple.AutoConfig"]
                .contains(type)
            {
                return true
            }
        }
        return false
    }

    /// The function whose result a module's name is.
    private func assigned(_ name: String, path: String) -> String? {
        if let own = assigns[Key(path: path, name: "")]?.last(where: { $0.target == name })?.value?.call {
            return own.function
        }
        guard let (module, rest) = definition(of: name, path: path) else { return nil }
        return assigns[Key(path: module.path, name: "")]?.last(where: { $0.target == rest })?.value?.call?.function
    }

    /// The default of a variable.
    private func made(_ value: PythonValue?, line: Int, of variable: String, at: Key, depth: Int) -> Constant? {
        guard var found = constant(value, at: at, line: line, depth: depth), found.value != PythonValue.none else {
            return nil
        }
        found.origin = .environment(variable)
        return found
    }
}
