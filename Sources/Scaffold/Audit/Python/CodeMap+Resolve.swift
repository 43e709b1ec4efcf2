extension CodeMap {
    /// A class and the file it stands in.
    struct Class: Sendable {
        var path: String
        var type: PythonModule.Class

        var key: Key { Key(path: path, name: type.name) }
    }

    /// The function that a call runs, when it is the project's own.
    ///
    /// - Parameters:
    ///   - name: as the digest resolved it: `load`, `self.store.save`, `app.crud.get_user`, `app.crud.Users().get`.
    ///   - at: the function that it stands in.
    ///   - depth: how many variables and functions to follow; what leads to itself ends there.
    /// - Returns: nil when it is somebody else's, or can't be told.
    func function(_ name: String, at: Key, depth: Int = 5) -> Key? {
        let parts = name.split(separator: ".").map(String.init)
        guard let first = parts.first, let last = parts.last, parts.count <= 8 else { return nil }
        if parts.count == 1 { return local(first, at: at) ?? initializer(first, path: at.path) }
        if let type = typeOf(parts.dropLast().joined(separator: "."), at: at, depth: depth),
            let found = method(last, of: type)
        {
            return found
        }
        guard let (module, rest) = definition(of: name, path: at.path) else { return nil }
        let key = Key(path: module.path, name: rest)
        if functions[key] != nil { return key }
        return type(named: rest, path: module.path).flatMap { method("__init__", of: $0) }
    }

    /// A method of a class or of those it extends.
    func method(_ name: String, of type: Class) -> Key? {
        for type in lineage(type) {
            let key = Key(path: type.path, name: "\(type.type.name).\(name)")
            if functions[key] != nil { return key }
        }
        return nil
    }

    /// A class and the project's classes that it extends, itself first.
    func lineage(_ type: Class, depth: Int = 5) -> [Class] {
        guard depth > 0 else { return [type] }
        var result = [type]
        for base in type.type.bases {
            guard let parent = self.type(named: base, path: type.path), parent.key != type.key else { continue }
            result += lineage(parent, depth: depth - 1)
        }
        return result
    }

    /// All names that a class extends, its own and those of its bases, resolved.
    func bases(_ type: Class) -> [String] { lineage(type).flatMap(\.type.bases) }

    /// The class that a name means in a file.
    func type(named name: String, path: String) -> Class? {
        let name = Self.bare(name)
        if let own = module(path)?.classes.first(where: { $0.name == name }) { return Class(path: path, type: own) }
        guard let (module, rest) = definition(of: name, path: path) else { return nil }
        return module.classes.first { $0.name == rest }.map { Class(path: module.path, type: $0) }
    }

    /// The class whose instance an expression is: `service`, `self.store`, `get_settings()`, `app.core.settings`.
    func typeOf(_ name: String, at: Key, depth: Int = 5) -> Class? {
        guard depth > 0 else { return nil }
        let parts = name.split(separator: ".").map(String.init)
        guard let first = parts.first, let last = parts.last else { return nil }
        if parts.count == 1, first == "self" || first == "cls" { return enclosing(at: at) }
        if let dotted = typeName(of: name, at: at), dotted != name {
            return type(named: dotted, path: at.path) ?? made(by: dotted, at: at, depth: depth - 1)
        }
        if name.hasSuffix("()") { return made(by: name, at: at, depth: depth) }
        if parts.count > 1 {
            let owner = parts.dropLast().joined(separator: ".")
            if let type = typeOf(owner, at: at, depth: depth - 1),
                let found = attribute(last, of: type, depth: depth - 1)
            {
                return found
            }
        }
        guard let (module, rest) = definition(of: name, path: at.path) else { return nil }
        if let own = module.classes.first(where: { $0.name == rest }) { return Class(path: module.path, type: own) }
        if module.path == at.path, rest == name { return nil }
        return typeOf(rest, at: Key(path: module.path, name: ""), depth: depth - 1)
    }

    /// The dotted name of the type of a variable or parameter, resolved in its file; nil when nothing says it.
    func typeName(of name: String, at: Key) -> String? {
        for scope in Self.scopes(at.name) {
            let key = Key(path: at.path, name: scope)
            if let parameter = functions[key]?.parameters.first(where: { $0.name == name }) {
                return type(of: parameter, path: at.path)
            }
            guard let assign = assigns[key]?.last(where: { $0.target == name }) else {
                guard let with = module(at.path)?.withs.first(where: { $0.scope == scope && $0.target == name }) else {
                    continue
                }
                return with.value.call.map { $0.function + "()" }
            }
            if let call = assign.value?.call { return call.function + "()" }
            return assign.annotation.flatMap { written($0, path: at.path) }
        }
        return nil
    }

    /// A parameter's type with `Annotated`, `Optional` and `| None` taken off; nil when it has none.
    func annotated(_ parameter: PythonModule.Parameter) -> String? {
        guard let annotation = parameter.annotation else { return parameter.type }
        return Self.inner(annotation) ?? parameter.type
    }

    /// A parameter's type, aliases of `Annotated[…]` followed.
    func type(of parameter: PythonModule.Parameter, path: String) -> String? {
        guard let name = annotated(parameter) else { return nil }
        return alias(name, path: path).flatMap(Self.inner) ?? name
    }

    /// The module that a dotted name leads to from a file, and the name in it.
    func definition(of name: String, path: String) -> (module: PythonModule, name: String)? {
        let bare = Self.bare(name)
        return index.definition(of: bare, in: roots(for: path))
    }

    /// A scope and all around it, the innermost first; the last is the module's own.
    static func scopes(_ scope: String) -> [String] {
        var parts = scope.split(separator: ".")
        var result: [String] = []
        while !parts.isEmpty {
            result.append(parts.joined(separator: "."))
            parts.removeLast()
        }
        return result + [""]
    }

    // MARK: - Private

    /// `app.Store().load` without brackets.
    private static func bare(_ name: String) -> String {
        name.contains("(") || name.contains("[") ? name.filter { !"()[]".contains($0) } : name
    }

    private func local(_ name: String, at: Key) -> Key? {
        for scope in Self.scopes(at.name) {
            let key = Key(path: at.path, name: scope.isEmpty ? name : "\(scope).\(name)")
            if functions[key] != nil { return key }
        }
        return nil
    }

    private func initializer(_ name: String, path: String) -> Key? {
        type(named: name, path: path).flatMap { method("__init__", of: $0) }
    }

    private func enclosing(at: Key) -> Class? {
        guard let module = module(at.path) else { return nil }
        for scope in Self.scopes(at.name) {
            if let own = module.classes.first(where: { $0.name == scope }) { return Class(path: at.path, type: own) }
        }
        return nil
    }

    /// What a call gives: an instance of the class, or what the function says that it returns.
    private func made(by name: String, at: Key, depth: Int) -> Class? {
        guard depth > 0, name.hasSuffix("()") else { return nil }
        let callee = String(name.dropLast(2))
        if let own = type(named: callee, path: at.path) { return own }
        guard let key = function(callee, at: at, depth: depth - 1), let returns = functions[key]?.returns else {
            return nil
        }
        return type(named: returns, path: key.path)
    }

    /// The class of an attribute: by its field's annotation, or by what `self.x` is assigned.
    private func attribute(_ name: String, of type: Class, depth: Int) -> Class? {
        for owner in lineage(type) {
            if let field = owner.type.fields.first(where: { $0.name == name }) {
                if let call = field.value?.call, let found = self.type(named: call.function, path: owner.path) {
                    return found
                }
                if let text = field.type, let dotted = written(text, path: owner.path) {
                    return self.type(named: dotted, path: owner.path)
                }
            }
            let at = Key(path: owner.path, name: "\(owner.type.name).__init__")
            guard let assign = assigns[at]?.first(where: { $0.target == "self.\(name)" }) else {
                continue
            }
            switch assign.value {
            case .call(let call):
                if let found = made(by: call.function + "()", at: at, depth: depth) { return found }
            case .name(let source):
                if let dotted = typeName(of: source, at: at) {
                    return self.type(named: dotted, path: owner.path)
                }
            default: break
            }
        }
        return nil
    }

    /// `Annotated[X, …]`, `Optional[X]`, `X | None`: X.
    private static func inner(_ value: PythonValue) -> String? {
        switch value {
        case .name(let name): name
        case .subscripted(.name(let name), let index)
        where ["typing.Annotated", "typing_extensions.Annotated", "typing.Optional", "Annotated", "Optional"].contains(
            name
        ):
            inner(index.elements?.first ?? index)
        case .subscripted(let base, _): base.name
        case .binary(let left, "BitOr", let right): inner(left) ?? inner(right)
        default: nil
        }
    }

    /// An annotation as written, its first name resolved through the file's imports.
    private func written(_ text: String, path: String) -> String? {
        let plain = text.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }
        guard let word = plain.first(where: { !["Annotated", "Optional", "typing", "ClassVar", "Final"].contains($0) })
        else {
            return nil
        }
        let parts = word.split(separator: ".", maxSplits: 1)
        guard let first = parts.first, let imported = module(path)?.imports.last(where: { $0.name == first }) else {
            return String(word)
        }
        let head = imported.level == nil && !imported.target.hasSuffix(String(first)) ? String(first) : imported.target
        return parts.count > 1 ? "\(head).\(parts[1])" : head
    }
}
