import Toolkit

extension ApplicationRules {
    static let sockets = Rule(
        "A27",
        .warning,
        "Websockets are known to one machine only",
        why: "A message that arrives at one machine reaches only the clients that are connected to that one.",
        fix:
            "Publish through Redis, NATS or PostgreSQL's LISTEN, and let each machine pass messages on to its own clients.",
        reference: "https://fastapi.tiangolo.com/advanced/websockets/#handling-disconnections-and-multiple-clients",
        exceptions: "One machine; projects that publish through a broker.",
        bad: [
            "fly.toml": """
            app = "chat"

            [http_service]
            internal_port = 8000
            min_machines_running = 2
            """,
            "main.py": """
            from fastapi import FastAPI, WebSocket

            app = FastAPI(openapi_url=None)
            clients = {}

            @app.get("/health")
            def health():
                return {}

            @app.websocket("/chat/{name}")
            async def chat(socket: WebSocket, name: str):
                await socket.accept()
                clients[name] = socket
            """,
        ],
        good: [
            "fly.toml": """
            app = "chat"

            [http_service]
            internal_port = 8000
            min_machines_running = 2
            """,
            "main.py": """
            import redis.asyncio
            from fastapi import FastAPI, WebSocket

            app = FastAPI(openapi_url=None)
            clients = {}
            store = redis.asyncio.from_url("redis://cache")

            async def shutdown():
                await store.aclose()

            @app.get("/health")
            def health():
                return {}

            @app.websocket("/chat/{name}")
            async def chat(socket: WebSocket, name: str):
                await socket.accept()
                clients[name] = socket
                await store.publish("chat", name)
            """,
        ],
        at: ["main.py:13"]
    ) { context in
        guard context.machines > 1, context.workers <= 1 else { return [] }
        return ProcessState(context).sockets.map { place in
            Finding(
                "A27",
                .warning,
                at: place,
                found: context.code.found(place),
                "clients are kept in this process, and \(context.machines) machines run",
                fix: "publish and subscribe through a broker"
            )
        }
    }

    static let looseBodies = Rule(
        "A28",
        .warning,
        "A body is taken as it comes",
        why:
            "`dict`, `Any` and `request.json()` let anything in: no types, no limits, no documentation, and errors come late.",
        fix: "A pydantic model with the fields and their limits.",
        reference: "https://fastapi.tiangolo.com/tutorial/body/",
        exceptions: "Webhooks, callbacks and proxies, whose bodies others define.",
        bad: [
            "main.py": """
            from typing import Any, Dict
            from fastapi import FastAPI

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}

            @app.post("/orders")
            def order(body: Dict[str, Any]):
                return body
            """
        ],
        good: [
            "main.py": """
            from fastapi import FastAPI, Request
            from pydantic import BaseModel

            app = FastAPI(openapi_url=None)

            class Order(BaseModel):
                amount: int

            @app.get("/health")
            def health():
                return {}

            @app.post("/orders")
            def order(body: Order):
                return body

            @app.post("/stripe/webhook")
            async def webhook(request: Request):
                return await request.json()
            """
        ],
        at: ["main.py:11"]
    ) { context in
        let code = context.code
        return context.routes.compactMap { route in
            guard !route.methods.isDisjoint(with: ["POST", "PUT", "PATCH"]), code.isReached(route.key.path) else {
                return nil
            }
            let path = route.path.lowercased() + " " + route.key.name.lowercased()
            guard !["hook", "callback", "proxy", "events", "{path:path}", "rpc"].contains(where: path.contains) else {
                return nil
            }
            let loose: Set<String> = [
                "dict", "typing.Any", "typing.Dict", "list", "typing.List", "Any", "dict[]", "typing.Dict[]",
            ]
            if let parameter = route.handler.parameters.first(where: { isLoose($0, loose) }) {
                let place = code.line(of: parameter.name, in: route)
                return finding(place, "\(route.path) takes any body: \(parameter.name) has no model", code)
            }
            let read = code.calls(in: route.key).first {
                $0.method == "json" && $0.isAwaited && isRequest($0.function, route, code)
            }
            return read.flatMap {
                finding(Place(route.key.path, $0.line), "\(route.path) reads the body without a model", code)
            }
        }
    }

    // MARK: - Private

    private static func finding(_ place: Place, _ message: String, _ code: CodeMap) -> Finding {
        Finding("A28", .warning, at: place, found: code.found(place), message, fix: "a pydantic model")
    }

    private static func isLoose(_ parameter: PythonModule.Parameter, _ loose: Set<String>) -> Bool {
        // What comes from a dependency, a form or the query is no body.
        if let call = parameter.value?.call, call.method != "Body" { return false }
        guard let type = parameter.type, loose.contains(type) else { return false }
        guard case .subscripted(let base, let index) = parameter.annotation else { return true }
        guard let name = base.name, name.hasSuffix("ict") else { return false }
        return index.elements.map { $0.count == 2 && ["typing.Any", "Any", "object"].contains($0[1].name) } ?? false
    }

    private static func isRequest(_ function: String, _ route: WebRoute, _ code: CodeMap) -> Bool {
        let name = function.split(separator: ".").first.map(String.init) ?? ""
        guard let parameter = route.handler.parameters.first(where: { $0.name == name }) else { return false }
        return parameter.type?.hasSuffix("Request") == true
    }
}

extension CodeMap {
    /// The line of a handler's head on which a parameter stands.
    func line(of parameter: String, in route: WebRoute) -> Place {
        let lines = text.lines(route.key.path)
        for number in route.handler.line...max(route.handler.line, min(route.handler.endLine, route.handler.line + 30))
        {
            guard lines.indices.contains(number - 1) else { break }
            let words = lines[number - 1].split { !$0.isLetter && !$0.isNumber && $0 != "_" }
            if words.contains(parameter[...]) { return Place(route.key.path, number) }
        }
        return Place(route.key.path, route.handler.line)
    }
}
