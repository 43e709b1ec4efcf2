import Model
import Testing

@testable import Scaffold

@Suite("Health paths")
struct HealthDetectorTests {
    private func health(_ files: [String: String], framework: Facts.Framework? = .fastapi) async throws -> Facts.Health
    {
        var context = try await BehaviourFixture.context(files, framework: framework)
        HealthDetector.detect(&context)
        return context.facts.health
    }

    private func main(_ body: String) -> String {
        "from fastapi import APIRouter, Depends, FastAPI\nfrom app.deps import *\napp = FastAPI()\n" + body
    }

    @Test(
        "words that say health, and such that do not",
        arguments: [
            ("/health", "/health"), ("/api/v1/health-check/", "/api/v1/health-check/"), ("/healthz", "/healthz"),
            ("/__lbheartbeat__", "/__lbheartbeat__"), ("/_health", "/_health"), ("/ping", "/ping"),
            ("/livez", "/livez"),
            ("/health/live", "/health/live"), ("/is_alive", "/is_alive"), ("/api/status", "/api/status"),
            ("/up", "/up"),
            ("/{id}/status", nil), ("/orders/status", nil), ("/{id}/entities/statuses", nil),
            ("/patients/{id}/health", nil),
            ("/matches/live", nil), ("/shipping", nil), ("/uptime", nil), ("/items", nil), ("/health/records", nil),
        ] as [(String, String?)]
    )
    func words(_ path: String, _ found: String?) async throws {
        let health = try await health(["app/main.py": main("@app.get(\"\(path)\")\ndef f(): ...\n"), "app/deps.py": ""])
        #expect(health.live == found)
        #expect(health.candidates == [found].compactMap { $0 })
    }

    @Test("a path that only other methods ask for, or that only some callers may ask for, is none")
    func rejects() async throws {
        let deps =
            "from fastapi import Depends\ndef get_current_user(): ...\ndef get_user_service(): ...\nclass PermissionDependency: ...\nclass AllowAll: ...\n"
        let code = main(
            """
            @app.post("/health")
            def a(): ...
            @app.get("/ping", dependencies=[Depends(get_current_user)])
            def b(): ...
            @app.get("/ready")
            def c(user=Depends(verify_api_key)): ...
            @app.get("/healthz", dependencies=[Depends(PermissionDependency([AllowAll]))])
            def d(service=Depends(get_user_service)): ...
            """
        )
        let health = try await health(["app/main.py": code, "app/deps.py": deps])
        #expect(health.candidates == ["/healthz"])
    }

    @Test("a handler that asks the database is about readiness, whether it asks itself or two calls away")
    func readiness() async throws {
        let deps = """
            from sqlalchemy import text
            async def get_session(): ...
            async def deep():
                await deeper()
            async def deeper():
                await pool.fetchval("SELECT 1")
            def check_database():
                engine.connect()
            """
        for body in [
            "async def f(session=Depends(get_session)):\n    await session.execute(text(\"SELECT 1\"))\n",
            "async def f():\n    await deep()\n", "async def f():\n    await redis.ping()\n",
            "def f():\n    return run_in_threadpool(check_database)\n",
            "async def f():\n    await asyncio.wait_for(deeper(), 1)\n",
        ] {
            let health = try await health(["app/main.py": main("@app.get(\"/health\")\n" + body), "app/deps.py": deps])
            #expect(health.ready == "/health", "\(body)")
            #expect(health.live == nil)
        }
        let both = try await health([
            "app/main.py": main(
                "@app.get(\"/livez\")\ndef l(): ...\n@app.get(\"/readyz\")\ndef r(): ...\n@app.get(\"/health\")\ndef h(): ...\n"
            ),
            "app/deps.py": "",
        ])
        #expect(both.live == "/livez")
        #expect(both.ready == "/readyz")
        #expect(both.path == "/readyz")
    }

    @Test("prefixes and the last slash are kept, and what the app itself includes counts first")
    func full() async throws {
        let files = [
            "app/main.py": main("from app.api import router\napp.include_router(router, prefix=\"/api\")\n"),
            "app/api.py":
                "from fastapi import APIRouter\nrouter = APIRouter(prefix=\"/system\")\n@router.get(\"/heartbeat/\")\ndef h(): ...\n",
            "app/deps.py": "",
            "app/mock.py": "from fastapi import FastAPI\napp = FastAPI()\n@app.get(\"/health\")\ndef decoy(): ...\n",
        ]
        let health = try await health(files)
        #expect(health.live == "/api/system/heartbeat/")
        #expect(health.candidates == ["/api/system/heartbeat/"])
    }

    @Test(
        "what the project's own checks ask for comes first, also when its name says nothing",
        arguments: [
            (
                "Dockerfile",
                "FROM python:3.12\nHEALTHCHECK CMD curl -f http://localhost:${PORT:-8000}/api/about || exit 1\nCMD uvicorn app.main:app"
            ),
            ("Dockerfile", "FROM python:3.12\nRUN pip install x\nHEALTHCHECK CMD python -m app.check\n"),
            (
                "Dockerfile",
                "FROM python:3.12\nRUN pip install x\nHEALTHCHECK CMD [\"python\", \"-c\", \"import urllib.request as u; u.urlopen('http://127.0.0.1:8000/api/about?x=1')\"]\n"
            ),
            (
                "compose.yaml",
                "services:\n  web:\n    build: .\n    healthcheck:\n      test: [\"CMD\", \"wget\", \"-q\", \"localhost:8000/api/about\"]\n"
            ),
            ("fly.toml", "[http_service]\ninternal_port = 8000\n[[http_service.checks]]\npath = \"/api/about\"\n"),
            ("render.yaml", "services:\n  - type: web\n    name: x\n    healthCheckPath: /api/about\n"),
            ("railway.json", "{\"deploy\": {\"healthcheckPath\": \"/api/about\"}}"),
            ("app.json", "{\"healthchecks\": {\"web\": [{\"type\": \"startup\", \"path\": \"/api/about\"}]}}"),
            (
                "k8s/web.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n        - name: x\n          livenessProbe:\n            httpGet: {path: /api/about, port: 8000}\n"
            ),
            (
                "chart/templates/d.yaml",
                "{{- if .x }}\nlivenessProbe:\n  httpGet:\n    path: /api/about\n    port: {{ .p }}\n{{- end }}\n"
            ),
        ]
    )
    func used(_ file: String, _ text: String) async throws {
        let files = [
            "app/main.py": main("@app.get(\"/api/about/\")\ndef about(): ...\n@app.get(\"/health\")\ndef h(): ...\n"),
            "app/deps.py": "",
            "app/check.py": "import requests\nrequests.get(f\"http://localhost:{port}/api/about\")\n", file: text,
        ]
        let health = try await health(files)
        #expect(health.live == "/api/about/", "\(file)")
        #expect(health.candidates.contains("/health"))
        #expect(health.evidence.contains { $0.place.file == file })
    }

    @Test("the start page, the documentation and other services' checks say nothing about this app")
    func notHealth() async throws {
        let files = [
            "Dockerfile": "FROM python:3.12\nRUN pip install x\nHEALTHCHECK CMD curl http://localhost:8000/api/docs\n",
            "compose.yaml": """
            services:
              web:
                build: .
                healthcheck:
                  test: curl -f http://localhost:8000/
              search:
                image: elasticsearch
                healthcheck:
                  test: curl -f http://localhost:9200/_cluster/health?wait_for_status=green
            """,
            "app/main.py":
                "from fastapi import FastAPI\napp = FastAPI(docs_url=\"/api/docs\")\n@app.get(\"/\")\ndef root(): ...\n",
        ]
        let health = try await health(files)
        #expect(health.live == nil)
        #expect(health.ready == nil)
        #expect(health.candidates.isEmpty)
    }

    @Test("a slow probe's path for readiness and another for liveness keep their roles")
    func roles() async throws {
        let probes = """
            apiVersion: apps/v1
            kind: Deployment
            spec:
              template:
                spec:
                  containers:
                    - name: x
                      readinessProbe:
                        httpGet: {path: /health, port: 8000}
                      livenessProbe:
                        httpGet: {path: /ping, port: 8000}
            """
        let code = main("@app.get(\"/health\")\ndef h(): ...\n@app.get(\"/ping\")\ndef p(): ...\n")
        let health = try await health(["app/main.py": code, "app/deps.py": "", "k8s.yaml": probes])
        #expect(health.live == "/ping")
        #expect(health.ready == "/health")
    }

    @Test("Streamlit answers for itself")
    func streamlit() async throws {
        let health = try await health(["app.py": "import streamlit\n"], framework: .streamlit)
        #expect(health.live == "/_stcore/health")
    }

    @Test(
        "names that let only some callers in",
        arguments: [
            ("get_current_user", true), ("app.auth.verify_token", true), ("HTTPBearer", true),
            ("check_account_id_exists", true),
            ("RoleChecker", true), ("require_admin", true), ("verify_api_key", true), ("JWTBearer", true),
            ("get_user_service", false), ("get_db", false), ("Logging", false), ("get_author_repository", false),
            ("get_current_user_optional", false), ("get_settings", false), ("RateLimiter", false),
        ]
    )
    func guards(_ name: String, _ isGuard: Bool) {
        #expect(HealthWords.guards(name) == isGuard)
    }
}
