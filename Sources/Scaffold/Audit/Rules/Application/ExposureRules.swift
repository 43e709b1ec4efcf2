import Toolkit

extension ApplicationRules {
    static let exposure = Rule(
        "A16",
        .error,
        "The inside of the app is open to anybody",
        why:
            "Debug routes, dumps of the environment and profilers hand out passwords and internals, or let a stranger slow "
            + "the app down; metrics tell paths, volumes and versions.",
        fix: "Remove them, put a dependency before them that checks who asks, or serve them on a private port.",
        reference: "https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#management-endpoints",
        exceptions: "Routes behind a dependency, routes that only exist in development, paths that the proxy blocks. "
            + "Open metrics are a warning.",
        bad: [
            "main.py": """
            import os
            from fastapi import FastAPI

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}

            @app.get("/internal/env")
            def env():
                return dict(os.environ)
            """
        ],
        good: [
            "main.py": """
            import os
            from fastapi import Depends, FastAPI
            from settings import settings, require_admin

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            def health():
                return {}

            if settings.debug:

                @app.get("/debug/pool")
                def pool():
                    return {}

            @app.get("/internal/env", dependencies=[Depends(require_admin)])
            def env():
                return dict(os.environ)
            """,
            "settings.py": "def require_admin(): ...\n",
        ],
        at: ["main.py:10"]
    ) { context in
        let code = context.code
        let hidden = developmentRouters(code)
        let routes = context.routes.filter {
            !$0.isGuarded && !hidden.contains($0.place.file) && code.isReached($0.key.path)
        }
        let inner = routes.compactMap { route -> Finding? in
            guard !isGatedInside(route, code), let (severity, message) = exposure(route, code) else { return nil }
            return Finding(
                "A16",
                severity,
                at: route.place,
                found: code.found(route.place),
                "\(route.path) \(message)",
                fix: "dependencies=[Depends(require_admin)], or remove it"
            )
        }
        return inner + metrics(context)
    }

    static let metricNames = Rule(
        "A17",
        .warning,
        "Metrics count wrong",
        why:
            "A second metric of the Instrumentator's name makes its series vanish without a word. With several workers each "
            + "scrape meets another one, unless they share a folder. Raw paths as labels make a series for every id.",
        fix:
            "Leave `http_requests_total` to the Instrumentator, set PROMETHEUS_MULTIPROC_DIR, label by route template.",
        reference: "https://prometheus.github.io/client_python/multiprocess/",
        bad: [
            "metrics.py": """
            from prometheus_client import Counter
            from prometheus_fastapi_instrumentator import Instrumentator

            requests = Counter(
                "http_requests_total",
                "All requests",
            )
            instrumentator = Instrumentator()
            """
        ],
        good: [
            "metrics.py": """
            from prometheus_client import Counter
            from prometheus_fastapi_instrumentator import Instrumentator

            orders = Counter("shop_orders_total", "All orders")
            instrumentator = Instrumentator()
            """
        ],
        at: ["metrics.py:4"]
    ) { context in
        let code = context.code
        let metrics = code.calls(of: [
            "prometheus_client.Counter", "prometheus_client.Histogram", "prometheus_client.Gauge",
            "prometheus_client.Summary",
        ])
        var findings: [Finding] = []
        func add(_ place: Place, _ message: String, _ fix: String) {
            findings.append(Finding("A17", .warning, at: place, found: code.found(place), message, fix: fix))
        }
        let taken: Set<String> = [
            "http_requests_total", "http_requests", "http_request_duration_seconds", "http_request_size_bytes",
        ]
        if context.uses("prometheus-fastapi-instrumentator") {
            for metric in metrics {
                guard let name = metric.call.argument(0, "name")?.text, taken.contains(name) else { continue }
                add(
                    metric.place,
                    "\(name) is the Instrumentator's own name: its series never appear",
                    "rename it or drop it"
                )
            }
        }
        var labelled: Set<String> = []
        for app in code.calls(named: ["labels"]) {
            let values = app.call.arguments + app.call.keywords.map(\.value)
            guard values.contains(where: { $0.name?.hasSuffix("request.url.path") == true }) else { continue }
            guard labelled.insert(app.module.path).inserted else { continue }
            add(app.place, "the raw path is a label: every id makes a new series", "request.scope[\"route\"].path")
        }
        if context.workers > 1, let metric = metrics.first, !context.names("PROMETHEUS_MULTIPROC_DIR") {
            add(
                metric.place,
                "\(context.workers) workers count each for itself, and a scrape meets one of them",
                "PROMETHEUS_MULTIPROC_DIR=/tmp/metrics and a MultiProcessCollector"
            )
        }
        return findings
    }

    // MARK: - Private

    private static func exposure(_ route: WebRoute, _ code: CodeMap) -> (Severity, String)? {
        let parts = route.path.lowercased().split(separator: "/").map { $0.filter { $0.isLetter || $0 == "-" } }
        if dumpsEnvironment(route, code) {
            return (.error, "answers the environment, with all secrets in it, to anybody")
        }
        let pool: Set<String> = ["checkedout", "checkedin", "overflow"]
        if code.calls(in: route.key).contains(where: { pool.contains($0.method) && $0.function.contains("pool") }) {
            return (.error, "tells the state of the connection pool to anybody")
        }
        if parts.contains(where: { $0 == "debug" || $0.hasPrefix("debug-") || $0 == "debugger" }) {
            return (.error, "is a debug route that anybody can ask")
        }
        if parts.contains(where: { $0.hasPrefix("sentry-debug") || $0 == "trigger-error" }) {
            return (.warning, "raises an error for anybody who asks")
        }
        if code.calls(in: route.key).contains(where: { $0.function == "pyinstrument.Profiler" }) {
            return (.error, "runs a profiler for anybody")
        }
        return nil
    }

    private static func dumpsEnvironment(_ route: WebRoute, _ code: CodeMap) -> Bool {
        func isEnvironment(_ value: PythonValue) -> Bool {
            switch value {
            case .name(let name): name == "os.environ"
            case .call(let call):
                ["dict", "os.environ.copy"].contains(call.function)
                    && (call.function != "dict" || call.arguments.contains(where: isEnvironment))
            case .dict(let pairs): pairs.contains { isEnvironment($0.value) }
            default: false
            }
        }
        return route.handler.results.contains { isEnvironment($0.value) }
    }

    /// The handler itself looks at the stage: `if not settings.debug: raise …`.
    private static func isGatedInside(_ route: WebRoute, _ code: CodeMap) -> Bool {
        if code.isDevelopmentOnly(route.place.file, route.place.line ?? 1) { return true }
        guard let module = code.module(route.key.path) else { return false }
        return module.conditions.contains { item in
            (route.handler.line...route.handler.endLine).contains(item.line)
                && CodeMap.tellsStage(code.text.text(module.path, item.line...item.testEnd))
        }
    }

    /// Files whose routers are only included in development.
    private static func developmentRouters(_ code: CodeMap) -> Set<String> {
        let guarded = code.calls(named: ["include_router", "mount"]).filter {
            code.isDevelopmentOnly($0.module.path, $0.call.line)
        }
        return Set(
            guarded.flatMap { app in
                (app.call.arguments + app.call.keywords.map(\.value)).compactMap(\.name).compactMap {
                    code.definition(of: $0, path: app.module.path)?.module.path
                }
            }
        )
    }

    private static func metrics(_ context: AuditContext) -> [Finding] {
        let code = context.code
        guard !context.proxyHas("/metrics") else { return [] }
        let exposed = code.web.flatMap { module in
            module.calls.filter { call in
                if call.method == "expose" {
                    return call.function.contains("nstrumentator") || context.uses("prometheus-fastapi-instrumentator")
                }
                guard ["mount", "add_route", "add_api_route"].contains(call.method) else { return false }
                return call.argument(0, "path")?.text == "/metrics" && call["dependencies"] == nil
            }.map { Place(module.path, $0.line) }
        }
        let routes = context.routes.filter {
            $0.lastPart == "metrics" && $0.path.hasSuffix("/metrics") && !$0.isGuarded
        }
        .filter { $0.path.split(separator: "/").count == 1 }.map(\.place)
        var seen: Set<Place> = []
        return (exposed + routes).filter { seen.insert($0).inserted && !code.isDevelopmentOnly($0.file, $0.line ?? 1) }
            .map { place in
                Finding(
                    "A16",
                    .warning,
                    at: place,
                    found: code.found(place),
                    "/metrics answers everybody on the public port",
                    fix: "serve it on a private port, or block it at the proxy"
                )
            }
    }
}

extension AuditContext {
    /// Whether a variable is named in the code, in the configuration or in the Dockerfiles.
    func names(_ variable: String) -> Bool {
        let files = project.files.filter { path in
            let name = TreePath.name(of: path).lowercased()
            return path.hasSuffix(".py") || path.hasSuffix(".sh") || path.hasSuffix(".toml") || path.hasSuffix(".yml")
                || path.hasSuffix(".yaml") || name.contains("dockerfile") || name.hasPrefix(".env")
                || name == "procfile"
        }
        return files.contains { project.text($0).map { TextSearch.contains($0, variable) } == true }
    }
}
