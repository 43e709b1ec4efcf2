/// What runs while a request is answered: handlers, their dependencies, middleware, and what those call.
struct RequestPaths: Sendable {
    struct Visit: Sendable {
        var key: CodeMap.Key
        /// Runs on the event loop, where whatever blocks stops all other requests.
        var isOnLoop: Bool
        /// Calls between the handler and it.
        var depth: Int
        /// What leads here: `GET /users`, `middleware add_header`.
        var origin: String
        /// The route that leads here; nil for middleware.
        var route: WebRoute?
    }

    /// By function; on the loop where both happen.
    private(set) var visits: [CodeMap.Key: Visit] = [:]

    /// Visits in the order of files and lines.
    var ordered: [Visit] { visits.values.sorted { $0.key < $1.key } }

    /// How many calls deep a handler is followed.
    static let maximumDepth = 2

    init(_ code: CodeMap, routes: [WebRoute]) {
        var waiting: [Visit] = []
        for route in routes {
            let title = route.title
            waiting.append(
                Visit(key: route.key, isOnLoop: route.handler.isAsync, depth: 0, origin: title, route: route)
            )
            waiting += Self.dependencies(route.dependencies, origin: title, code)
        }
        waiting += Self.middleware(code)
        var next = 0
        while next < waiting.count, next < 200_000 {
            let visit = waiting[next]
            next += 1
            if let known = visits[visit.key], known.isOnLoop || !visit.isOnLoop { continue }
            visits[visit.key] = visit
            waiting += Self.dependencies(code.dependencies(of: visit.key), origin: visit.origin, code)
            guard visit.depth < Self.maximumDepth else { continue }
            for call in code.calls(in: visit.key) where !call.inLambda {
                guard let callee = code.function(call.function, at: visit.key), let function = code.functions[callee]
                else {
                    continue
                }
                // What a thread calls stays in that thread.
                if !visit.isOnLoop, function.isAsync { continue }
                // Starlette steps through a plain generator in a thread.
                let isStepped = function.isGenerator == true && !function.isAsync
                guard code.runs(callee.path) else { continue }
                waiting.append(
                    Visit(
                        key: callee,
                        isOnLoop: visit.isOnLoop && !isStepped,
                        depth: visit.depth + 1,
                        origin: visit.origin,
                        route: visit.route
                    )
                )
            }
        }
    }

    // MARK: - Private

    /// Dependencies that are coroutines run on the loop, the others in threads.
    private static func dependencies(_ names: [AppRoute.Dependency], origin: String, _ code: CodeMap) -> [Visit] {
        names.compactMap { name in
            let at = CodeMap.Key(path: name.file, name: "")
            guard let found = code.function(name.name, at: at), let function = code.functions[found] else { return nil }
            return Visit(key: found, isOnLoop: function.isAsync, depth: 0, origin: origin)
        }
    }

    private static func middleware(_ code: CodeMap) -> [Visit] {
        code.modules.flatMap { module in
            module.functions.compactMap { function -> Visit? in
                let isDecorated = function.decorators.contains { $0.call?.method == "middleware" }
                let owner = function.name.split(separator: ".").dropLast().joined(separator: ".")
                let isDispatch =
                    function.name.hasSuffix(".dispatch")
                    && module.classes.contains {
                        $0.name == owner && $0.bases.contains { $0.hasSuffix("BaseHTTPMiddleware") }
                    }
                guard function.isAsync, isDecorated || isDispatch else { return nil }
                let key = CodeMap.Key(path: module.path, name: function.name)
                return Visit(key: key, isOnLoop: true, depth: 0, origin: "middleware \(function.name)")
            }
        }
    }
}
