extension RouteGraph {
    /// Takes in what decorators of functions and classes declare.
    mutating func decorate(_ module: PythonModule) {
        for function in module.functions {
            let scope = NameResolver.Scope(module.path, Self.outer(function.name))
            for decorator in function.decorators {
                guard let call = decorator.call, let methods = methods(of: call, in: scope) else { continue }
                let base = String(call.function.dropLast(call.method.count + 1))
                guard !base.isEmpty, base != "litestar" else { continue }
                let keys = routers(of: .name(base), in: scope)
                let value = call["path"] ?? call["rule"] ?? call.arguments.first
                let text = value.map { resolver.text($0, in: scope) } ?? (keys.isEmpty ? nil : "")
                if keys.isEmpty, text?.hasPrefix("/") != true { continue }
                var declared = declared(function, in: module.path, methods, text, call.line)
                declared.route.dependencies =
                    dependencies(call["dependencies"], in: scope) + declared.route.dependencies
                add(declared, to: keys)
            }
        }
        for klass in module.classes { decorate(klass, in: module) }
    }

    /// A route of a handler that an expression names.
    func declared(
        _ methods: [String],
        path: String?,
        handler: PythonValue,
        at place: Place,
        in scope: NameResolver.Scope
    ) -> Declared {
        for target in resolver.targets(of: handler, in: scope) {
            switch target {
            case .function(let function, let file):
                var found = declared(function, in: file, methods, path, place.line ?? 1)
                found.route.place = place
                return found
            case .klass(let klass, let file), .instance(let klass, let file):
                let own = resolver.index.module(at: file)?.functions ?? []
                let verbs = own.filter { $0.name.hasPrefix(klass.name + ".") }.filter { function in
                    Self.verbs.contains(String(function.name.dropFirst(klass.name.count + 1)))
                }
                let names = verbs.map { $0.name.dropFirst(klass.name.count + 1).uppercased() }
                var route = AppRoute(
                    methods.isEmpty ? names : methods,
                    path ?? "",
                    handler: klass.name,
                    file: file,
                    place: place
                )
                if let get = verbs.first(where: { $0.name.hasSuffix(".get") }) ?? verbs.first {
                    route.handler = get.name
                    route.isAsync = get.isAsync
                }
                return Declared(route: route, isExact: path != nil)
            default: continue
            }
        }
        let name = handler.name ?? handler.call?.function ?? ""
        let route = AppRoute(methods, path ?? "", handler: name, file: scope.path, place: place)
        return Declared(route: route, isExact: path != nil)
    }

    /// A route of a function.
    func declared(
        _ function: PythonModule.Function,
        in path: String,
        _ methods: [String],
        _ text: String?,
        _ line: Int
    ) -> Declared {
        var route = AppRoute(methods, text ?? "", handler: function.name, file: path, place: Place(path, line))
        route.isAsync = function.isAsync
        route.dependencies = dependencies(of: function, in: path)
        route.decorators = function.decorators.compactMap { decorator in
            let name = decorator.name ?? decorator.call?.function
            return decorator.call.flatMap { self.methods(of: $0, in: NameResolver.Scope(path)) } == nil ? name : nil
        }
        return Declared(route: route, isExact: text != nil)
    }

    /// The methods of a `methods=[...]`; nil without one.
    func methods(_ value: PythonValue?, in scope: NameResolver.Scope) -> [String]? {
        guard let value else { return nil }
        let items = resolver.items(of: value, in: scope).compactMap {
            resolver.text($0.value, in: $0.scope)?.uppercased()
        }
        return items.isEmpty ? nil : items
    }

    // MARK: - Dependencies

    /// The names in a list of `Depends(...)`.
    func dependencies(_ list: PythonValue?, in scope: NameResolver.Scope) -> [AppRoute.Dependency] {
        guard let list else { return [] }
        return resolver.items(of: list, in: scope).flatMap { dependencies(in: $0.value, in: $0.scope) }
    }

    /// What a function's parameters depend on, and the class's fields when it is a method.
    func dependencies(of function: PythonModule.Function, in path: String) -> [AppRoute.Dependency] {
        let scope = NameResolver.Scope(path, function.name)
        var found: [AppRoute.Dependency] = []
        if let klass = resolver.enclosingClass(of: NameResolver.Scope(path, Self.outer(function.name))) {
            for field in klass.fields {
                if let value = field.value { found += dependencies(in: value, in: NameResolver.Scope(path)) }
            }
        }
        for parameter in function.parameters {
            if case .call(let call)? = parameter.value, Self.isDepends(call), call.arguments.isEmpty,
                call["dependency"] == nil
            {
                // `x: Service = Depends()` is what its annotation makes.
                if let type = parameter.type { found.append(AppRoute.Dependency(type, in: path)) }
                continue
            }
            let own = parameter.value.map { dependencies(in: $0, in: scope) } ?? []
            found += own
            if own.isEmpty, let annotation = parameter.annotation {
                found += dependencies(in: annotation, in: scope)
            } else if own.isEmpty, let type = parameter.type, type.first?.isLetter == true {
                found += dependencies(in: .name(type), in: scope, depth: 3)
            }
        }
        var seen: Set<AppRoute.Dependency> = []
        return found.filter { seen.insert($0).inserted }
    }

    private func dependencies(
        in value: PythonValue,
        in scope: NameResolver.Scope,
        depth: Int = 0
    ) -> [AppRoute.Dependency] {
        guard depth < 6 else { return [] }
        switch value {
        case .call(let call):
            guard Self.isDepends(call) else { return [] }
            guard let given = call.argument(0, "dependency") else { return [] }
            guard let name = given.name ?? given.call?.function ?? Self.base(of: given) else { return [] }
            var found = AppRoute.Dependency(name, in: scope.path)
            let told =
                given.call.map { ($0.arguments + $0.keywords.map(\.value)).flatMap { $0.elements ?? [$0] } } ?? []
            found.isOpen = told.contains { value in
                let words = HealthWords.words(
                    of: (value.name ?? value.call?.function ?? "").split(separator: ".").last.map(String.init) ?? ""
                )
                return words.contains("allow") || words.contains("public") || words.contains("anonymous")
            }
            return [found]
        case .subscripted(_, let index): return dependencies(in: index, in: scope, depth: depth + 1)
        case .tuple(let values), .list(let values), .or(let values):
            return values.flatMap { dependencies(in: $0, in: scope, depth: depth + 1) }
        case .binary(let left, "BitOr", let right):
            return [left, right].flatMap { dependencies(in: $0, in: scope, depth: depth + 1) }
        case .name(let name):
            // `CurrentUser = Annotated[User, Depends(current_user)]`, `ADMIN = Depends(admin)`
            for case .assign(let item, let path) in resolver.targets(of: name, in: scope).prefix(1) {
                switch item.value {
                case .subscripted?, .call?:
                    return item.value.map {
                        dependencies(in: $0, in: NameResolver.Scope(path, item.scope), depth: depth + 1)
                    } ?? []
                default: return []
                }
            }
            return []
        default: return []
        }
    }

    // MARK: - Private

    private static func isDepends(_ call: PythonCall) -> Bool {
        ["Depends", "Security", "FromDishka", "Inject"].contains(call.method)
    }

    private static func base(of value: PythonValue) -> String? {
        if case .subscripted(let base, let index) = value { return index.name ?? base.name }
        return nil
    }

    /// The scope that a function or class stands in.
    static func outer(_ name: String) -> String { name.lastIndex(of: ".").map { String(name[..<$0]) } ?? "" }

    /// Two parts of a path, with one slash between them where both have one.
    static func joined(_ prefix: String, _ path: String) -> String {
        if path.isEmpty { return prefix }
        if prefix.hasSuffix("/"), path.hasPrefix("/") { return prefix + path.dropFirst() }
        if !prefix.isEmpty, !prefix.hasSuffix("/"), !path.hasPrefix("/") { return prefix + "/" + path }
        return prefix + path
    }

    /// The methods that a decorator stands for; nil when it declares no route.
    private func methods(of call: PythonCall, in scope: NameResolver.Scope) -> [String]? {
        guard call.function.contains(".") else { return nil }
        if Self.verbs.contains(call.method) { return [call.method.uppercased()] }
        switch call.method {
        case "api_route", "route", "api_operation":
            return methods(call["methods"] ?? call.arguments[at: 1], in: scope) ?? ["GET"]
        case "websocket", "websocket_route", "websocket_listener": return ["WEBSOCKET"]
        default: return nil
        }
    }

    /// `@namespace.route("/users")` on a class of flask-restx, whose methods are named for the verbs.
    private mutating func decorate(_ klass: PythonModule.Class, in module: PythonModule) {
        for decorator in klass.decorators {
            guard let call = decorator.call, call.method == "route", let value = call.arguments.first else { continue }
            let scope = NameResolver.Scope(module.path, Self.outer(klass.name))
            let keys = routers(of: .name(String(call.function.dropLast(6))), in: scope)
            guard !keys.isEmpty else { continue }
            let text = resolver.text(value, in: scope)
            let place = Place(module.path, call.line)
            add(declared([], path: text, handler: .name(klass.name), at: place, in: scope), to: keys)
        }
    }
}
