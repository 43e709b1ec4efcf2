/// A route that says whether the app is well.
struct HealthRoute: Sendable {
    var route: WebRoute
    /// The functions that run for it: its handler, its dependencies, what those call.
    var functions: [CodeMap.Key]
    /// Calls among them that ask a database, a cache or another service, with where they stand.
    var asks: [AppCall]
    /// One of the calls is bounded in time.
    var isBounded: Bool

    /// It is named as the question whether traffic may come.
    var isReadiness: Bool { ["ready", "readyz", "readiness"].contains(route.lastPart.filter(\.isLetter)) }
    /// It is named as the question whether the process lives.
    var isLiveness: Bool { ["live", "livez", "liveness", "alive"].contains(route.lastPart.filter(\.isLetter)) }
}

extension AuditContext {
    /// The app's health routes.
    var healthRoutes: [HealthRoute] {
        memo.value("health") {
            let known = Set(facts.health.candidates + [facts.health.live, facts.health.ready].compactMap { $0 })
            let found = routes.filter { route in
                guard !route.methods.isDisjoint(with: ["GET", "HEAD"]), code.isReached(route.key.path) else {
                    return false
                }
                return known.contains(route.path) || HealthRoute.isOne(route.path)
            }
            return found.map { HealthRoute($0, code) }
        }
    }
}

extension HealthRoute {
    init(_ route: WebRoute, _ code: CodeMap) {
        self.route = route
        let below = Self.below(route, code)
        functions = below
        asks = below.flatMap { key -> [AppCall] in
            guard let module = code.module(key.path) else { return [] }
            return code.calls(in: key).filter(Self.asks).map { AppCall(module: module, call: $0) }
        }
        isBounded = below.contains { key in
            code.calls(in: key).contains { call in
                let name = call.method.lowercased()
                return name == "wait_for" || name.contains("timeout") || name == "fail_after" || name == "move_on_after"
                    || call.keywords.contains { $0.name.contains("timeout") }
            }
        }
    }

    /// Whether a path is that of a health check; weak names such as `/status` only at the top or below `/health`.
    static func isOne(_ path: String) -> Bool {
        let parts = path.lowercased().split(separator: "/")
        guard let last = parts.last, !last.contains("{") else { return false }
        let name = last.filter { $0.isLetter || $0.isNumber }
        if strong.contains(name) { return true }
        let versions = parts.dropLast().filter {
            $0 != "api" && !($0.hasPrefix("v") && $0.dropFirst().allSatisfy(\.isNumber))
        }
        return weak.contains(name)
            && (versions.isEmpty || versions.contains { $0.contains("health") || $0 == "monitoring" })
    }

    // MARK: - Private

    private static let strong: Set<String> = [
        "health", "healthz", "healthcheck", "healthcheckz", "livez", "liveness", "readyz", "readiness", "heartbeat",
        "lbheartbeat",
    ]
    private static let weak: Set<String> = ["live", "alive", "ready", "ping", "up"]

    private static let verbs: Set<String> = [
        "execute", "scalar", "scalars", "fetch", "fetchval", "fetchrow", "fetch_one", "fetch_all", "fetch_val", "ping",
        "command", "exec", "acquire", "cursor", "server_info", "list_collection_names", "connect", "execute_query",
        "test_connection", "check_connection", "is_connected",
    ]

    /// Whether a call goes to another service.
    private static func asks(_ call: PythonCall) -> Bool {
        verbs.contains(call.method) && call.function.contains(".") && !call.function.hasPrefix("re.")
            && !call.function.hasPrefix("asyncio.") && call.scope != ""
    }

    private static func below(_ route: WebRoute, _ code: CodeMap) -> [CodeMap.Key] {
        var seen: Set<CodeMap.Key> = [route.key]
        var keys = [route.key]
        var level = [route.key]
        for _ in 0..<3 {
            let next = level.flatMap { key -> [CodeMap.Key] in
                let depends = code.dependencies(of: key).compactMap { code.function($0.name, at: key) }
                let runs = code.calls(in: key).flatMap { call -> [CodeMap.Key] in
                    // `wait_for(check(), 2)`, `gather(*[run(check_db)])`: functions that are handed over run too.
                    let handed = call.arguments.compactMap(\.name)
                    return ([call.function] + handed).compactMap { code.function($0, at: key) }
                }
                return depends + runs
            }
            level = next.filter { seen.insert($0).inserted }
            keys += level
        }
        return keys
    }
}
