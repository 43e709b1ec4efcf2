import Model

extension RouteGraph {
    static let verbs: Set<String> = ["get", "post", "put", "delete", "patch", "head", "options", "trace", "query"]

    /// Takes in what a call declares: `include_router`, `mount`, `add_api_route`.
    mutating func take(_ call: PythonCall, in module: PythonModule) {
        let scope = NameResolver.Scope(module.path, call.scope)
        let base = String(call.function.dropLast(call.method.count + 1))
        guard !base.isEmpty else { return }
        let receiver = PythonValue.name(base)
        switch call.method {
        case "include_router", "register_blueprint", "add_router", "add_namespace", "register_blueprints":
            for round in rounds(of: call, in: scope) { include(call, by: receiver, in: scope, round) }
        case "mount":
            for round in rounds(of: call, in: scope) { mount(call, by: receiver, in: scope, round) }
        case "frontend":
            let keys = routers(of: receiver, in: scope)
            add(mounted(at: call.argument(0, "path"), .call(call), call, in: scope), to: keys)
        case "add_api_route", "add_route", "add_websocket_route", "add_api_websocket_route", "add_url_rule":
            for round in rounds(of: call, in: scope) { addRoute(call, to: receiver, in: scope, round) }
        case "add_resource": addResource(call, to: receiver, in: scope)
        case "init_app":
            guard let app = call.arguments.first else { return }
            // `api.init_app(app)` of flask-restful: the app includes it.
            for child in routers(of: receiver, in: scope) {
                add(Edge(child: child, prefix: ""), to: routers(of: app, in: scope))
            }
        default: break
        }
    }

    /// Adds what a constructor is handed: `routes=[...]`, `route_handlers=[...]`, the app of an `Api(app)`.
    mutating func fill(_ key: Key, from call: PythonCall, in scope: NameResolver.Scope) {
        guard let kind = RouterKind.of(call, in: scope.path, resolver) else { return }
        switch kind.family {
        case .litestar:
            let handlers = call["route_handlers"] ?? (kind.isApp ? call.arguments.first : call.arguments[at: 1])
            if let handlers { addHandlers(handlers, to: key, in: scope) }
        case .flask:
            if !kind.isApp, call.method == "Api", let app = call.argument(0, "app") {
                add(Edge(child: key, prefix: ""), to: routers(of: app, in: scope))
            }
        default:
            // The app hands itself to its lifespan.
            for case .function(let function, let file) in call["lifespan"].map({ resolver.targets(of: $0, in: scope) })
                ?? []
            {
                let parameters = function.parameters.filter { $0.name != "self" }
                guard let name = parameters.first?.name else { continue }
                add(Edge(child: Key(path: file, scope: function.name, name: name), prefix: ""), to: [key])
            }
            let routes = call["routes"] ?? (call.method == "Router" ? call.arguments.first : nil)
            if let routes { addList(routes, to: key, in: scope) }
        }
    }

    // MARK: - Private

    /// An argument and the place that its names are seen from.
    private typealias Given = (value: PythonValue, scope: NameResolver.Scope)

    /// What the variables of the loops around a call stand for, round by round; one empty round without a loop.
    private func rounds(of call: PythonCall, in scope: NameResolver.Scope) -> [[String: Given]] {
        var rounds: [[String: Given]] = [[:]]
        for loop in resolver.loops(around: call.line, in: scope) {
            let items = resolver.items(of: loop.value, in: scope)
            guard !items.isEmpty, items.count * rounds.count <= 400 else { continue }
            rounds = rounds.flatMap { round in
                items.map { item in
                    var next = round
                    for (place, name) in loop.targets.enumerated() where !name.isEmpty {
                        let value = loop.targets.count == 1 ? item.value : item.value.elements?[at: place]
                        if let value { next[name] = (value, item.scope) }
                    }
                    return next
                }
            }
        }
        return rounds
    }

    private func given(_ value: PythonValue?, _ scope: NameResolver.Scope, _ round: [String: Given]) -> Given? {
        guard let value else { return nil }
        guard case .name(let name) = value, !round.isEmpty else { return (value, scope) }
        let first = String(name.prefix { $0 != "." })
        guard let known = round[first] else { return (value, scope) }
        let rest = name.dropFirst(first.count)
        if rest.isEmpty { return known }
        guard case .name(let base) = known.value else { return (value, scope) }
        return (.name(base + rest), known.scope)
    }

    private mutating func include(
        _ call: PythonCall,
        by receiver: PythonValue,
        in scope: NameResolver.Scope,
        _ round: [String: Given]
    ) {
        let names = ["router", "blueprint", "ns", "namespace"]
        // Ninja's `add_router(prefix, router)` has them the other way round.
        let isNinja = call.method == "add_router"
        let child = names.lazy.compactMap { call[$0] }.first ?? call.arguments[at: isNinja ? 1 : 0]
        guard let child = given(child, scope, round) else { return }
        let prefixes = ["prefix", "url_prefix", "path"].lazy.compactMap { call[$0] }
        let prefix = given(prefixes.first ?? (isNinja ? call.arguments.first : nil), scope, round)
        let text = prefix.map { resolver.text($0.value, in: $0.scope) } ?? ""
        let isFlask = call.method == "register_blueprint" && prefix != nil
        let dependencies = dependencies(call["dependencies"], in: scope)
        let parents = routers(of: receiver, in: scope)
        for key in routers(of: child.value, in: child.scope) {
            add(Edge(child: key, prefix: text, replacesPrefix: isFlask, dependencies: dependencies), to: parents)
        }
    }

    private mutating func mount(
        _ call: PythonCall,
        by receiver: PythonValue,
        in scope: NameResolver.Scope,
        _ round: [String: Given]
    ) {
        guard let app = given(call.argument(1, "app"), scope, round) else { return }
        let parents = routers(of: receiver, in: scope)
        let path = given(call.argument(0, "path"), scope, round)
        let children = routers(of: app.value, in: app.scope)
        if children.isEmpty {
            add(mounted(at: path?.value, app.value, call, in: scope), to: parents)
            return
        }
        let text = path.flatMap { resolver.text($0.value, in: $0.scope) }
        for key in children { add(Edge(child: key, prefix: text), to: parents) }
    }

    private func mounted(
        at path: PythonValue?,
        _ value: PythonValue,
        _ call: PythonCall,
        in scope: NameResolver.Scope
    ) -> AppRoute.Mount {
        let text = path.flatMap { resolver.text($0, in: scope) } ?? ""
        return AppRoute.Mount(path: text, value: value, scope: scope.name, place: Place(scope.path, call.line))
    }

    private mutating func addRoute(
        _ call: PythonCall,
        to receiver: PythonValue,
        in scope: NameResolver.Scope,
        _ round: [String: Given]
    ) {
        let isFlask = call.method == "add_url_rule"
        let endpoint =
            isFlask ? call.argument(2, "view_func") : call["endpoint"] ?? call["route"] ?? call.arguments[at: 1]
        guard let path = given(call.argument(0, isFlask ? "rule" : "path"), scope, round),
            let handler = given(endpoint, scope, round)
        else { return }
        let keys = routers(of: receiver, in: scope)
        guard !keys.isEmpty else { return }
        let isWebsocket = call.method.contains("websocket")
        var declared = declared(
            isWebsocket ? ["WEBSOCKET"] : methods(call["methods"], in: scope) ?? ["GET"],
            path: resolver.text(path.value, in: path.scope),
            handler: handler.value,
            at: Place(scope.path, call.line),
            in: handler.scope
        )
        declared.route.dependencies = dependencies(call["dependencies"], in: scope) + declared.route.dependencies
        add(declared, to: keys)
    }

    /// `api.add_resource(Users, "/users", "/people")` of flask-restful.
    private mutating func addResource(_ call: PythonCall, to receiver: PythonValue, in scope: NameResolver.Scope) {
        let keys = routers(of: receiver, in: scope)
        guard !keys.isEmpty, let resource = call.arguments.first else { return }
        for path in call.arguments.dropFirst() {
            let text = resolver.text(path, in: scope)
            add(declared([], path: text, handler: resource, at: Place(scope.path, call.line), in: scope), to: keys)
        }
    }

    /// Starlette's lists: `Route`, `WebSocketRoute`, `Mount`, `Host`.
    private mutating func addList(_ list: PythonValue, to key: Key, in scope: NameResolver.Scope, depth: Int = 0) {
        guard depth < 8 else { return }
        for item in resolver.items(of: list, in: scope) {
            guard case .call(let call) = item.value else { continue }
            let scope = item.scope
            let path = call.argument(0, "path").flatMap { resolver.text($0, in: scope) }
            switch call.method {
            case "Route", "APIRoute", "WebSocketRoute", "APIWebSocketRoute":
                guard let handler = call.argument(1, "endpoint") else { continue }
                let isWebsocket = call.method.contains("WebSocket")
                let methods = isWebsocket ? ["WEBSOCKET"] : methods(call["methods"], in: scope) ?? []
                add(
                    declared(methods, path: path, handler: handler, at: Place(scope.path, call.line), in: scope),
                    to: [key]
                )
            case "Mount":
                if let routes = call["routes"] {
                    let inner = Key(
                        path: scope.path,
                        scope: scope.name,
                        name: "mount \(call.line) \(path ?? "") \(depth)"
                    )
                    add(Edge(child: inner, prefix: path), to: [key])
                    addList(routes, to: inner, in: scope, depth: depth + 1)
                } else if let app = call.argument(1, "app") {
                    let children = routers(of: app, in: scope)
                    for child in children { add(Edge(child: child, prefix: path), to: [key]) }
                    if children.isEmpty { add(mounted(at: call.argument(0, "path"), app, call, in: scope), to: [key]) }
                }
            case "Host":
                for child in call.argument(1, "app").map({ routers(of: $0, in: scope) }) ?? [] {
                    add(Edge(child: child, prefix: ""), to: [key])
                }
            default: continue
            }
        }
    }

    /// Litestar's lists: functions that are decorated, classes with a `path`, routers.
    private mutating func addHandlers(_ list: PythonValue, to key: Key, in scope: NameResolver.Scope) {
        for item in resolver.items(of: list, in: scope) {
            for target in resolver.targets(of: item.value, in: item.scope) {
                switch target {
                case .function(let function, let path): addHandler(function, in: path, prefix: "", to: [key])
                case .klass(let klass, let path): addController(klass, in: path, to: [key])
                default: continue
                }
            }
            for child in routers(of: item.value, in: item.scope) { add(Edge(child: child, prefix: ""), to: [key]) }
        }
    }

    private mutating func addController(_ klass: PythonModule.Class, in path: String, to keys: [Key]) {
        let prefix = klass.fields.first { $0.name == "path" }?.value.flatMap {
            resolver.text($0, in: NameResolver.Scope(path, klass.name))
        }
        let methods = resolver.index.module(at: path)?.functions ?? []
        for function in methods where function.name.hasPrefix(klass.name + ".") {
            addHandler(function, in: path, prefix: prefix ?? "", to: keys)
        }
    }

    /// Litestar's controllers that no list names: a plugin of the app may add them when it starts.
    mutating func addUnlisted(_ modules: [PythonModule]) {
        let listed = Set(routers.values.flatMap { $0.routes.map(\.route.place) })
        for module in modules {
            for klass in module.classes where klass.bases.contains(where: { $0.hasSuffix("Controller") }) {
                let own = module.functions.filter { $0.name.hasPrefix(klass.name + ".") }
                let lines = own.flatMap { $0.decorators.compactMap { $0.call?.line } }
                guard !lines.contains(where: { listed.contains(Place(module.path, $0)) }) else { continue }
                addController(klass, in: module.path, to: [])
            }
        }
    }

    private mutating func addHandler(
        _ function: PythonModule.Function,
        in path: String,
        prefix: String,
        to keys: [Key]
    ) {
        for decorator in function.decorators {
            guard let call = decorator.call, call.function.hasPrefix("litestar.") else { continue }
            let isWebsocket = call.method.hasPrefix("websocket")
            guard isWebsocket || Self.verbs.contains(call.method) else { continue }
            let paths = call.argument(0, "path").map { value in
                value.elements?.map { resolver.text($0, in: NameResolver.Scope(path)) } ?? [
                    resolver.text(value, in: NameResolver.Scope(path))
                ]
            }
            for text in paths ?? [""] {
                var route = declared(
                    function,
                    in: path,
                    isWebsocket ? ["WEBSOCKET"] : [call.method.uppercased()],
                    text,
                    call.line
                )
                route.route.path = Self.joined(prefix, route.route.path)
                add(route, to: keys)
            }
        }
    }
}
