extension NameResolver {
    /// The text that an expression stands for, as far as it can be told without running it: constants, defaults of
    /// settings and of environment variables, what is put together of these.
    func text(_ value: PythonValue, in scope: Scope, depth: Int = 0) -> String? {
        guard depth < 8 else { return nil }
        switch value {
        case .string(let text): return text
        case .formatted(let format): return filled(format, in: scope, depth)
        case .name(let name): return text(named: name, in: scope, depth)
        case .binary(let left, "Add", let right):
            guard let head = text(left, in: scope, depth: depth + 1) else { return nil }
            return text(right, in: scope, depth: depth + 1).map { head + $0 }
        case .binary(let left, "Div", let right):
            guard let head = text(left, in: scope, depth: depth + 1) else { return nil }
            return text(right, in: scope, depth: depth + 1).map { $0.hasPrefix("/") ? $0 : head + "/" + $0 }
        case .or(let values):
            return values.lazy.compactMap { text($0, in: scope, depth: depth + 1) }.first { !$0.isEmpty }
        case .conditional(let yes, let no, _):
            return text(yes, in: scope, depth: depth + 1) ?? text(no, in: scope, depth: depth + 1)
        case .call(let call): return text(of: call, in: scope, depth)
        case .subscripted(let base, let key): return text(under: key, of: base, in: scope, depth)
        default: return nil
        }
    }

    /// The names of environment variables that an expression reads, through settings too.
    func variables(in value: PythonValue, scope: Scope, depth: Int = 0) -> [String] {
        guard depth < 8 else { return [] }
        switch value {
        case .call(let call):
            if Self.isEnvironment(call.function), let name = call.arguments.first?.text { return [name] }
            return (call.arguments + call.keywords.map(\.value)).flatMap {
                variables(in: $0, scope: scope, depth: depth + 1)
            }
        case .subscripted(.name(let base), .string(let key)): return base.hasSuffix("environ") ? [key] : []
        case .or(let values), .list(let values), .tuple(let values):
            return values.flatMap { variables(in: $0, scope: scope, depth: depth + 1) }
        case .name(let name):
            // A settings field is read from the variable of its name.
            let last = String(name.split(separator: ".").last ?? "")
            let own = name.contains(".") ? [last.uppercased()] : []
            return own
                + targets(of: name, in: scope).prefix(2).flatMap { target -> [String] in
                    guard case .assign(let item, let path) = target, let inner = item.value else { return [] }
                    return variables(in: inner, scope: Scope(path, item.scope), depth: depth + 1)
                }
        case .formatted(let text): return Self.words(of: text).map { $0.uppercased() }
        default: return []
        }
    }

    // MARK: - Private

    private static func isEnvironment(_ function: String) -> Bool {
        let names: Set<String> = [
            "os.getenv", "os.environ.get", "os.environ.setdefault", "environ.get", "getenv", "decouple.config",
            "config", "env",
            "env.str", "starlette.config.Config", "environs.Env().str", "os.environ.pop",
        ]
        return names.contains(function) || function.hasSuffix(".getenv") || function.hasSuffix("environ.get")
    }

    private func text(named name: String, in scope: Scope, _ depth: Int) -> String? {
        for target in targets(of: name, in: scope).prefix(3) {
            switch target {
            case .assign(let item, let path):
                if let value = item.value, let text = text(value, in: Scope(path, item.scope), depth: depth + 1) {
                    return text
                }
            case .field(let field, let klass, let path):
                if let value = field.value, let text = text(value, in: Scope(path, klass.name), depth: depth + 1) {
                    return text
                }
            case .function(let function, let path):
                // A property of settings.
                for result in function.results {
                    if let text = text(result.value, in: Scope(path, function.name), depth: depth + 1) { return text }
                }
            case .parameter(let function, let place, let path):
                for given in passed(to: function, place, in: path).prefix(3) {
                    if let text = text(given.value, in: given.scope, depth: depth + 1) { return text }
                }
                if let value = function.parameters[place].value {
                    return text(value, in: Scope(path, function.name), depth: depth + 1)
                }
            default: continue
            }
        }
        // `Version.v1.value`
        if name.hasSuffix(".value") { return text(named: String(name.dropLast(6)), in: scope, depth + 1) }
        return nil
    }

    private func text(of call: PythonCall, in scope: Scope, _ depth: Int) -> String? {
        func first(_ keywords: String..., at place: Int) -> String? {
            let given = keywords.lazy.compactMap { call[$0] }.first
            let value = given ?? (call.arguments.indices.contains(place) ? call.arguments[place] : nil)
            return value.flatMap { text($0, in: scope, depth: depth + 1) }
        }
        if Self.isEnvironment(call.function) { return first("default", at: 1) }
        switch call.method {
        case "Field": return first("default", at: 0)
        case "str" where call.function != "str": return first("default", at: call.arguments.count > 1 ? 1 : 0)
        case "str", "Path", "PurePath", "SecretStr", "AnyUrl", "Secret", "URL", "parse_obj", "cast", "Query":
            return first("default", at: call.method == "cast" ? 1 : 0)
        case "config", "getenv", "get_env", "env": return first("default", at: 1)
        case "rstrip", "strip", "lower", "lstrip", "get_secret_value", "as_posix", "resolve", "absolute", "upper":
            guard call.function.count > call.method.count + 1 else { return nil }
            let base = String(call.function.dropLast(call.method.count + 1))
            guard let text = text(named: base, in: scope, depth + 1) else { return nil }
            if call.method == "rstrip", call.arguments.first?.text == "/" {
                return text.hasSuffix("/") ? String(text.dropLast()) : text
            }
            return text
        case "join" where call.function.hasSuffix("path.join"):
            let parts = call.arguments.map { text($0, in: scope, depth: depth + 1) }
            guard parts.allSatisfy({ $0 != nil }) else { return nil }
            return parts.compactMap { $0 }.reduce("") { $1.hasPrefix("/") || $0.isEmpty ? $1 : $0 + "/" + $1 }
        default:
            guard case .function(let function, let path)? = targets(of: call.function, in: scope).first,
                function.results.count == 1, let result = function.results.first
            else { return nil }
            return text(result.value, in: Scope(path, function.name), depth: depth + 1)
        }
    }

    /// `settings["prefix"]` of a dictionary that is written down.
    private func text(under key: PythonValue, of base: PythonValue, in scope: Scope, _ depth: Int) -> String? {
        guard let name = base.name, let wanted = key.text else { return nil }
        for case .assign(let item, let path) in targets(of: name, in: scope) {
            guard case .dict(let pairs)? = item.value else { continue }
            if let pair = pairs.first(where: { $0.key.text == wanted }) {
                return text(pair.value, in: Scope(path, item.scope), depth: depth + 1)
            }
        }
        return nil
    }

    /// An f-string with the names in it filled in; nil when one can't be told.
    private func filled(_ format: String, in scope: Scope, _ depth: Int) -> String? {
        var result = ""
        var rest = format[...]
        while let open = rest.firstIndex(of: "{") {
            result += rest[..<open]
            guard let close = rest[open...].firstIndex(of: "}") else { return nil }
            let name = String(rest[rest.index(after: open)..<close])
            guard Self.words(of: "{\(name)}") == [name.split(separator: ".").last.map(String.init) ?? ""],
                let text = text(named: imported(name, in: scope.path), in: scope, depth + 1)
            else { return nil }
            result += text
            rest = rest[rest.index(after: close)...]
        }
        return result + rest
    }

    /// A name as the file writes it, with its first part replaced by what the file imports under it.
    func imported(_ name: String, in path: String) -> String {
        let first = name.prefix { $0 != "." }
        guard let item = index.module(at: path)?.imports.last(where: { $0.name == first }), item.level != nil else {
            return name
        }
        return item.target + name.dropFirst(first.count)
    }

    /// The last parts of the names that stand in braces.
    private static func words(of format: String) -> [String] {
        format.split(separator: "{", omittingEmptySubsequences: false).dropFirst().compactMap { piece in
            let name = piece.prefix { $0 != "}" }
            let isName = name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }
            return isName ? name.split(separator: ".").last.map(String.init) : nil
        }
    }
}
