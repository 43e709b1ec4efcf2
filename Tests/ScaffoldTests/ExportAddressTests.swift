import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Secrets and addresses of exports and imports")
struct ExportAddressTests {
    private static func export(_ target: ExportTarget, _ files: [String: String]) async throws -> Generated {
        let scan = try await Scan.run(Project(files: files))
        let text = files["fly.toml"]
        let config = try text.map { text in
            try AppConfig.read(try TOML.parse(Array(text.utf8), file: "fly.toml"), file: "fly.toml", regions: []).config
        }
        return try Exporter.export(
            target,
            ExportInput(facts: scan.facts, config: config, project: scan.context.project)
        )
    }

    private static let needs = "fastapi\nuvicorn\npydantic-settings\nredis\n"

    @Test("no target shows a secret of fly.toml, or trusts everybody", arguments: ExportTarget.allCases)
    func secrets(target: ExportTarget) async throws {
        let made = try await Self.export(
            target,
            [
                "requirements.txt": Self.needs, "main.py": LaunchSample.app,
                "fly.toml": """
                app = "shop"
                [env]
                  SECRET_KEY = "hush-hush-9"
                  DATABASE_URL = "postgresql://u:hush-hush-9@db.example/x"
                  FORWARDED_ALLOW_IPS = "*"
                  LOG_LEVEL = "info"
                [http_service]
                  internal_port = 8000
                """,
            ]
        )
        for file in made.files {
            #expect(!file.text.contains("hush-hush-9"), "\(file.path)")
            if ![.cloudrun, .heroku].contains(target) {
                #expect(
                    !file.text.contains("FORWARDED_ALLOW_IPS: \"*\"") && !file.text.contains("FORWARDED_ALLOW_IPS=*")
                )
            }
        }
        guard target == .k8s else { return }
        let text = made.files.first?.text ?? ""
        #expect(text.contains("FORWARDED_ALLOW_IPS: \"10.0.0.0/8\"") && text.contains("LOG_LEVEL: info"), "\(text)")
        #expect(made.needed.contains { $0.contains("SECRET_KEY") && $0.contains("DATABASE_URL") })
    }

    @Test("each variable gets the address in the form that it wants")
    func forms() async throws {
        let made = try await Self.export(
            .compose,
            [
                "requirements.txt": Self.needs,
                "compose.yaml": "services:\n  web:\n    build: .\n  cache:\n    image: redis:7-alpine\n",
                "main.py": """
                import redis.asyncio as redis
                from fastapi import FastAPI
                from pydantic_settings import BaseSettings


                class Settings(BaseSettings):
                    REDIS_HOST: str = "cache"
                    REDIS_PORT: int = 6379
                    REDIS_ADDR: str = "cache:6379"
                    WS_MESSAGE_QUEUE: str = "redis://cache:6379/0"


                settings = Settings()
                store = redis.Redis(host=settings.REDIS_HOST, port=settings.REDIS_PORT)
                app = FastAPI()
                """,
            ]
        )
        let text = made.files.first?.text ?? ""
        #expect(text.contains("REDIS_HOST: redis\n"), "\(text)")
        #expect(text.contains("REDIS_ADDR: redis:6379\n"))
        #expect(text.contains("WS_MESSAGE_QUEUE: redis://redis:6379/0\n"))
    }

    @Test(
        "the proxy of a Compose file is not the app",
        arguments: [
            ("FROM nginx:1.29-alpine\nCOPY nginx.conf /etc/nginx/\n", "nginx"), ("FROM traefik:v3\n", "edge"),
            (
                "FROM node:22 AS build\nRUN npm run build\nFROM nginx:alpine\nCOPY --from=build /dist /usr/share/nginx/html\n",
                "frontend"
            ),
        ]
    )
    func proxy(dockerfile: String, name: String) throws {
        let text = """
            services:
              \(name):
                build: ./proxy
                ports: ["80:80"]
                depends_on: [web]
              web:
                build: .
                command: uvicorn main:app --host 0.0.0.0 --port 8000
            """
        let made = try Importer.compose(text, app: "shop") { path in path == "proxy/Dockerfile" ? dockerfile : nil }
        #expect(made.text.contains("uvicorn main:app --host 0.0.0.0 --port 8000"), "\(made.text)")
        #expect(made.text.contains("internal_port = 8000"))
        #expect(made.notes.contains { $0.contains("proxy takes its place") } == (name != "frontend"), "\(made.notes)")
    }

    @Test(
        "an open port is no answer to whether the app is well; a status of / is",
        arguments: [
            ("[checks.port]\n  type = \"tcp\"\n  port = 8000\n", "return []", true),
            ("[checks.web]\n  type = \"http\"\n  path = \"/items\"\n  port = 8000\n", "return []", false),
            ("", "return {\"status\": \"ok\"}", false),
        ]
    )
    func portCheck(check: String, answer: String, isFound: Bool) async throws {
        let report = try await AuditSample.report(
            [
                "requirements.txt": Self.needs,
                "main.py":
                    "from fastapi import FastAPI\n\napp = FastAPI(openapi_url=None)\n\n\n@app.get(\"/\")\ndef items():\n    \(answer)\n",
                "fly.toml": "app = \"x\"\n[http_service]\n  internal_port = 8000\n\(check)",
            ],
            only: ["A06"]
        )
        #expect(report.findings.isEmpty != isFound, "\(report.findings)")
    }
}
