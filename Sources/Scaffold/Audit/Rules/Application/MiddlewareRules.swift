extension ApplicationRules {
    static let baseMiddleware = Rule(
        "A14",
        .info,
        "A middleware is wrapped around streams",
        why:
            "BaseHTTPMiddleware, which `@app.middleware` uses, runs the app in a task of its own: context variables set "
            + "inside are lost outside, a client that goes away is noticed late, and each request costs more.",
        fix: "Write it as pure ASGI: a class with `async def __call__(self, scope, receive, send)`.",
        reference: "https://www.starlette.io/middleware/#limitations",
        exceptions: "Apps without streams, context variables and background tasks.",
        bad: [
            "main.py": """
            from fastapi import FastAPI
            from fastapi.responses import StreamingResponse

            app = FastAPI(openapi_url=None)

            @app.middleware("http")
            async def stamp(request, call_next):
                return await call_next(request)

            @app.get("/health")
            def health():
                return StreamingResponse(iter([]))
            """
        ],
        good: [
            "main.py": """
            from fastapi import FastAPI

            app = FastAPI(openapi_url=None)

            @app.middleware("http")
            async def stamp(request, call_next):
                return await call_next(request)

            @app.get("/health")
            def health():
                return {}
            """
        ],
        at: ["main.py:6"]
    ) { context in
        let code = context.code
        guard let reason = delicate(code) else { return [] }
        return code.web.flatMap { module -> [Finding] in
            let decorated = module.functions.flatMap(\.decorators).compactMap(\.call)
                .filter { $0.method == "middleware" && $0.arguments.first?.text == "http" }.map(\.line)
            let classes = module.classes.filter { $0.bases.contains { $0.hasSuffix("BaseHTTPMiddleware") } }.map(\.line)
            return (decorated + classes).sorted().map { line in
                let place = Place(module.path, line)
                return Finding(
                    "A14",
                    .info,
                    at: place,
                    found: code.found(place),
                    "this middleware lies around \(reason)",
                    fix: "a pure ASGI middleware"
                )
            }
        }
    }

    // MARK: - Private

    /// What in the app suffers from such a middleware, with its place.
    private static func delicate(_ code: CodeMap) -> String? {
        let names: Set<String> = ["StreamingResponse", "EventSourceResponse", "ContextVar"]
        return code.calls(named: names, in: code.web).first.map { "\($0.call.method) at \($0.place)" }
    }
}
