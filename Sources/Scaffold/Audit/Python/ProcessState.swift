/// What an app keeps in the memory of its process, where a second process does not see it.
struct ProcessState: Sendable {
    /// Where a started scheduler is made, with the name of its library.
    private(set) var schedulers: [(place: Place, name: String)] = []
    /// Where clients of websockets are put into a dict, a list or a set.
    private(set) var sockets: [Place] = []
    /// Where a limiter, a cache or a table is kept that requests write to, and what it is.
    private(set) var tables: [(place: Place, what: String)] = []

    init(_ context: AuditContext) {
        let code = context.code
        schedulers = Self.schedulers(code)
        if !Self.hasBroker(context) { sockets = Self.sockets(code) }
        tables = Self.limiters(code) + Self.caches(code)
    }

    // MARK: - Private

    private static let makers: Set<String> = ["AsyncIOScheduler", "BackgroundScheduler", "Rocketry", "AsyncScheduler"]

    private static func schedulers(_ code: CodeMap) -> [(place: Place, name: String)] {
        let started = Set(
            code.web.flatMap { module in module.calls.filter { $0.method == "start" }.map { $0.function } }
        )
        var found: [(place: Place, name: String)] = []
        for app in code.calls(named: makers, in: code.web) where !app.call.inMainGuard {
            // With a store of jobs that others share, only one of them runs each job at a time.
            let shared =
                app.call["jobstores"] != nil
                && lockWords.contains { app.module.imports.map(\.target).joined().contains($0) }
            let isLibrary = app.call.function.contains("scheduler") || app.call.function.contains("ocketry")
            guard isLibrary, !started.isEmpty, !shared, !isLocked(app, code) else { continue }
            found.append((app.place, app.call.method))
        }
        for module in code.web {
            for function in module.functions
            where function.decorators.contains(where: { $0.call?.method == "repeat_every" }) {
                found.append((Place(module.path, function.line), "repeat_every"))
            }
        }
        return found
    }

    private static let lockWords = ["redlock", "redis", "sqlalchemy"]

    /// The file takes a lock before it starts anything.
    private static func isLocked(_ app: AppCall, _ code: CodeMap) -> Bool {
        app.module.calls.contains { call in
            let name = call.function.lowercased()
            return name.contains("lock") && !name.contains("block") && !name.contains("clock")
                || name.contains("leader")
                || call.arguments.contains { $0.text?.lowercased().contains("advisory_lock") == true }
        }
    }

    private static func hasBroker(_ context: AuditContext) -> Bool {
        context.code.calls(named: ["publish", "pubsub", "subscribe", "listen", "add_listener"]).contains { app in
            let name = app.call.function.lowercased()
            return !name.hasPrefix("self.publish") && !name.contains("event_bus")
        } || context.uses("broadcaster", "encode-broadcaster", "fastapi-websocket-pubsub", "python-socketio")
    }

    private static func sockets(_ code: CodeMap) -> [Place] {
        code.web.compactMap { module in
            let sockets = module.functions.flatMap { function in
                function.parameters.filter { $0.type?.hasSuffix("WebSocket") == true }.map {
                    "\(function.name) \($0.name)"
                }
            }
            let known = Set(sockets)
            let appended = module.calls.filter { call in
                ["append", "add", "setdefault"].contains(call.method)
                    && call.arguments.contains { known.contains("\(call.scope) \($0.name ?? "")") }
            }.map(\.line)
            let stored = module.assigns.filter { item in
                item.target.hasSuffix("[]") && known.contains("\(item.scope) \(item.value?.name ?? "")")
            }.map(\.line)
            return (appended + stored).min().map { Place(module.path, $0) }
        }
    }

    private static func limiters(_ code: CodeMap) -> [(place: Place, what: String)] {
        let own = code.calls(of: ["slowapi.Limiter", "slowapi.extension.Limiter"], in: code.web).filter {
            $0.call["storage_uri"] == nil && $0.call["**"] == nil
        }
        return own.map { ($0.place, "a rate limiter") }
    }

    private static func caches(_ code: CodeMap) -> [(place: Place, what: String)] {
        code.calls(of: ["fastapi_cache.backends.inmemory.InMemoryBackend"], in: code.web).map { ($0.place, "a cache") }
    }
}
