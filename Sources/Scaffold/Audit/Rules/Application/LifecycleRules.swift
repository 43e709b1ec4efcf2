import Toolkit

extension ApplicationRules {
    static let lifespan = Rule(
        "A11",
        .warning,
        "Start-up and shut-down are loose ends",
        why: "`on_event` is deprecated and ignored once a lifespan is given. What is opened and never closed drops "
            + "connections at each deploy, which the other side counts against its limit until they time out.",
        fix: "One `lifespan` context manager that opens before `yield` and closes after it.",
        reference: "https://fastapi.tiangolo.com/advanced/events/",
        exceptions: "Synchronous engines, which close with the process.",
        bad: [
            "db.py": """
            import asyncpg

            async def connect():
                global pool
                pool = await asyncpg.create_pool("")
            """
        ],
        good: [
            "db.py": """
            import asyncpg
            from contextlib import asynccontextmanager

            @asynccontextmanager
            async def lifespan(app):
                app.state.pool = await asyncpg.create_pool("")
                yield
                await app.state.pool.close()
            """
        ],
        at: ["db.py:5"]
    ) { context in
        let code = context.code
        let events = code.web.flatMap { module -> [Finding] in
            let decorators = module.functions.flatMap(\.decorators).compactMap(\.call).filter {
                $0.method == "on_event"
            }
            let calls = module.calls.filter {
                $0.method == "add_event_handler"
                    && ["startup", "shutdown"].contains($0.argument(0, "event_type")?.text)
            }
            return (decorators + calls).map { call in
                let place = Place(module.path, call.line)
                return Finding(
                    "A11",
                    .info,
                    at: place,
                    found: code.found(place),
                    "\(call.method) is deprecated; it does nothing once the app has a lifespan",
                    fix: "move it into a lifespan"
                )
            }
        }
        return events + unclosed(code)
    }

    // MARK: - Private

    /// What has to be closed, by what makes it.
    private static let openers: Set<String> = [
        "asyncpg.create_pool", "psycopg_pool.AsyncConnectionPool", "httpx.AsyncClient", "aiohttp.ClientSession",
        "redis.asyncio.from_url", "redis.asyncio.Redis", "redis.asyncio.Redis.from_url", "aioredis.from_url",
        "aiomysql.create_pool",
        "sqlalchemy.ext.asyncio.create_async_engine", "motor.motor_asyncio.AsyncIOMotorClient",
        "aio_pika.connect_robust",
        "elasticsearch.AsyncElasticsearch",
    ]

    private static let closers: Set<String> = [
        "close", "aclose", "dispose", "disconnect", "terminate", "wait_closed", "shutdown",
    ]

    private static func unclosed(_ code: CodeMap) -> [Finding] {
        // Names are compared by their last parts: `app.state.pool`, `self.pool` and `pool` are one.
        func last(_ name: some StringProtocol) -> String {
            String(name.split(separator: ".").last ?? "").filter { !"()[]_".contains($0) }.lowercased()
        }
        var closed: Set<String> = []
        for module in code.all {
            for call in module.calls where closers.contains(call.method) {
                closed.insert(last(call.function.dropLast(call.method.count + 1)))
                // `await close(pool)` and `await close_pool()` say as much.
                for name in call.arguments.compactMap(\.name) { closed.insert(last(name)) }
            }
            for with in module.withs { if let name = with.value.name { closed.insert(last(name)) } }
        }
        let closesAll = code.all.contains {
            $0.functions.contains { ["close", "aclose", "disconnect", "shutdown"].contains(last($0.name)) }
        }
        return code.web.flatMap { module in
            module.assigns.compactMap { item -> Finding? in
                guard let call = item.value?.call, openers.contains(call.function), item.inMainGuard != true else {
                    return nil
                }
                let isKept = item.scope.isEmpty || item.target.contains(".") || isGlobal(item, module, code)
                guard isKept, !closed.contains(last(item.target)), !item.target.hasPrefix("test_") else { return nil }
                // A class that can be closed is closed by whoever holds it.
                if item.target.hasPrefix("self."), closesAll { return nil }
                let place = Place(module.path, item.line)
                return Finding(
                    "A11",
                    .warning,
                    at: place,
                    found: code.found(place),
                    "\(item.target) is opened by \(call.function) and closed nowhere",
                    fix: "close it after the lifespan's yield"
                )
            }
        }
    }

    /// A name that a function makes for the whole module: no other is meant where the module uses it.
    private static func isGlobal(_ item: PythonModule.Assign, _ module: PythonModule, _ code: CodeMap) -> Bool {
        guard let function = code.functions[CodeMap.Key(path: module.path, name: item.scope)] else { return false }
        return (function.line...function.endLine).contains { number in
            let lines = code.text.lines(module.path)
            guard lines.indices.contains(number - 1) else { return false }
            let words = lines[number - 1].split { !$0.isLetter && !$0.isNumber && $0 != "_" }
            return words.first == "global" && words.dropFirst().contains { $0 == item.target }
        }
    }
}
