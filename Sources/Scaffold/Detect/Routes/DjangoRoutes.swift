/// The paths of a Django project: `urlpatterns`, with what they include.
struct DjangoRoutes {
    private(set) var routes: [AppRoute] = []
    private(set) var mounts: [AppRoute.Mount] = []
    private let resolver: NameResolver
    private var visited: Set<String> = []

    init(_ resolver: NameResolver) {
        self.resolver = resolver
        let urls = resolver.modules.filter { TreePath.name(of: $0.path) == "urls.py" }
        if let start = root(of: urls) { visit(start, prefix: "/", isReached: true, depth: 0) }
        for module in urls where !visited.contains(module.path) {
            visit(module, prefix: "/", isReached: false, depth: 0)
        }
    }

    // MARK: - Private

    /// The module that `ROOT_URLCONF` names.
    private func root(of urls: [PythonModule]) -> PythonModule? {
        for module in resolver.modules {
            for assign in module.assigns where assign.target == "ROOT_URLCONF" {
                guard let name = assign.value?.text else { continue }
                if let found = resolver.index.find(name, in: resolver.roots(for: module.path)), found.rest.isEmpty {
                    return found.module
                }
            }
        }
        let own = urls.filter { module in module.assigns.contains { $0.target == "urlpatterns" } }
        return own.min {
            ($0.path.split(separator: "/").count, $0.path) < ($1.path.split(separator: "/").count, $1.path)
        }
    }

    private mutating func visit(_ module: PythonModule, prefix: String, isReached: Bool, depth: Int) {
        guard depth < 8, routes.count < 5_000 else { return }
        visited.insert(module.path)
        for assign in module.assigns where assign.target == "urlpatterns" && assign.scope.isEmpty {
            guard let value = assign.value else { continue }
            take(value, in: NameResolver.Scope(module.path), prefix, isReached, depth)
        }
    }

    private mutating func take(
        _ list: PythonValue,
        in scope: NameResolver.Scope,
        _ prefix: String,
        _ isReached: Bool,
        _ depth: Int
    ) {
        for item in resolver.items(of: list, in: scope) {
            guard case .call(let call) = item.value, ["path", "re_path", "url"].contains(call.method) else { continue }
            guard let text = call.argument(0, "route").flatMap({ resolver.text($0, in: item.scope) }) else { continue }
            guard let view = call.argument(1, "view") else { continue }
            let path = prefix + (call.method == "path" ? text : Self.plain(text))
            if case .call(let inner) = view, inner.method == "include" {
                include(inner, in: item.scope, path, isReached, depth)
            } else {
                add(view, at: path, Place(item.scope.path, call.line), in: item.scope, isReached)
            }
        }
    }

    private mutating func include(
        _ call: PythonCall,
        in scope: NameResolver.Scope,
        _ prefix: String,
        _ isReached: Bool,
        _ depth: Int
    ) {
        guard let first = call.arguments.first else { return }
        let inner = first.elements?.first ?? first
        if let name = inner.text {
            if let found = resolver.index.find(name, in: resolver.roots(for: scope.path)), found.rest.isEmpty {
                visit(found.module, prefix: prefix, isReached: isReached, depth: depth + 1)
            } else if name.hasPrefix("health_check.") || name == "watchman.urls" || name == "django_prometheus.urls" {
                // Libraries whose one path answers for the app's health, or its figures.
                let path = name == "django_prometheus.urls" ? prefix + "metrics" : prefix
                add(.name(name), at: path, Place(scope.path, call.line), in: scope, isReached)
            }
        } else if case .list = inner {
            take(inner, in: scope, prefix, isReached, depth + 1)
        } else if case .name(let name) = inner {
            take(.name(name), in: scope, prefix, isReached, depth + 1)
        }
    }

    private mutating func add(
        _ view: PythonValue,
        at path: String,
        _ place: Place,
        in scope: NameResolver.Scope,
        _ isReached: Bool
    ) {
        var name = view.name ?? view.call?.function ?? ""
        if name.hasSuffix(".as_view") { name = String(name.dropLast(8)) }
        var route = AppRoute([], path, handler: name, file: scope.path, place: place)
        route.isReached = isReached
        for target in resolver.targets(of: name, in: scope).prefix(1) {
            switch target {
            case .function(let function, let file):
                route.handler = function.name
                route.file = file
                route.isAsync = function.isAsync
                route.decorators = function.decorators.compactMap { $0.name ?? $0.call?.function }
            case .klass(let klass, let file):
                let get = resolver.function("\(klass.name).get", in: file)
                route.handler = get?.name ?? klass.name
                route.file = file
                route.decorators = resolver.bases(of: klass, in: file).map(\.name)
                let guards = klass.fields.first { $0.name == "permission_classes" }?.value?.elements ?? []
                route.decorators += guards.compactMap(\.name)
            default: break
            }
        }
        // `login_required(view)`
        if case .call(let call) = view, let inner = call.arguments.first?.name, !call.function.hasSuffix("as_view") {
            route.decorators.append(call.function)
            route.handler = inner
        }
        routes.append(route)
    }

    /// A regular expression as a path, as far as it is one: `^health/$` is `health/`.
    private static func plain(_ pattern: String) -> String {
        var text = pattern[...]
        if text.hasPrefix("^") { text = text.dropFirst() }
        if text.hasSuffix("$") { text = text.dropLast() }
        if text.hasSuffix("/?") { text = text.dropLast() }
        return String(text).replacing("\\.", with: ".").replacing("\\-", with: "-")
    }
}
