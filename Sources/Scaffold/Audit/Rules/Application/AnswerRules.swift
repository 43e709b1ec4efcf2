import Toolkit

extension ApplicationRules {
    static let tuple = Rule(
        "A05",
        .error,
        "A status is returned as in Flask",
        why: "FastAPI answers 200 with the pair as the body: `({\"status\": \"down\"}, 503)` becomes "
            + "`[{\"status\": \"down\"}, 503]`, so an error looks like a success.",
        fix: "`JSONResponse(content, status_code=503)`, `raise HTTPException(503)`, or set `response.status_code`.",
        reference: "https://fastapi.tiangolo.com/advanced/response-change-status-code/",
        exceptions:
            "Flask's and Quart's own routes, routes that declare a tuple as their answer; decorators of the project's own "
            + "may unpack it: a warning.",
        bad: [
            "main.py": """
            from fastapi import APIRouter

            router = APIRouter()

            @router.get("/items/{item}")
            def read(item: int):
                if item > 9:
                    return {
                        "error": "no such item",
                    }, 404
                return {"item": item}
            """
        ],
        good: [
            "main.py": """
            from fastapi import APIRouter
            from fastapi.responses import JSONResponse

            router = APIRouter()

            @router.get("/items/{item}")
            def read(item: int):
                if item > 9:
                    return JSONResponse({"error": "no such item"}, status_code=404)
                return {"item": item}

            @router.get("/size")
            def size() -> tuple[str, int]:
                return "width", 300

            def other():
                return "not a route", 404
            """
        ],
        at: ["main.py:8"]
    ) { context in
        let code = context.code
        return context.routes.filter { !$0.isWebSocket && !code.isOfFlask($0.key.path) }.flatMap { route -> [Finding] in
            let declared = (route.handler.returns ?? "") + String(describing: route.call?["response_model"])
            guard !declared.lowercased().contains("tuple") else { return [] }
            return route.handler.results.compactMap { result in
                guard case .tuple(let items) = result.value, items.count == 2 || items.count == 3 else { return nil }
                guard let status = status(items[1]) else { return nil }
                let place = Place(route.key.path, result.line)
                return Finding(
                    "A05",
                    unpacks(route, code) ? .warning : .error,
                    at: place,
                    found: code.found(place),
                    "\(route.path) answers 200 with the list [body, \(status)]: FastAPI takes no status from a tuple",
                    fix: "return JSONResponse(…, status_code=\(status))"
                )
            }
        }
    }

    static let swallowed = Rule(
        "A09",
        .error,
        "A failed health check answers 200",
        why: "Probes read the status, not the body: an instance that says `unhealthy` with 200 keeps its traffic.",
        fix: "Raise `HTTPException(503)`, or answer `JSONResponse(…, status_code=503)`, where the failure is caught.",
        reference: "https://fly.io/docs/reference/health-checks/",
        exceptions:
            "Routes named for liveness, which need not fail; a strict readiness route beside it makes it a warning.",
        bad: [
            "main.py": """
            from fastapi import FastAPI
            from store import database

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            async def health():
                try:
                    await database.execute("SELECT 1", timeout=2)
                except Exception as error:
                    return {"status": "unhealthy"}
                return {"status": "ok"}
            """,
            "store.py": "database = make()\n",
        ],
        good: [
            "main.py": """
            from fastapi import FastAPI, Response
            from store import database

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            async def health(response: Response):
                try:
                    await database.execute("SELECT 1", timeout=2)
                except Exception:
                    response.status_code = 503
                    return {"status": "unhealthy"}
                return {"status": "ok"}
            """,
            "store.py": "database = make()\n",
        ],
        at: ["main.py:10"],
        also: ["A07"]
    ) { context in
        let code = context.code
        let all = context.healthRoutes
        let hasStrict = all.contains { $0.isReadiness && !$0.asks.isEmpty && !catches($0, code) }
        return all.compactMap { health in
            guard !health.isLiveness, !health.asks.isEmpty, catches(health, code) else { return nil }
            guard let clause = swallowing(health, code) else { return nil }
            return Finding(
                "A09",
                hasStrict ? .warning : .error,
                at: clause,
                found: code.found(clause),
                "\(health.route.path) catches the failure and still answers 200",
                fix: "raise HTTPException(503)"
            )
        }
    }

    // MARK: - Private

    /// The status that a value is: a number, or `status.HTTP_404_NOT_FOUND`, or `HTTPStatus.NOT_FOUND`.
    private static func status(_ value: PythonValue) -> String? {
        switch value {
        case .integer(let number): return (100...599).contains(number) ? String(number) : nil
        case .name(let name):
            let last = name.split(separator: ".").last ?? ""
            if last.hasPrefix("HTTP_"), let number = last.split(separator: "_").dropFirst().first {
                return String(number)
            }
            return name.hasPrefix("http.HTTPStatus.") || name.contains(".HTTPStatus.") ? String(last) : nil
        default: return nil
        }
    }

    /// Whether a decorator of the project's own makes answers, and so may take the pair apart.
    private static func unpacks(_ route: WebRoute, _ code: CodeMap) -> Bool {
        route.decorators.contains { name in
            guard let key = code.function(name, at: CodeMap.Key(path: route.key.path, name: "")),
                let function = code.functions[key]
            else {
                return false
            }
            let text = code.text.text(key.path, function.line...function.endLine)
            return text.contains("Response(") || text.contains("status_code") || text.contains("tuple")
        }
    }

    private static func catches(_ health: HealthRoute, _ code: CodeMap) -> Bool { swallowing(health, code) != nil }

    /// The `except` of the handler, or of a function that it calls for its result, behind which nothing sets a status.
    private static func swallowing(_ health: HealthRoute, _ code: CodeMap) -> Place? {
        let key = health.route.key
        guard let module = code.module(key.path), !setsStatus(key, module, code) else { return nil }
        return module.handlers.first { clause in
            // Only where the failing question itself is in the `try`.
            clause.scope == key.name && !clause.raises
                && health.asks.contains { ask in
                    ask.module.path != key.path || ask.call.scope != key.name
                        || (clause.tryLine...clause.line).contains(ask.call.line)
                }
        }.map { Place(key.path, $0.line) }
    }

    /// Whether the handler answers with another status than 200 anywhere.
    private static func setsStatus(_ key: CodeMap.Key, _ module: PythonModule, _ code: CodeMap) -> Bool {
        if code.assigns[key]?.contains(where: { $0.target.hasSuffix("status_code") }) == true { return true }
        let answers = code.calls(in: key).contains { call in
            if call.method.hasSuffix("HTTPException") || call.method.hasSuffix("Error") { return true }
            guard let status = call["status_code"] ?? call["status"] else {
                return call.method.hasSuffix("Unavailable")
            }
            return status.integer.map { $0 >= 400 } ?? (status.text == nil)
        }
        let pairs = code.functions[key]?.results.contains {
            guard case .tuple(let items) = $0.value, items.count > 1 else { return false }
            return status(items[1]) != nil
        }
        return answers || pairs == true
    }
}
