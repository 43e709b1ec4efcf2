import Model
import Toolkit

extension ApplicationRules {
    static let noHealth = Rule(
        "A06",
        .warning,
        "Nothing says whether the app is well",
        why: "Without a health route a platform can only see that the port is open, also while every request fails.",
        fix: "Add `/livez`, which answers 200, and `/readyz`, which asks the database with a time limit.",
        reference: "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        exceptions:
            "Projects whose configuration asks a path, not only a port; a `/` that answers with a status; workers "
            + "without a web app.",
        bad: [
            "main.py": """
            from fastapi import FastAPI

            app = FastAPI(openapi_url=None)
            note = "/health"

            @app.get("/users")
            def users():
                return []
            """
        ],
        good: [
            "main.py": """
            import fastapi

            app = fastapi.FastAPI(openapi_url=None)
            router = fastapi.APIRouter(prefix="/monitoring")

            @router.get("/health")
            def health():
                return {}

            app.include_router(router, prefix="/api")
            """
        ],
        at: ["main.py:3"]
    ) { context in
        guard let app = context.apps.first, !context.routes.isEmpty else { return [] }
        guard context.healthRoutes.isEmpty, context.facts.health.path == nil, !context.hasCheck, !context.hasStatusRoot
        else { return [] }
        return [
            Finding(
                "A06",
                .warning,
                at: app.place,
                found: context.code.found(app.place),
                "no route says whether the app is well, and no check asks for one",
                fix: "add /livez and /readyz"
            )
        ]
    }

    static let liveAsks = Rule(
        "A07",
        .warning,
        "One route is asked for life and asks the database",
        why:
            "A platform restarts what fails its liveness check. When the database is away, all instances restart at once, "
            + "again and again, and none of that brings it back.",
        fix: "Let liveness answer without asking anybody, and readiness ask.",
        reference: "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/",
        exceptions: "Roost and Fly, whose checks decide about traffic and never restart.",
        targets: [.k8s, .ecs, .cloudrun, .compose],
        bad: [
            "main.py": """
            from fastapi import FastAPI
            from app_db import engine

            app = FastAPI(openapi_url=None)

            @app.get("/health")
            async def health():
                async with engine.connect() as connection:
                    await connection.execute("SELECT 1", timeout=2)
                return {}
            """,
            "app_db.py": "engine = make()\n",
            "k8s.yaml": """
            apiVersion: apps/v1
            kind: Deployment
            metadata: {name: shop}
            spec:
              template:
                spec:
                  containers:
                    - name: web
                      image: shop
                      livenessProbe: {httpGet: {path: /health, port: 8000}}
            """,
        ],
        good: [
            "main.py": """
            from fastapi import FastAPI
            from app_db import engine

            app = FastAPI(openapi_url=None)

            @app.get("/livez")
            async def live():
                return {}

            @app.get("/readyz")
            async def ready():
                async with engine.connect() as connection:
                    await connection.execute("SELECT 1", timeout=2)
                return {}
            """,
            "app_db.py": "engine = make()\n",
        ],
        at: ["main.py:6"]
    ) { context in
        let all = context.healthRoutes
        let hasQuiet = all.contains { $0.asks.isEmpty }
        return all.compactMap { health in
            guard let ask = health.asks.first, !health.isReadiness, health.isLiveness || !hasQuiet else { return nil }
            let place = health.route.place
            return Finding(
                "A07",
                .warning,
                at: place,
                found: context.code.found(place),
                "\(health.route.path) is the only answer to whether the process lives, and calls \(ask.call.method) at "
                    + "\(ask.place): when that service is away, every instance is restarted",
                fix: "a second route that asks nobody, for liveness"
            )
        }
    }

    static let readyAsks = Rule(
        "A08",
        .warning,
        "Readiness does not ask, or waits for ever",
        why:
            "A readiness route that asks nobody lets traffic in while the database is away; one without a time limit waits "
            + "for a free connection, 30 seconds in SQLAlchemy's pool, while its prober has long given up.",
        fix: "Ask each dependency under `asyncio.timeout(2)` and answer 503.",
        reference: "https://docs.sqlalchemy.org/en/20/core/pooling.html (pool_timeout)",
        exceptions: "Apps without a database, cache or other service.",
        bad: [
            "requirements.txt": "fastapi\nsqlalchemy\nasyncpg\n",
            "main.py": """
            from fastapi import FastAPI
            from sqlalchemy.ext.asyncio import create_async_engine
            import os

            app = FastAPI(openapi_url=None)
            engine = create_async_engine(os.environ["DATABASE_URL"], pool_pre_ping=True)

            async def shutdown():
                await engine.dispose()

            @app.get("/readyz")
            async def ready():
                async with engine.connect() as connection:
                    await connection.execute("SELECT 1")
                return {}
            """,
        ],
        good: [
            "requirements.txt": "fastapi\nsqlalchemy\nasyncpg\n",
            "main.py": """
            import asyncio
            from fastapi import FastAPI
            from sqlalchemy.ext.asyncio import create_async_engine
            import os

            app = FastAPI(openapi_url=None)
            engine = create_async_engine(os.environ["DATABASE_URL"], pool_pre_ping=True)

            async def shutdown():
                await engine.dispose()

            @app.get("/readyz")
            async def ready():
                async with asyncio.timeout(2), engine.connect() as connection:
                    await connection.execute("SELECT 1")
                return {}
            """,
        ],
        at: ["main.py:11"]
    ) { context in
        let hasDatabase = context.facts.database != nil || !context.engines.isEmpty
        return context.healthRoutes.filter(\.isReadiness).compactMap { health in
            let place = health.route.place
            let message: String
            if health.asks.isEmpty {
                guard hasDatabase else { return nil }
                message = "\(health.route.path) answers without asking the database"
            } else {
                guard !health.isBounded else { return nil }
                message =
                    "\(health.route.path) waits without a limit for \(health.asks[0].call.method) at \(health.asks[0].place)"
            }
            return Finding(
                "A08",
                .warning,
                at: place,
                found: context.code.found(place),
                message,
                fix: "ask under asyncio.timeout(2), answer 503"
            )
        }
    }
}

extension AuditContext {
    /// Whether `/` answers with a status, so that asking it is as good as asking a health route.
    fileprivate var hasStatusRoot: Bool {
        let words: Set = ["status", "health", "healthy", "ok", "alive"]
        return routes.contains { route in
            route.path == "/" && route.methods.contains("GET")
                && route.handler.results.contains { result in
                    guard case .dict(let pairs) = result.value else { return false }
                    return pairs.contains { words.contains($0.key.text?.lowercased() ?? "") }
                }
        }
    }

    /// Whether any configuration names a check of its own.
    var hasCheck: Bool {
        if dockerfiles.values.contains(where: {
            $0.stages.contains { $0.instructions.contains { $0.word == "HEALTHCHECK" } }
        }) {
            return true
        }
        let keys: Set<String> = [
            "healthcheck", "healthCheck", "livenessProbe", "readinessProbe", "http_checks", "healthCheckPath",
            "healthcheckPath", "startupProbe",
        ]
        // An open port, which `roost launch` asks where it finds no path, says nothing about requests.
        return documents.values.contains { $0.contains { $0.holds(keys) } }
            || config?.checks.values.contains { $0.settings.type == .http } == true
            || config?.httpService?.settings.checks.contains { $0.type == .http } == true
    }
}
