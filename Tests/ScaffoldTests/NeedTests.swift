import Model
import Testing

@testable import Scaffold

@Suite("What an app wants before it starts")
struct NeedTests {
    private static let needs = "fastapi\nuvicorn\npydantic-settings\nredis\n"

    private static func needs(_ code: String, _ more: [String: String] = [:]) async throws -> [String: Need] {
        var files = ["requirements.txt": needs, "main.py": code + "\nfrom fastapi import FastAPI\n\napp = FastAPI()\n"]
        files.merge(more) { $1 }
        let facts = try await Scan.run(Project(files: files)).facts
        return Dictionary(facts.needs.map { ($0.name, $0) }) { first, _ in first }
    }

    struct Row: CustomTestStringConvertible, Sendable {
        var code: String
        var level: Need.Level
        var testDescription: String { code }
    }

    @Test(
        "what stands around a read decides",
        arguments: [
            Row(code: "X = os.environ[\"X\"]", level: .certain), Row(code: "X = os.getenv(\"X\")", level: .expected),
            Row(code: "X = os.getenv(\"X\")\nif not X:\n    raise ValueError", level: .certain),
            Row(code: "X = os.getenv(\"X\")\nif not X:\n    X = \"y\"", level: .optional),
            Row(code: "X = os.getenv(\"X\")\nif X is None:\n    X = \"y\"", level: .optional),
            Row(code: "X = os.getenv(\"X\") or \"y\"", level: .optional),
            Row(code: "from os import environ as env\nX = env['X']", level: .certain),
            Row(code: "X = os.getenv(\"X\")\nX = X or \"y\"", level: .optional),
            Row(code: "X = os.environ[\"X\"] if \"X\" in os.environ else 1", level: .optional),
            Row(code: "try:\n    X = os.environ[\"X\"]\nexcept KeyError:\n    X = 1", level: .optional),
            Row(code: "try:\n    X = os.environ[\"X\"]\nexcept KeyError:\n    raise SystemExit", level: .certain),
            Row(code: "if os.getenv(\"POOL\", \"0\") == \"1\":\n    X = os.environ[\"X\"]", level: .optional),
            Row(
                code: "POOL = os.getenv(\"POOL\", \"1\") == \"1\"\nif POOL:\n    X = os.environ[\"X\"]",
                level: .certain
            ),
            Row(
                code: "ENV = os.getenv(\"ENV\", \"dev\")\nif ENV == \"production\":\n    X = os.environ[\"X\"]",
                level: .expected
            ),
            Row(code: "X = os.getenv(\"X\")\nif X:\n    print(X)", level: .optional),
            Row(code: "def read():\n    return os.environ[\"X\"]", level: .expected),
            Row(code: "os.environ.setdefault(\"X\", \"y\")\nX = os.environ[\"X\"]", level: .optional),
        ]
    )
    func reads(_ row: Row) async throws {
        let found = try await Self.needs("import os\n" + row.code)
        #expect(found["X"]?.level == row.level)
    }

    private static let head =
        "from typing import Annotated\nfrom pydantic_settings import BaseSettings\n"
        + "from pydantic import Field, model_validator\n\n\n"

    @Test(
        "fields of settings are wanted unless something fills them in",
        arguments: [
            ("class Settings(BaseSettings):\n    x: str\n\n\nsettings = Settings()", Need.Level.certain),
            ("class Settings(BaseSettings):\n    x: str | None = None\n\n\nsettings = Settings()", .optional),
            (
                "class Settings(BaseSettings):\n    x: Annotated[bool, Field(True)]\n\n\nsettings = Settings()",
                .optional
            ),
            (
                "class Settings(BaseSettings):\n    y: Annotated[str, Field(alias=\"X\")]\n\n\nsettings = Settings()",
                .certain
            ),
            (
                "class Settings(BaseSettings):\n    y: Annotated[str, Field(alias=\"X\")] = \"z\"\n\n\nsettings = Settings()",
                .optional
            ),
            ("class Settings(BaseSettings):\n    x: str\n\n\ndef get():\n    return Settings()", .expected),
            ("class Settings(BaseSettings):\n    x: str\n\n\nsettings = Settings(x=\"y\")", .optional),
            (
                "class Settings(BaseSettings):\n    x: str\n\n    @model_validator(mode=\"before\")\n    @classmethod\n    def fill(cls, data):\n        data.setdefault(\"x\", \"y\")\n        return data\n\n\nsettings = Settings()",
                .optional
            ),
            (
                "class Settings(BaseSettings):\n    x: str\n\n    @model_validator(mode=\"before\")\n    @classmethod\n    def fill(cls, data):\n        return {\"x\": \"y\", **data}\n\n\nsettings = Settings()",
                .optional
            ),
        ]
    )
    func fields(code: String, level: Need.Level) async throws {
        #expect(try await Self.needs(Self.head + code)["X"]?.level == level)
    }

    @Test(
        "a default that names a service of a Compose file, or this machine, will not do",
        arguments: [
            (
                "REDIS_HOST: str = \"cache\"", "REDIS_HOST",
                "its default `cache` is a service of compose.yaml, which is not here"
            ),
            (
                "QUEUE_URL: str = \"redis://cache:6379/0\"", "QUEUE_URL",
                "its default `cache` is a service of compose.yaml, which is not here"
            ),
            (
                "REDIS_URL: str = \"redis://localhost:6379\"", "REDIS_URL",
                "its default is localhost, where a Machine has none"
            ),
            ("CACHE_NAME: str = \"cache\"", "CACHE_NAME", ""), ("API_HOST: str = \"localhost\"", "API_HOST", ""),
        ]
    )
    func absent(field: String, name: String, reason: String) async throws {
        let code =
            "import redis\n" + Self.head + "class Settings(BaseSettings):\n    \(field)\n\n\nsettings = Settings()"
        let compose = "services:\n  web:\n    build: .\n  cache:\n    image: redis:7-alpine\n"
        let need = try #require(try await Self.needs(code, ["compose.yaml": compose])[name])
        #expect(need.reason ?? "" == reason)
        #expect(need.level == (reason.isEmpty ? .optional : .expected))
    }

    @Test("a deploy misses what is set nowhere, for certain only where the app that it starts reads it")
    func missing() async throws {
        let files = [
            "requirements.txt": Self.needs, "Dockerfile": "FROM python:3.13-slim\nENV FROM_IMAGE=1\n",
            "main.py": "import os\nfrom fastapi import FastAPI\n\nA = os.environ[\"A\"]\nB = os.environ[\"B\"]\n"
                + "C = os.environ[\"FROM_IMAGE\"]\nD = os.getenv(\"D\")\napp = FastAPI()\n",
        ]
        let scan = try await Scan.run(Project(files: files))
        var config = AppConfig()
        config.env = ["B": "1"]
        config.processes = ["app": ["uvicorn", "main:app"]]
        let missing = MissingNeeds(scan, config, known: [])
        #expect(missing.certain.map(\.missing) == ["A is read at main.py:4 and set nowhere"])
        #expect(missing.expected.map(\.name) == ["D"])
        #expect(MissingNeeds(scan, config, known: ["A"]).certain.isEmpty)
        config.processes = ["app": ["python", "-m", "other"]]
        #expect(MissingNeeds(scan, config, known: []).certain.isEmpty)
    }
}
