/// The paths that an app answers, with all prefixes, and who answers them.
///
/// What the app that is started includes comes first; routers whose way to it could not be found follow, marked as such.
package struct AppRoutes: Sendable {
    /// HTTP routes, each group in the order of paths and places.
    package var routes: [AppRoute] = []
    package var websockets: [AppRoute] = []
    /// Folders and foreign apps.
    package var mounts: [AppRoute.Mount] = []
    /// What a proxy in front takes off a path before the app sees it.
    package var rootPath: String?
    /// Where the app shows its own documentation: `/docs`, `/openapi.json`.
    package var documentation: [String] = []
    let resolver: NameResolver

    /// Finds the routes of the app that ``Facts/entry`` names; without one, of all apps that no other mounts.
    package init(_ context: ScanContext) {
        resolver = context.resolver
        if resolver.modules.contains(where: { TreePath.name(of: $0.path) == "urls.py" }) {
            let django = DjangoRoutes(resolver)
            routes = django.routes
            mounts = django.mounts
        }
        var graph = RouteGraph(resolver)
        let starts = Self.starts(context.facts.entry, &graph)
        var walk = Walk(graph: graph)
        for key in starts {
            if let router = graph.routers[key] {
                rootPath = rootPath ?? router.rootPath
                documentation += router.documentation
            }
            walk.visit(key)
        }
        if starts.count == 1 { walk.visitOrphans() }
        walk.visitRest()
        routes += walk.routes
        websockets = walk.websockets
        mounts += walk.mounts
        routes = Self.sorted(routes)
        websockets = Self.sorted(websockets)
    }

    /// The HTTP routes of a path.
    package func routes(at path: String) -> [AppRoute] { routes.filter { $0.path == path } }

    // MARK: - Private

    private static func sorted(_ routes: [AppRoute]) -> [AppRoute] {
        var seen: Set<String> = []
        let once = routes.filter { seen.insert("\($0.isReached) \($0.path) \($0.methods) \($0.place)").inserted }
        return once.sorted { left, right in
            if left.isReached != right.isReached { return left.isReached }
            return (left.path, left.place, left.methods.joined()) < (right.path, right.place, right.methods.joined())
        }
    }

    /// The routers that the entry point is; else the apps that nothing includes.
    private static func starts(_ entry: Facts.Entry?, _ graph: inout RouteGraph) -> [RouteGraph.Key] {
        if let entry, !entry.attribute.isEmpty {
            let root = graph.resolver.code.roots.first ?? ""
            let module = graph.resolver.index.find(entry.module, in: graph.resolver.code.roots)?.module
            if let path = module?.path ?? graph.resolver.index.module(named: entry.module, in: root)?.path {
                let scope = NameResolver.Scope(path)
                var keys = graph.routers(of: .name(entry.attribute), in: scope)
                if keys.isEmpty { keys = graph.results(of: entry.attribute, in: scope) }
                // `app = Wrapper(app)`: the name is the outer one in the end.
                let outer = keys.filter { key in
                    !keys.contains { other in
                        other != key && graph.routers[other]?.edges.contains { $0.child == key } == true
                    }
                }
                if !keys.isEmpty { return outer.isEmpty ? keys : outer }
            }
        }
        let included = Set(graph.routers.values.flatMap { $0.edges.map(\.child) })
        return graph.routers.filter { $0.value.isApp && !included.contains($0.key) }.map(\.key).sorted()
    }
}

extension RouteGraph {
    /// The routers that a function returns: a factory.
    mutating func results(of name: String, in scope: NameResolver.Scope) -> [Key] {
        resolver.targets(of: name, in: scope).flatMap { target -> [Key] in
            guard case .function(let function, let path) = target else { return [] }
            return results(of: function, in: path)
        }
    }
}

/// The way from an app down to its routes.
private struct Walk {
    let graph: RouteGraph
    var routes: [AppRoute] = []
    var websockets: [AppRoute] = []
    var mounts: [AppRoute.Mount] = []
    private var visited: Set<RouteGraph.Key> = []
    private var steps = 0

    /// More than this is no table that anybody reads.
    private static let maximumRoutes = 20_000
    private static let maximumDepth = 12
    /// Routers that include each other many times end here.
    private static let maximumSteps = 50_000

    init(graph: RouteGraph) {
        self.graph = graph
    }

    /// Where a walk stands: the prefixes so far, and what is depended on.
    private struct Place {
        var prefix = ""
        var dependencies: [AppRoute.Dependency] = []
        var isExact = true
        var isReached = true
        var trail: [RouteGraph.Key] = []
    }

    mutating func visit(_ key: RouteGraph.Key) { visit(key, Place()) }

    /// What functions declare on an app that they are given, when the entry point imports their file.
    mutating func visitOrphans() {
        for key in graph.orphans where !visited.contains(key) {
            let isImported = graph.resolver.index.module(at: key.path).map(graph.resolver.code.isReached) ?? false
            if isImported { visit(key, Place(isExact: false)) }
        }
    }

    /// What no walk came by, from those routers down that nothing includes.
    mutating func visitRest() {
        let included = Set(graph.routers.values.flatMap { $0.edges.map(\.child) })
        for key in graph.routers.keys.sorted() where !visited.contains(key) && !included.contains(key) {
            visit(key, Place(isReached: false))
        }
        for key in graph.routers.keys.sorted() where !visited.contains(key) { visit(key, Place(isReached: false)) }
        for item in graph.loose { add(item, prefix: "", Place(isExact: false, isReached: false)) }
    }

    private mutating func visit(_ key: RouteGraph.Key, _ place: Place, replacing prefix: String?? = nil) {
        guard let router = graph.routers[key], !place.trail.contains(key), place.trail.count < Self.maximumDepth else {
            return
        }
        steps += 1
        guard steps < Self.maximumSteps else { return }
        visited.insert(key)
        var here = place
        let own = prefix ?? router.prefix
        here.prefix = RouteGraph.joined(place.prefix, own ?? "")
        here.isExact = place.isExact && own != nil
        here.dependencies += router.dependencies
        here.trail.append(key)
        for item in router.routes { add(item, prefix: here.prefix, here) }
        for mount in router.mounts {
            var found = mount
            found.path = RouteGraph.joined(here.prefix, mount.path)
            found.isReached = place.isReached
            mounts.append(found)
        }
        for edge in router.edges {
            guard routes.count < Self.maximumRoutes else { return }
            var next = here
            next.dependencies += edge.dependencies
            if edge.replacesPrefix {
                visit(edge.child, next, replacing: .some(edge.prefix))
            } else {
                next.prefix = RouteGraph.joined(here.prefix, edge.prefix ?? "")
                next.isExact = here.isExact && edge.prefix != nil
                visit(edge.child, next)
            }
        }
    }

    private mutating func add(_ item: RouteGraph.Declared, prefix: String, _ place: Place) {
        guard routes.count < Self.maximumRoutes else { return }
        var route = item.route
        route.path = RouteGraph.joined(prefix, route.path)
        if !route.path.hasPrefix("/") { route.path = "/" + route.path }
        route.isExact = place.isExact && item.isExact
        route.isReached = place.isReached
        var seen: Set<AppRoute.Dependency> = []
        route.dependencies = (place.dependencies + route.dependencies).filter { seen.insert($0).inserted }
        if route.methods == ["WEBSOCKET"] {
            route.methods = []
            websockets.append(route)
        } else {
            routes.append(route)
        }
    }
}
