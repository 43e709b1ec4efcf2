import Model

extension ServerRules {
    static let untrusted = Rule(
        "S05",
        .warning,
        "The proxy's headers are not believed",
        why:
            "Behind a proxy the scheme stays http and the client is the proxy, unless the server trusts the proxy's address: "
            + "links and redirects lead to http, and every visitor has one address.",
        fix: "`FORWARDED_ALLOW_IPS` with the proxy's network.",
        reference: "https://www.uvicorn.org/settings/#http",
        exceptions: "APIs that never look at the address: an advice.",
        bad: [
            "fly.toml": """
            app = "shop"
            kill_timeout = 30

            [processes]
            app = "uvicorn main:app --timeout-graceful-shutdown 20"
            """,
            "main.py": """
            from fastapi import FastAPI, Request

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}

            @app.get("/who")
            def who(request: Request):
                return request.client.host
            """,
        ],
        good: [
            "fly.toml": """
            app = "shop"
            kill_timeout = 30

            [env]
            FORWARDED_ALLOW_IPS = "*"

            [processes]
            app = "uvicorn main:app --timeout-graceful-shutdown 20"
            """,
            "main.py": """
            from fastapi import FastAPI, Request

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}

            @app.get("/who")
            def who(request: Request):
                return request.client.host
            """,
        ],
        at: ["main.py:11"]
    ) { context in
        guard isBehindProxy(context), let start = context.starts.first, !context.names("FORWARDED_ALLOW_IPS") else {
            return []
        }
        guard start.forwarded == nil, start.server.server != .daphne else { return [] }
        let code = context.code
        guard code.calls(named: ["ProxyHeadersMiddleware"], in: code.web).isEmpty,
            !context.names("ProxyHeadersMiddleware")
        else { return [] }
        if let (place, what) = addressUse(code) {
            return [
                Finding(
                    "S05",
                    .warning,
                    at: place,
                    found: context.line(place),
                    "\(what) is the proxy's here: the server at \(start.place) trusts no forwarded headers",
                    fix: "FORWARDED_ALLOW_IPS=<the proxy's network>"
                )
            ]
        }
        return [
            Finding(
                "S05",
                .info,
                at: start.place,
                found: context.line(start.place),
                "forwarded headers are not trusted: the log names the proxy as every client",
                fix: "FORWARDED_ALLOW_IPS=<the proxy's network>"
            )
        ]
    }

    static let trustsAll = Rule(
        "S06",
        .error,
        "Forwarded headers are believed from anybody",
        why: "With `*` uvicorn takes the leftmost address of X-Forwarded-For, which the client writes itself: limits, "
            + "allow-lists and logs by address are then worth nothing.",
        fix: "The proxy's network instead of `*`.",
        reference: "https://www.uvicorn.org/settings/#http",
        exceptions: "Platforms where only their own proxy reaches the port: Roost, Fly, Cloud Run, Heroku.",
        bad: [
            "main.py": app,
            "compose.prod.yaml": """
            services:
              web:
                build: .
                command: uvicorn main:app --timeout-graceful-shutdown 5 --forwarded-allow-ips '*'
                ports: ["8000:8000"]
                restart: always
            """,
        ],
        good: [
            "main.py": app,
            "compose.prod.yaml": """
            services:
              web:
                build: .
                command: uvicorn main:app --timeout-graceful-shutdown 5 --forwarded-allow-ips 172.30.0.0/24
                ports: ["8000:8000"]
                restart: always
            """,
        ],
        at: ["compose.prod.yaml:4"]
    ) { context in
        var found: [(place: Place, source: FoundCommand.Source)] = context.starts.compactMap { start in
            guard let forwarded = start.forwarded, forwarded.value == "*" else { return nil }
            return (forwarded.place, start.command.source)
        }
        // The environment of a service, where the command is the image's.
        for stack in context.stacks where stack.nature != .development {
            for service in stack.services where service.isApp {
                for item in service.environment where item.name == "FORWARDED_ALLOW_IPS" && item.value == "*" {
                    found.append((stack.place(item.line), .compose))
                }
            }
        }
        var seen: Set<Place> = []
        return found.filter { seen.insert($0.place).inserted }.compactMap { place, source in
            guard let severity = severity(of: source, in: place.file, context) else { return nil }
            return Finding(
                "S06",
                severity,
                at: place,
                found: context.line(place),
                severity == .error
                    ? "the port is published, and any client names its own address in X-Forwarded-For"
                    : "any client that reaches the port names its own address in X-Forwarded-For",
                fix: "the proxy's network, such as 172.30.0.0/24"
            )
        }
    }

    // MARK: - Private

    private static func isBehindProxy(_ context: AuditContext) -> Bool {
        if context.isTargetGiven { return context.target != .compose || context.stacks.contains(where: hasProxy) }
        return context.config != nil || !context.cluster.isEmpty || !context.cloudRun.isEmpty
            || context.stacks.contains(where: hasProxy)
            || !context.taskDefinitions.isEmpty
    }

    private static func hasProxy(_ stack: ComposeStack) -> Bool {
        stack.nature != .development && stack.services.contains { $0.kind == .proxy }
    }

    /// Where the code looks at the address, the scheme or the host of a request.
    private static func addressUse(_ code: CodeMap) -> (place: Place, what: String)? {
        for module in code.web {
            let requests = Set(
                module.functions.flatMap { function in
                    function.parameters.filter { $0.type?.hasSuffix("Request") == true }.map(\.name)
                }
            )
            let reads = module.reads.filter { read in
                let parts = read.name.split(separator: ".").map(String.init)
                return parts.count == 2 && requests.contains(parts[0]) && ["client", "base_url"].contains(parts[1])
            }
            if let read = reads.first { return (Place(module.path, read.line), read.name) }
            if let call = module.calls.first(where: {
                $0.method == "url_for"
                    && requests.contains($0.function.split(separator: ".").first.map(String.init) ?? "")
            }) {
                return (Place(module.path, call.line), "the scheme of \(call.function)")
            }
        }
        return nil
    }

    /// Nil where only the platform's proxy reaches the port.
    private static func severity(of source: FoundCommand.Source, in file: String, _ context: AuditContext) -> Severity?
    {
        let closed: Set<AuditTarget> = [.roost, .fly, .cloudrun, .heroku]
        if context.isTargetGiven, closed.contains(context.target) { return nil }
        let stacks = context.stacks.filter { $0.nature != .development }
        if source == .compose || source == .dockerfile || source == .script, !stacks.isEmpty {
            let isOpen = stacks.contains { stack in
                guard source != .compose || stack.path == file else { return false }
                return stack.nature == .production
                    && stack.services.contains { service in
                        service.isApp
                            && service.ports.contains {
                                $0.isPublished && $0.host != "127.0.0.1" && $0.host != "localhost"
                            }
                    }
            }
            return isOpen ? .error : .warning
        }
        if [.fly, .procfile, .heroku, .render, .railway, .appYAML, .cloudbuild].contains(source) { return nil }
        return context.config != nil || !context.cloudRun.isEmpty ? nil : .warning
    }
}
