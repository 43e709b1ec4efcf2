import Testing

@testable import Scaffold

@Suite("Environment detector")
struct EnvironmentDetectorTests {
    /// Variables as `NAME!` (required), `NAME*` (secret) and `NAME=value`.
    static func variables(_ files: [String: String], root: String = "") async throws -> [String] {
        let facts = try await ScanContext.facts(files, root: root, EnvironmentDetector.detect)
        return facts.environment.map { variable in
            let marks = (variable.isRequired ? "!" : "") + (variable.isSecret ? "*" : "")
            return variable.name + marks + (variable.defaultValue.map { "=\($0)" } ?? "")
        }
    }

    @Test("os.environ in all its forms")
    func system() async throws {
        let code = """
            import os
            from os import environ, getenv as read
            A = os.environ["A"]
            if environ["B"] == "1":
                pass
            os.environ["SET"] = "x"
            os.environ["SET_TOO"]= "x"
            # os.environ["COMMENT"]
            C = os.environ.get("C", "c")
            D = read("D")
            E = int(os.getenv("E", 5)) + 1
            NAME = "F_NAME"
            F = os.getenv(NAME, default=None)
            del os.environ["GONE"]
            HOME = os.environ["HOME"]
            G = f"{os.environ['G_TOKEN']}/x"
            H = os.environ.get(f"DYN_{NAME}")
            """
        #expect(
            try await Self.variables(["app.py": code]) == ["A!", "B!", "C=c", "D!", "E=5", "F_NAME", "G_TOKEN!*"]
        )
    }

    @Test("os.environ by another name, in its own file and where that is imported")
    func mapping() async throws {
        let files = [
            "app/__init__.py": "",
            "app/config.py": "import os\nsttgs = os.environ\nOWN = sttgs['OWN']\nother = dict(os.environ)\n",
            "app/main.py": """
            from app.config import other, sttgs
            from app.config import sttgs as env
            A = sttgs["A"]
            B = sttgs.get("B", "b")
            C = sttgs.get("C")
            D = env["D"]
            E = other["E"]
            sttgs["SET"] = "x"
            my_sttgs = {}
            F = my_sttgs["F"]
            """,
        ]
        #expect(try await Self.variables(files) == ["A!", "B=b", "C!", "D!", "OWN!"])
    }

    @Test(
        "what pydantic 1 has as optional needs no value; pydantic 2 wants one",
        arguments: [
            ("pydantic", ["URL"]), ("pydantic.env_settings", ["URL"]), ("pydantic.v1", ["URL"]),
            ("pydantic_settings", ["URL!"]),
        ]
    )
    func optional(module: String, variables: [String]) async throws {
        let code = """
            from typing import Optional
            from \(module) import BaseSettings

            class Settings(BaseSettings):
                URL: Optional[str]

            settings = Settings()
            """
        #expect(try await Self.variables(["app.py": code]) == variables)
    }

    @Test("pydantic's settings: prefixes, aliases, nesting, secrets, inheritance")
    func pydantic() async throws {
        let code = """
            from typing import ClassVar, Optional
            from pydantic import BaseModel, Field, SecretStr, AliasChoices
            from pydantic_settings import BaseSettings, SettingsConfigDict
            PREFIX = "APP_"

            class Mail(BaseModel):
                host: str
                port: int = 25

            class Common(BaseSettings):
                model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__")
                name: str = "shop"
                limit: ClassVar[int] = 3
                plain = "no field"

            class Settings(Common):
                debug: bool = False
                hook: SecretStr = SecretStr("x")
                url: str = Field(..., alias="SITE")
                either: str = Field("e", validation_alias=AliasChoices("FIRST", "SECOND"))
                made: list = Field(default_factory=list)
                optional: Optional[str]
                nothing: str | None = None
                api_key: str = "abc"
                mail: Mail
                _private: int = 1

            class TestSettings(Common):
                only_tests: str
            """
        #expect(
            try await Self.variables(["core/config.py": code]) == [
                "APP_API_KEY*", "APP_DEBUG=false", "APP_HOOK*", "APP_MADE", "APP_MAIL__HOST!", "APP_MAIL__PORT=25",
                "APP_NAME=shop", "APP_NOTHING", "APP_OPTIONAL!", "FIRST=e", "SITE!",
            ]
        )
    }

    @Test("pydantic 1: inner Config, env, Optional without a default")
    func old() async throws {
        let code = """
            from typing import Optional
            from pydantic import BaseSettings, Field

            class Settings(BaseSettings):
                a: str
                b: Optional[str]
                c: str = Field("x", env="SEE")
                d: int = 1

                class Config:
                    env_prefix = "my_"
                    case_sensitive = True
                    fields = {"d": {"env": "DEE"}}
            """
        #expect(try await Self.variables(["config.py": code]) == ["DEE=1", "SEE=x", "my_a!", "my_b"])
    }

    @Test("settings libraries: decouple, starlette, environs, typer")
    func libraries() async throws {
        let files = [
            "settings.py": """
            from decouple import config
            A = config("A")
            B = config("B", default=3, cast=int)
            """,
            "core/config.py": """
            from starlette.config import Config
            from starlette.datastructures import Secret
            config = Config(".env")
            C = config("C", cast=Secret)
            D = config("D", default="d")
            """,
            "core/more.py": "from core.config import config\nE = config('E', cast=bool, default=False)\n",
            "other.py": """
            from environs import Env
            env = Env()
            env.read_env("path")
            F = env.str("F", "f")
            G = env.int("G_KEY")
            """,
            "cli.py": "import typer\ndef main(port: int = typer.Option(80, envvar='P')): ...\n",
        ]
        #expect(try await Self.variables(files) == ["A!", "B=3", "C!*", "D=d", "E=false", "F=f", "G_KEY!", "P"])
    }

    @Test("files that list variables add names, not values")
    func lists() async throws {
        let files = [
            ".env.example": "# X=1\nexport MAIL_HOST=localhost # here\nAPP_TOKEN='t'\nVITE_URL=x\nbad name=1\n",
            "compose.yaml": """
            services:
              web:
                build: .
                environment:
                  - WORKERS=2
                  - API_PASSWORD=${API_PASSWORD:?set it}
              db:
                image: postgres:16
                environment: {POSTGRES_PASSWORD: x}
              ui:
                build: ./ui
                environment: {UI_ONLY: 1}
            """,
            "ui/package.json": "{}", "main.py": "",
        ]
        #expect(try await Self.variables(files) == ["API_PASSWORD!*", "APP_TOKEN*", "MAIL_HOST", "WORKERS"])
    }

    @Test("the parts of a repository are kept apart")
    func nested() async throws {
        let files = [
            "api/main.py": "import os\nA = os.environ['A']\n",
            "api/tests/test_a.py": "import os\nT = os.environ['T']\n",
            "other/main.py": "import os\nO = os.environ['O']\n", ".env.example": "A=\nFOR_OTHER=\n",
            "compose.yaml":
                "services: {api: {build: ./api, environment: {B: 1}}, other: {build: ./other, environment: {C: 1}}}",
        ]
        #expect(try await Self.variables(files, root: "api") == ["A!", "B"])
    }

    @Test("a value that is an address with a password is a secret, whatever its name")
    func values() async throws {
        let code = """
            import os
            A = os.getenv("WHERE", "https://user:pass@host/x")
            B = os.getenv("CELERY_RESULT_BACKEND", "redis://cache:6379/0")
            C = os.getenv("SITE", "https://host:80/@x")
            D = os.getenv("LONG", "\(String(repeating: "x", count: 300))")
            E = os.getenv("LINES", "a\\nb")
            """
        #expect(
            try await Self.variables(["a.py": code]) == [
                "CELERY_RESULT_BACKEND*", "LINES", "LONG", "SITE=https://host:80/@x", "WHERE*",
            ]
        )
    }

    @Test("a variable that one place needs and another does not is required")
    func merges() async throws {
        let files = ["a.py": "import os\nX = os.getenv('X', '1')\n", "b.py": "import os\nX = os.environ['X']\n"]
        #expect(try await Self.variables(files) == ["X!"])
    }

    static let names: [(String, Bool)] = [
        ("SECRET_KEY", true), ("DATABASE_URL", true), ("POSTGRES_PASSWORD", true), ("GITHUB_TOKEN", true),
        ("SENTRY_DSN", true),
        ("AWS_SECRET_ACCESS_KEY", true), ("AWS_ACCESS_KEY_ID", false), ("DB_PASS", true), ("REDIS_URL", true),
        ("CELERY_BROKER_URL", true), ("SLACK_WEBHOOK_URL", true), ("ACCESS_TOKEN_EXPIRE_MINUTES", false),
        ("TOKEN_URL", false),
        ("JWT_ALGORITHM", false), ("BACKEND_URL", false), ("PUBLIC_KEY_URL", false), ("MAX_TOKENS", false),
        ("API_KEY_HEADER", false),
        ("PASSWORD_MIN_LENGTH", false), ("POSTGRES_USER", false), ("BYPASS_CACHE", false), ("KEYCLOAK_REALM", false),
    ]

    @Test("names of secrets", arguments: names)
    func secret(_ name: String, _ expected: Bool) {
        #expect(EnvironmentNames.isSecret(name) == expected)
    }

    @Test("hostile names and files are no variables")
    func hostile() async throws {
        let code =
            "import os\na = os.getenv('A\\nB')\nb = os.getenv('$(id)')\nc = os.environ['"
            + String(repeating: "x", count: 500) + "']\n"
        let cycle =
            "from pydantic_settings import BaseSettings as S\nclass A(B):\n    x: int\nclass B(A, S):\n    y: int\n"
        let files = [
            "a.py": code, "b.py": cycle, ".env.example": String(repeating: "=", count: 10_000) + "\nÄ=1\n1A=2",
        ]
        let names = try await Self.variables(files)
        #expect(names.allSatisfy { ["X!", "Y!"].contains($0) })
    }
}
