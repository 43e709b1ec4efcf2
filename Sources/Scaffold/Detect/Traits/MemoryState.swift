import Model

/// What a process keeps in its memory so that a second one would know another truth.
struct MemoryState {
    private let context: ScanContext
    private let table: AppRoutes
    private let resolver: NameResolver

    init(_ context: ScanContext, _ table: AppRoutes) {
        self.context = context
        self.table = table
        resolver = table.resolver
    }

    /// In words, each with its place: `websocket connections (app/chat.py:12)`.
    func all() -> [String] {
        var found: [(what: String, place: Place?)] = []
        for process in context.facts.processes where process.kind == .inProcess {
            found.append(("in-process \(process.name)", process.evidence.first?.place))
        }
        let modules = resolver.modules.filter { resolver.code.isReached($0) }
        found += modules.compactMap(connections).prefix(1)
        found += modules.flatMap(memoryStores)
        found += handlers()
        if let database = context.facts.database, database.engine == .sqlite, let file = database.file,
            !file.contains(":memory:")
        {
            found.append(("SQLite file \(file)", database.evidence.first?.place))
        }
        var seen: Set<String> = []
        return found.filter { seen.insert($0.what).inserted }.map { item in
            item.place.map { "\(item.what) (\($0))" } ?? item.what
        }
    }

    // MARK: - Private

    /// A list, dictionary or set of open websockets.
    private func connections(_ module: PythonModule) -> (what: String, place: Place?)? {
        let speaks =
            module.imports.contains {
                $0.target.hasSuffix(".WebSocket") || $0.target.hasPrefix("websockets")
                    || $0.target.hasSuffix("WebSocketDisconnect")
            }
            || table.websockets.contains { $0.file == module.path }
        let marks: Set<String> = [
            "connections", "connection", "clients", "sockets", "websockets", "subscribers", "listeners", "rooms",
            "channels", "sessions", "players",
        ]
        func isMeant(_ name: String, _ annotation: String?, _ value: PythonValue?) -> Bool {
            guard isContainer(value) || value == nil && annotation != nil else { return false }
            if annotation?.contains("WebSocket") == true { return true }
            let last = name.split(separator: ".").last.map(String.init) ?? name
            return speaks && !marks.isDisjoint(with: HealthWords.words(of: last))
        }
        let names = table.websockets.isEmpty && !speaks
        guard !names else { return nil }
        for assign in module.assigns where isKept(assign) {
            if isMeant(assign.target, assign.annotation, assign.value) {
                return ("websocket connections", Place(module.path, assign.line))
            }
        }
        for klass in module.classes {
            for field in klass.fields where isMeant(field.name, field.type, field.value) && field.value != nil {
                return ("websocket connections", Place(module.path, field.line))
            }
        }
        return nil
    }

    /// Lives as long as the process: a module's own variable, or an object's attribute.
    private func isKept(_ assign: PythonModule.Assign) -> Bool {
        assign.scope.isEmpty || assign.target.hasPrefix("self.") || assign.target.hasPrefix("cls.")
            || assign.target.contains(".state.")
    }

    private func isContainer(_ value: PythonValue?) -> Bool {
        switch value {
        case .list?, .dict?: return true
        case .call(let call)?:
            return [
                "list", "dict", "set", "defaultdict", "deque", "OrderedDict", "WeakSet", "Counter",
                "WeakValueDictionary",
            ].contains(call.method)
        case .other(let text)?: return text == "{}" || text == "[]"
        default: return false
        }
    }

    /// Limiters and caches of libraries that nobody told to use a store outside.
    private func memoryStores(_ module: PythonModule) -> [(what: String, place: Place?)] {
        module.calls.compactMap { call in
            let place = Place(module.path, call.line)
            switch call.function {
            case "slowapi.Limiter", "slowapi.extension.Limiter", "flask_limiter.Limiter":
                let isOutside =
                    call["storage_uri"] != nil || call["storage_options"] != nil
                    || context.facts.environment.contains {
                        $0.name == "RATELIMIT_STORAGE_URI" || $0.name == "RATELIMIT_STORAGE_URL"
                    }
                return isOutside ? nil : ("rate limits in memory", place)
            case "socketio.AsyncServer", "socketio.Server":
                return call["client_manager"] == nil ? ("socket.io rooms", place) : nil
            case "flask_socketio.SocketIO": return call["message_queue"] == nil ? ("socket.io rooms", place) : nil
            case "aiocache.SimpleMemoryCache": return ("cache in memory", place)
            default: break
            }
            if call.method == "InMemoryBackend" || call.method == "InMemoryChannelLayer" {
                return ("cache in memory", place)
            }
            return nil
        }
    }

    /// Variables of a module that handlers change: a list that stands for a database.
    private func handlers() -> [(what: String, place: Place?)] {
        let changes: Set<String> = [
            "append", "add", "pop", "update", "setdefault", "remove", "insert", "extend", "clear", "discard",
        ]
        var found: [(what: String, place: Place?)] = []
        let writers = table.routes.filter { route in
            route.isReached && !Set(route.methods).isDisjoint(with: ["POST", "PUT", "PATCH", "DELETE"])
        }
        for route in writers {
            let scope = NameResolver.Scope(route.file, route.handler)
            let module = resolver.index.module(at: route.file)
            var names = resolver.calls(in: scope).filter { changes.contains($0.method) }
                .map { String($0.function.dropLast($0.method.count + 1)) }
            // `items[key] = value`
            names +=
                module?.assigns.filter { $0.scope == route.handler && $0.target.hasSuffix("[]") }.map {
                    String($0.target.dropLast(2))
                } ?? []
            for name in names where !name.isEmpty {
                for case .assign(let item, let path) in resolver.targets(of: name, in: scope) where item.scope.isEmpty {
                    guard isContainer(item.value) else { continue }
                    found.append(("data in the variable \(item.target)", Place(path, item.line)))
                }
            }
        }
        return found
    }
}
