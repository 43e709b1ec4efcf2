/// Variables that fields of pydantic's settings classes stand for.
///
/// > Source: docs.pydantic.dev/latest/concepts/pydantic_settings.
struct SettingsFields {
    private let code: AppCode
    /// Classes by their own name, with the module they stand in.
    private var classes: [String: (type: PythonModule.Class, module: PythonModule)] = [:]
    private var bases: Set<String> = []

    /// What all settings classes of an app read.
    static func uses(in code: AppCode) -> [EnvironmentDetector.Use] {
        let fields = SettingsFields(code)
        let settings = fields.settings()
        // `TestSettings` beside others says what tests need.
        let telling = settings.filter { !["Test", "Mock", "Fake"].contains(where: $0.type.name.contains) }
        return (telling.isEmpty ? settings : telling).flatMap { fields.uses(of: $0.type, $0.module) }
    }

    // MARK: - Private

    private typealias Found = (type: PythonModule.Class, module: PythonModule)

    private init(_ code: AppCode) {
        self.code = code
        for module in code.modules {
            for type in module.classes where !type.name.contains(".") {
                if classes[type.name] == nil || code.isReached(module) { classes[type.name] = (type, module) }
                bases.formUnion(type.bases.compactMap { $0.split(separator: ".").last.map(String.init) })
            }
        }
    }

    /// Settings classes that no other one extends; those that are extended are read through their heirs.
    private func settings() -> [Found] {
        classes.values.filter {
            isSettings($0.type, depth: 8) && !(bases.contains($0.type.name) && isExtended($0.type.name))
        }
        .sorted { ($0.module.path, $0.type.line) < ($1.module.path, $1.type.line) }
    }

    private func isExtended(_ name: String) -> Bool {
        classes.values.contains { heir in
            heir.type.name != name && heir.type.bases.contains { $0.split(separator: ".").last == name[...] }
                && isSettings(heir.type, depth: 8)
        }
    }

    private func isSettings(_ type: PythonModule.Class, depth: Int) -> Bool {
        guard depth > 0 else { return false }
        return type.bases.contains { base in
            if base.hasSuffix(".BaseSettings") || base == "BaseSettings" {
                return base.hasPrefix("pydantic")
                    || classes["BaseSettings"].map { isSettings($0.type, depth: depth - 1) } ?? true
            }
            guard let parent = parent(base), parent.type.name != type.name else { return false }
            return isSettings(parent.type, depth: depth - 1)
        }
    }

    private func parent(_ base: String) -> Found? {
        base.split(separator: ".").last.flatMap { classes[String($0)] }
    }

    /// The class and all it extends that the project defines, the class itself first.
    private func lineage(_ found: Found, depth: Int = 8) -> [Found] {
        guard depth > 0 else { return [] }
        return [found]
            + found.type.bases.compactMap(parent).filter { $0.type.name != found.type.name }
            .flatMap { lineage($0, depth: depth - 1) }
    }

    /// What `model_config`, an inner `Config` or class arguments say.
    private struct Options {
        var prefix = ""
        var delimiter: String?
        var isCaseSensitive = false
        /// False when a prefix can't be told, so that no name is sure.
        var isKnown = true
        /// `fields = {"name": {"env": "NAME"}}` of pydantic 1.
        var names: [String: String] = [:]
        /// Where names in the options are to be looked up.
        var module: PythonModule?
        /// The class that they stand in, whose own fields come first.
        var type: PythonModule.Class?

        /// A constant, or what a name stands for.
        func text(_ value: PythonValue, _ code: AppCode) -> String? {
            guard case .name(let name) = value, let module else { return value.text }
            if let own = type?.fields.first(where: { $0.name == name })?.value?.text { return own }
            return code.value(of: name, from: module)?.text
        }
    }

    private func options(_ lineage: [Found]) -> Options {
        var options = Options()
        for found in lineage.reversed() {
            (options.module, options.type) = (found.module, found.type)
            for field in found.type.fields where field.name == "model_config" || field.name == "Config" {
                apply(field.value, to: &options)
            }
            let inner = found.module.classes.first { $0.name == "\(found.type.name).Config" }
            for field in inner?.fields ?? [] {
                guard let value = field.value else { continue }
                set(field.name, value, in: &options)
            }
        }
        return options
    }

    private func apply(_ value: PythonValue?, to options: inout Options) {
        switch value {
        case .name(let name):
            guard let module = options.module, let known = code.value(of: name, from: module), known.name == nil else {
                return
            }
            apply(known, to: &options)
        case .call(let call):
            for keyword in call.keywords { set(keyword.name, keyword.value, in: &options) }
        case .dict(let pairs):
            // `{**BASE, "env_prefix": "X_"}` and `BASE | SettingsConfigDict(…)` say more than the base alone.
            for pair in pairs {
                if let key = pair.key.text {
                    set(key, pair.value, in: &options)
                } else {
                    apply(pair.value, to: &options)
                }
            }
        case .binary(let left, _, let right):
            apply(left, to: &options)
            apply(right, to: &options)
        default: break
        }
    }

    private func set(_ key: String, _ value: PythonValue, in options: inout Options) {
        switch key {
        case "env_prefix":
            if let text = options.text(value, code) { options.prefix = text } else { options.isKnown = false }
        case "env_nested_delimiter": options.delimiter = options.text(value, code) ?? options.delimiter
        case "case_sensitive": options.isCaseSensitive = value.bool ?? options.isCaseSensitive
        case "fields":
            guard case .dict(let pairs) = value else { return }
            for pair in pairs {
                guard let field = pair.key.text, case .dict(let inner) = pair.value else { continue }
                options.names[field] = inner.first { $0.key.text == "env" }?.value.text
            }
        default: break
        }
    }

    private func uses(of type: PythonModule.Class, _ module: PythonModule) -> [EnvironmentDetector.Use] {
        let lineage = lineage((type, module))
        let options = options(lineage)
        var seen: Set<String> = []
        var uses: [EnvironmentDetector.Use] = []
        let inner = lineage.flatMap { found in found.module.classes.filter { $0.name == "\(found.type.name).Config" } }
        let filled = Set((lineage.map(\.type) + inner).flatMap(\.filled)).union(given(to: type.name))
        let stops = !filled.contains("*") && options.isKnown && isMadeAtImport(type.name)
        for found in lineage {
            // Also `pydantic.env_settings` and `pydantic.v1`.
            let isOld = found.module.imports.contains { item in
                item.target.hasPrefix("pydantic.") && item.target.hasSuffix(".BaseSettings")
            }
            for field in found.type.fields where isVariable(field) && seen.insert(field.name).inserted {
                let own = self.uses(of: field, in: found.module, prefix: options.prefix, options, isOld: isOld)
                uses += own.map { use in
                    var use = use
                    if filled.contains(field.name) || filled.contains(use.name) { use.isRequired = false }
                    // Of several names any other one may be set.
                    let isOne = aliases(fieldCall(field), field.type ?? "").count < 2
                    use.stopsImport = use.isRequired && stops && isOne
                    return use
                }
            }
        }
        return uses
    }

    /// Fields whose values the code itself hands over: `Settings(debug=True)`.
    private func given(to type: String) -> [String] {
        let calls = code.modules.flatMap(\.calls).filter { $0.function == type || $0.function.hasSuffix("." + type) }
        return calls.flatMap { $0.keywords.map(\.name) }.filter { $0 != "**" && !$0.hasPrefix("_") }
    }

    /// Whether a class is made when the app is imported: at the top of a file, or in a function that is called there.
    private func isMadeAtImport(_ type: String) -> Bool {
        let modules = code.modules.filter { code.imported.contains($0.path) }
        let calls = modules.flatMap(\.calls).filter { !$0.inMainGuard && !$0.inTry && !$0.inLambda }
        let makers = calls.filter { $0.function == type || $0.function.hasSuffix("." + type) }
        if makers.contains(where: { $0.scope.isEmpty }) { return true }
        let scopes = Set(makers.map(\.scope).filter { !$0.contains(".") })
        return calls.contains { call in call.scope.isEmpty && scopes.contains(call.method) }
    }

    private func isVariable(_ field: PythonModule.Field) -> Bool {
        guard let type = field.type, !field.name.hasPrefix("_") else { return false }
        return !type.contains("ClassVar") && field.name != "model_config"
    }

    private func uses(
        of field: PythonModule.Field,
        in module: PythonModule,
        prefix: String,
        _ options: Options,
        isOld: Bool
    ) -> [EnvironmentDetector.Use] {
        let type = field.type ?? ""
        let call = fieldCall(field)
        let fallback =
            call.map { $0.argument(0, "default") ?? $0["default_factory"].map { _ in .other("made") } } ?? field.value
        let isRequired = fallback.map(isEllipsis) ?? !(isOld && (type.contains("Optional") || type.contains("None")))
        let spelled = aliases(call, type).first ?? options.names[field.name]
        let plain = prefix + field.name
        let name = spelled ?? (options.isCaseSensitive ? plain : plain.uppercased())
        // Fields that hold settings of their own read their own variables.
        if let nested = model(type), isSettings(nested.type, depth: 8) { return [] }
        if let delimiter = options.delimiter, let nested = model(type), depth(of: prefix, delimiter) < 3 {
            let start = options.isCaseSensitive ? plain + delimiter : (plain + delimiter).uppercased()
            return nested.type.fields.filter(isVariable).flatMap { inner in
                uses(of: inner, in: nested.module, prefix: start, options, isOld: isOld).map { use in
                    var use = use
                    use.isRequired = use.isRequired && isRequired
                    return use
                }
            }
        }
        var use = EnvironmentDetector.Use(name: name, isRequired: isRequired, place: Place(module.path, field.line))
        if type.contains("Secret") { use.isSecret = true }
        if ["int", "bool", "float", "int | None", "bool | None", "float | None"].contains(type) {
            use.isSecret = false
        }
        if ["int", "float", "int | None", "float | None", "Optional[int]", "PositiveInt"].contains(type) {
            use.isNumber = true
        }
        use.defaultValue = fallback.flatMap { PythonText.constant($0) }
        return [use]
    }

    private func depth(of prefix: String, _ delimiter: String) -> Int {
        delimiter.isEmpty ? 3 : prefix.split(separator: delimiter).count
    }

    private func fieldCall(_ field: PythonModule.Field) -> PythonCall? {
        guard let call = field.value?.call, call.method == "Field" || call.method == "PrivateAttr" else { return nil }
        return call
    }

    /// pydantic's `...`, which the digest gives as no value or as text.
    private func isEllipsis(_ value: PythonValue) -> Bool {
        value == .other("...") || value == .other("Ellipsis") || value == .name("Ellipsis")
    }

    /// `Field(alias="X")`, `Field(validation_alias=AliasChoices("X", "Y"))`, `Field(env="X")`.
    private func aliases(_ call: PythonCall?, _ type: String) -> [String] {
        guard let call else { return [] }
        for key in ["validation_alias", "alias", "env"] {
            guard let value = call[key] else { continue }
            if let text = value.text { return [text] }
            if let inner = value.call { return inner.arguments.compactMap(\.text) }
            if let items = value.elements { return items.compactMap(\.text) }
        }
        return []
    }

    /// The project's class that an annotation names: `DatabaseSettings`, `Optional[DatabaseSettings]`.
    private func model(_ type: String) -> Found? {
        let words = type.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init)
        guard let name = words.first(where: { classes[$0] != nil }), let found = classes[name] else { return nil }
        let isModel = found.type.bases.contains { $0.hasSuffix("BaseModel") } || isSettings(found.type, depth: 8)
        return isModel ? found : nil
    }
}
