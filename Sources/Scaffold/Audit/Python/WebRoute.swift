/// A route of the app with the function that answers it.
struct WebRoute: Sendable {
    var key: CodeMap.Key
    var handler: PythonModule.Function
    /// `GET`, `POST`; `WEBSOCKET` for a websocket.
    var methods: Set<String>
    /// With all prefixes: `/api/users/{id}`.
    var path: String
    /// The decorator, or the call that adds the route.
    var place: Place
    /// The decorator's arguments, when it is one.
    var call: PythonCall?
    var dependencies: [AppRoute.Dependency]
    /// Other decorators of the handler.
    var decorators: [String]

    /// The last part of the path that is no parameter, in lower case.
    var lastPart: String {
        path.lowercased().split(separator: "/").last { !$0.hasPrefix("{") }.map(String.init) ?? ""
    }

    var isWebSocket: Bool { methods.contains("WEBSOCKET") }

    /// Methods and path: `GET /users`.
    var title: String { "\(methods.sorted().joined(separator: "/")) \(path)" }

    /// Whether a dependency or a decorator looks at who asks.
    var isGuarded: Bool {
        dependencies.contains { Self.asksWho($0.name) } || decorators.contains(where: Self.asksWho)
            || handler.parameters.contains { Self.asksWho($0.name) && $0.value?.call != nil }
    }

    /// Whether a name is that of a check of identity: `get_current_user`, `verify_token`, `AdminDep`.
    static func asksWho(_ name: String) -> Bool {
        let last = name.split(separator: ".").last.map { $0.lowercased() } ?? ""
        return words.contains { last.contains($0) }
    }

    private static let words = [
        "auth", "user", "token", "admin", "permission", "role", "security", "verif", "require", "api_key", "apikey",
        "basic", "bearer", "credential", "protect", "login", "allowed", "whitelist", "allowlist", "jwt", "oauth",
        "identity", "principal", "guard", "account", "wallet", "owner",
    ]
}

extension AuditContext {
    /// The routes whose handlers are the app's own functions, in the order of files and lines.
    var routes: [WebRoute] {
        memo.value("routes") {
            var scan = ScanContext(project: project, program: program)
            scan.root = facts.root
            scan.facts = facts
            let table = scan.routes
            let all =
                table.routes
                + table.websockets.map { route in
                    var route = route
                    route.methods = ["WEBSOCKET"]
                    return route
                }
            return all.compactMap { WebRoute($0, code) }.sorted { ($0.place, $0.path) < ($1.place, $1.path) }
        }
    }
}

extension WebRoute {
    /// Nil when the handler's function is not known, or is a test's.
    init?(_ route: AppRoute, _ code: CodeMap) {
        let key = CodeMap.Key(path: route.file, name: route.handler)
        guard let function = code.functions[key], code.runs(route.file), code.runs(route.place.file) else { return nil }
        self.key = key
        handler = function
        methods = Set(route.methods.isEmpty ? ["GET"] : route.methods)
        path = route.path
        place = route.place
        call = function.decorators.compactMap(\.call).first { $0.line == route.place.line }
        dependencies = route.dependencies
        decorators = route.decorators
    }
}

extension CodeMap {
    /// What a function depends on by its parameters, aliases of `Annotated[…]` followed.
    func dependencies(of key: Key) -> [AppRoute.Dependency] {
        guard let function = functions[key] else { return [] }
        return function.parameters.flatMap { parameter -> [AppRoute.Dependency] in
            var names = Self.depends(parameter.value) + Self.depends(parameter.annotation)
            if parameter.annotation == nil, let type = parameter.type {
                // `CurrentUser`, which is `Annotated[User, Depends(get_current_user)]`, or a class with `Depends()`.
                if let value = alias(type, path: key.path) {
                    names += Self.depends(value)
                } else if let call = parameter.value?.call, call.method == "Depends", call.arguments.isEmpty {
                    names.append(type)
                }
            }
            return names.map { AppRoute.Dependency($0, in: key.path) }
        }
    }

    /// The value that an alias of a type stands for: `SessionDep = Annotated[…]`.
    func alias(_ name: String, path: String) -> PythonValue? {
        if let own = assigns[Key(path: path, name: "")]?.last(where: { $0.target == name }) { return own.value }
        guard name.contains("."), let (module, rest) = definition(of: name, path: path) else { return nil }
        return assigns[Key(path: module.path, name: "")]?.last { $0.target == rest }?.value
    }

    // MARK: - Private

    /// What `Depends(…)` and `Security(…)` name in a value, also in lists and annotations.
    private static func depends(_ value: PythonValue?) -> [String] {
        switch value {
        case .call(let call):
            guard call.method == "Depends" || call.method == "Security" else { return [] }
            guard let target = call.argument(0, "dependency") else { return [] }
            return [target.name ?? target.call?.function].compactMap { $0 }
        case .list(let items), .tuple(let items): return items.flatMap(depends)
        case .subscripted(_, let index): return depends(index)
        case .binary(let left, _, let right): return depends(left) + depends(right)
        default: return []
        }
    }
}
