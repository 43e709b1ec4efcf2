/// Tells whether a handler asks the database or another service before it answers.
struct DependencyProbe {
    private let resolver: NameResolver

    init(_ resolver: NameResolver) {
        self.resolver = resolver
    }

    /// Looks at the handler, what it depends on, and what these call, two calls deep.
    func asks(_ route: AppRoute) -> Bool {
        var seen: Set<NameResolver.Scope> = []
        var level: [NameResolver.Scope] = [NameResolver.Scope(route.file, route.handler)]
        if resolver.function(route.handler, in: route.file) == nil {
            level += scopes(of: route.handler, in: NameResolver.Scope(route.file))
        }
        for item in route.dependencies { level += scopes(of: item.name, in: NameResolver.Scope(item.file)) }
        // A handler that is made by a call, as `health([database_is_up])`, asks what it is given.
        level += handed(to: route)
        for _ in 0...Self.depth {
            var next: [NameResolver.Scope] = []
            for scope in level where seen.insert(scope).inserted && seen.count < 400 {
                for call in resolver.calls(in: scope) {
                    if Self.isData(call) { return true }
                    next += scopes(of: call.function, in: scope)
                    // `asyncio.wait_for(check(), 1)`, `gather(*[check_redis()])` hold calls that are calls of their own;
                    // `run_in_threadpool(check_database)` hands a name over.
                    for value in call.arguments { next += scopes(of: value.name ?? "", in: scope) }
                }
            }
            level = next
        }
        return false
    }

    // MARK: - Private

    private static let depth = 2

    private func scopes(of name: String, in scope: NameResolver.Scope) -> [NameResolver.Scope] {
        guard !name.isEmpty else { return [] }
        return resolver.targets(of: name, in: scope).prefix(4).compactMap { target in
            if case .function(let function, let path) = target { NameResolver.Scope(path, function.name) } else { nil }
        }
    }

    private func handed(to route: AppRoute) -> [NameResolver.Scope] {
        guard let module = resolver.index.module(at: route.place.file) else { return [] }
        let calls = module.calls.filter { $0.line == route.place.line && $0.method.hasPrefix("add_") }
        return calls.flatMap { call -> [NameResolver.Scope] in
            let made = (call.arguments + call.keywords.map(\.value)).compactMap(\.call)
            return made.flatMap { inner in
                (inner.arguments + inner.keywords.map(\.value)).flatMap { value in
                    (value.elements ?? [value]).flatMap {
                        scopes(of: $0.name ?? "", in: NameResolver.Scope(module.path, call.scope))
                    }
                }
            }
        }
    }

    /// A call that reaches a database, a cache or a queue, by its name and that of what it is called on.
    static func isData(_ call: PythonCall) -> Bool {
        let method = call.method
        if sure.contains(method) { return !call.function.hasPrefix("os.") && !call.function.hasPrefix("subprocess.") }
        if call.arguments.contains(where: { $0.text?.lowercased().hasPrefix("select ") == true }) { return true }
        let words = HealthWords.words(of: method)
        if !stores.isDisjoint(with: words), !checks.isDisjoint(with: words) { return true }
        guard likely.contains(method) else { return false }
        let parts = call.function.split(separator: ".").dropLast().suffix(2)
        return parts.contains { !stores.isDisjoint(with: HealthWords.words(of: String($0))) }
    }

    private static let sure: Set<String> = [
        "execute", "scalar", "scalars", "scalar_one", "fetchone", "fetchall", "fetchval", "fetchrow", "fetch_one",
        "fetch_all",
        "fetch_val", "executemany", "server_info", "list_database_names", "list_collection_names", "execute_query",
        "ping",
        "count_documents", "estimated_document_count", "find_one",
    ]
    private static let likely: Set<String> = [
        "connect", "connection", "cursor", "command", "status", "health", "info", "query", "is_connected", "is_alive",
        "is_ready",
        "begin", "exec", "acquire", "get_collections", "list_buckets", "cluster", "check", "fetch", "get", "set",
        "ensure_connection",
    ]
    private static let stores: Set<String> = [
        "db", "database", "session", "conn", "connection", "engine", "pool", "redis", "mongo", "mongodb", "postgres",
        "psql", "es",
        "elastic", "elasticsearch", "opensearch", "rabbitmq", "kafka", "qdrant", "minio", "s3", "mysql", "memcached",
        "backend",
        "clickhouse", "weaviate", "neo4j", "celery",
    ]
    private static let checks: Set<String> = [
        "check", "ping", "health", "healthy", "alive", "ready", "status", "test", "verify", "online", "up", "connected",
        "connection",
        "connect",
    ]
}
