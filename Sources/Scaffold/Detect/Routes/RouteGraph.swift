/// Routers and apps of a project, who includes whom, and what is declared on each.
///
/// A router is known by where it is assigned. A function's parameter that takes a router is one too: the callers'
/// routers include it, without a prefix.
struct RouteGraph {
    /// Where a router is bound: a file, the function or class around, the name.
    struct Key: Hashable, Comparable {
        var path: String
        var scope: String
        var name: String

        static func < (left: Key, right: Key) -> Bool {
            (left.path, left.scope, left.name) < (right.path, right.scope, right.name)
        }
    }

    struct Router {
        /// Nil when it can't be told.
        var prefix: String? = ""
        var dependencies: [AppRoute.Dependency] = []
        var routes: [Declared] = []
        var mounts: [AppRoute.Mount] = []
        var edges: [Edge] = []
        var rootPath: String?
        /// Paths of the API's own documentation.
        var documentation: [String] = []
        var isApp = false
        /// It stands before another app, on which all routes are declared.
        var isWrapper = false
        var framework = RouterKind.Family.fastapi
    }

    struct Declared {
        var route: AppRoute
        /// The path's own prefix is known.
        var isExact = true
        /// The router's prefix does not count for it.
        var isAbsolute = false
    }

    struct Edge {
        var child: Key
        var prefix: String?
        /// It stands instead of the child's own prefix, as Flask has it.
        var replacesPrefix = false
        var dependencies: [AppRoute.Dependency] = []
    }

    let resolver: NameResolver
    private(set) var routers: [Key: Router] = [:]
    /// Declared on something that is no router that is known: `self.router` of a class elsewhere.
    private(set) var loose: [Declared] = []
    private var parameters: [Key: (function: PythonModule.Function, index: Int)] = [:]
    private var waiting: [Key] = []
    private var known: [Query: [Key]?] = [:]

    private struct Query: Hashable {
        var scope: NameResolver.Scope
        var name: String
    }

    init(_ resolver: NameResolver) {
        self.resolver = resolver
        for module in resolver.modules { declare(module) }
        for module in resolver.modules {
            decorate(module)
            for assign in module.assigns {
                guard case .call(let call)? = assign.value else { continue }
                let key = Key(path: module.path, scope: assign.scope, name: assign.target)
                fill(key, from: call, in: NameResolver.Scope(module.path, assign.scope))
            }
            for call in module.calls { take(call, in: module) }
        }
        bindParameters()
        addUnlisted(resolver.modules)
    }

    /// The routers that an expression stands for.
    mutating func routers(of value: PythonValue, in scope: NameResolver.Scope, depth: Int = 0) -> [Key] {
        guard depth < NameResolver.maximumDepth else { return [] }
        switch value {
        case .name(let name): return routers(named: name, in: scope, depth)
        case .call(let call): return routers(from: call, in: scope, depth)
        case .or(let values): return values.flatMap { routers(of: $0, in: scope, depth: depth + 1) }
        case .conditional(let yes, let no, _):
            return [yes, no].flatMap { routers(of: $0, in: scope, depth: depth + 1) }
        default: return []
        }
    }

    mutating func add(_ declared: Declared, to keys: [Key]) {
        if keys.isEmpty { loose.append(declared) }
        for key in inner(keys) { routers[key, default: Router()].routes.append(declared) }
    }

    mutating func add(_ edge: Edge, to keys: [Key]) {
        for key in inner(keys) where key != edge.child { routers[key, default: Router()].edges.append(edge) }
    }

    /// Without those that stand before another of them: what is declared on a name before it is wrapped is the inner's.
    private func inner(_ keys: [Key]) -> [Key] {
        let own = keys.filter { routers[$0]?.isWrapper != true }
        return own.isEmpty ? keys : own
    }

    mutating func add(_ mount: AppRoute.Mount, to keys: [Key]) {
        for key in keys { routers[key, default: Router()].mounts.append(mount) }
    }

    /// Parameters that are declared to be apps and that no call was found for: whoever calls them, the app is meant.
    var orphans: [Key] {
        let included = Set(routers.values.flatMap { $0.edges.map(\.child) })
        return routers.keys.filter { key in
            guard !included.contains(key), let (function, index) = parameters[key] else { return false }
            let type = function.parameters[index].type ?? ""
            return ["FastAPI", "Starlette", "Flask", "Quart"].contains { type == $0 || type.hasSuffix("." + $0) }
        }.sorted()
    }

    // MARK: - Private

    /// The routers that a file assigns.
    private mutating func declare(_ module: PythonModule) {
        for assign in module.assigns {
            guard case .call(let call)? = assign.value, let kind = RouterKind.of(call, in: module.path, resolver) else {
                continue
            }
            let key = Key(path: module.path, scope: assign.scope, name: assign.target)
            routers[key] = made(by: call, kind, in: NameResolver.Scope(module.path, assign.scope))
        }
    }

    /// A router as its constructor makes it; routes that are handed to it are added once all routers are known.
    private func made(by call: PythonCall, _ kind: RouterKind, in scope: NameResolver.Scope) -> Router {
        var router = Router()
        router.isApp = kind.isApp
        router.framework = kind.family
        if let name = kind.prefixName, let value = call[name] ?? kind.prefixPlace.flatMap({ call.arguments[at: $0] }),
            value != PythonValue.none
        {
            router.prefix = resolver.text(value, in: scope)
        }
        if kind.isApp, let value = call["root_path"] { router.rootPath = resolver.text(value, in: scope) }
        router.dependencies = dependencies(call["dependencies"], in: scope)
        if kind.isApp, kind.family == .fastapi {
            for (name, usual) in [("docs_url", "/docs"), ("redoc_url", "/redoc"), ("openapi_url", "/openapi.json")] {
                if let path = call[name].map({ resolver.text($0, in: scope) }) ?? usual {
                    router.documentation.append(path)
                }
            }
        }
        return router
    }

    private mutating func routers(named name: String, in scope: NameResolver.Scope, _ depth: Int) -> [Key] {
        let query = Query(scope: scope, name: name)
        if let found = known[query] { return found ?? [] }
        known[query] = .some(nil)
        var found: [Key] = []
        for target in resolver.targets(of: name, in: scope) {
            for key in routers(of: target, depth + 1) where !found.contains(key) { found.append(key) }
        }
        // Starlette's apps have their router as an attribute, FastAPI's routers a list of routes.
        for ending in [".router", ".api", ".app", ".urls"] where found.isEmpty && name.hasSuffix(ending) {
            found = routers(named: String(name.dropLast(ending.count)), in: scope, depth + 1)
        }
        known[query] = found
        return found
    }

    private mutating func routers(of target: NameResolver.Target, _ depth: Int) -> [Key] {
        guard depth < NameResolver.maximumDepth else { return [] }
        switch target {
        case .assign(let item, let path):
            let key = Key(path: path, scope: item.scope, name: item.target)
            if case .call(let call)? = item.value, RouterKind.of(call, in: path, resolver) != nil { return [key] }
            return item.value.map { routers(of: $0, in: NameResolver.Scope(path, item.scope), depth: depth + 1) } ?? []
        case .field(let field, let klass, let path):
            let scope = NameResolver.Scope(path, klass.name)
            return field.value.map { value in
                let key = Key(path: path, scope: klass.name, name: field.name)
                return routers[key] == nil ? routers(of: value, in: scope, depth: depth + 1) : [key]
            } ?? []
        case .parameter(let function, let index, let path):
            let key = Key(path: path, scope: function.name, name: function.parameters[index].name)
            if parameters[key] == nil {
                parameters[key] = (function, index)
                waiting.append(key)
            }
            return [key]
        case .loop(let loop, let index, let path):
            let scope = NameResolver.Scope(path, loop.scope)
            return resolver.elements(of: loop, index, path).flatMap { routers(of: $0, in: scope, depth: depth + 1) }
        case .function, .klass, .instance, .module: return []
        }
    }

    private mutating func routers(from call: PythonCall, in scope: NameResolver.Scope, _ depth: Int) -> [Key] {
        if let kind = RouterKind.of(call, in: scope.path, resolver) {
            let key = Key(path: scope.path, scope: scope.name, name: "line \(call.line)")
            if routers[key] == nil {
                routers[key] = made(by: call, kind, in: scope)
                fill(key, from: call, in: scope)
            }
            return [key]
        }
        if call.method == "VersionedFastAPI" { return versioned(call, in: scope, depth) }
        let targets = resolver.targets(of: call.function, in: scope)
        var found: [Key] = []
        for case .function(let function, let path) in targets {
            for key in results(of: function, in: path, depth) where !found.contains(key) { found.append(key) }
        }
        guard found.isEmpty, targets.isEmpty else { return found }
        // What wraps an app answers for it: `SentryAsgiMiddleware(app)`, `ASGIApp(server, other_asgi_app=app)`.
        for value in call.arguments + call.keywords.map(\.value) where found.isEmpty {
            if case .name = value { found = routers(of: value, in: scope, depth: depth + 1) }
        }
        return found
    }

    /// fastapi-versioning, which puts a version in front of every path; the first one where a route names none.
    private mutating func versioned(_ call: PythonCall, in scope: NameResolver.Scope, _ depth: Int) -> [Key] {
        let key = Key(path: scope.path, scope: scope.name, name: "line \(call.line)")
        guard routers[key] == nil, let app = call.argument(0, "app") else { return [key] }
        let format = call["prefix_format"].map { resolver.text($0, in: scope) } ?? "/v{major}_{minor}"
        let version = call["default_version"]?.elements?.compactMap { value -> Int? in
            if case .integer(let number) = value { Int(number) } else { nil }
        }
        let prefix = format?.replacing("{major}", with: "\(version?.first ?? 1)")
            .replacing("{minor}", with: "\(version?.last ?? 0)")
        var router = Router()
        router.isApp = true
        router.isWrapper = true
        routers[key] = router
        var children: [Key] = []
        // `app = VersionedFastAPI(app)`: the name stands for both.
        for case .assign(let item, let path) in app.name.map({ resolver.targets(of: $0, in: scope) }) ?? [] {
            guard case .call(let made)? = item.value, RouterKind.of(made, in: path, resolver) != nil else { continue }
            children.append(Key(path: path, scope: item.scope, name: item.target))
        }
        if children.isEmpty { children = routers(of: app, in: scope, depth: depth + 1) }
        for child in children { add(Edge(child: child, prefix: prefix), to: [key]) }
        return [key]
    }

    /// The routers that a function returns.
    mutating func results(of function: PythonModule.Function, in path: String, _ depth: Int = 0) -> [Key] {
        let scope = NameResolver.Scope(path, function.name)
        let query = Query(scope: scope, name: "()")
        if let found = known[query] { return found ?? [] }
        known[query] = .some(nil)
        let found = function.results.flatMap { routers(of: $0.value, in: scope, depth: depth + 1) }
        known[query] = found
        return found
    }

    /// Lets those who call a function with a router include what the function declares on its parameter.
    private mutating func bindParameters() {
        var next = 0
        while next < waiting.count, next < 2_000 {
            let key = waiting[next]
            next += 1
            guard let (function, index) = parameters[key], index < function.parameters.count else { continue }
            for given in resolver.passed(to: function, index, in: key.path) {
                add(Edge(child: key, prefix: ""), to: routers(of: given.value, in: given.scope))
            }
        }
    }
}

extension Array {
    /// The element at a place; nil outside.
    subscript(at place: Int) -> Element? { indices.contains(place) ? self[place] : nil }
}
