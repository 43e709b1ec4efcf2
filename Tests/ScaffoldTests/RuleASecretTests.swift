import Model
import Testing

@testable import Scaffold

@Suite("Rules of the application: secrets")
struct RuleASecretTests {
    private static let key = "Q7f2kP9xLm4Zr8Tn1Vb6"

    @Test(
        "secrets are told from what only looks like them",
        arguments: [
            ("SECRET_KEY = '\(key)'", true), ("jwtSecret = '\(key)'", true), ("db_password = '\(key)'", true),
            ("SECRET_KEY = b'\(key)'", true), ("connect(host='db', password='\(key)')", true),
            ("token = jwt.encode(claims, 'letmein')", true), ("x = 'AKIA' 'QWERTYUIOPASDFGH'", true),
            ("settings['api_key'] = '\(key)'", true),
            ("SECRET_KEY = 'changeme-in-production'", false), ("SECRET_KEY = os.environ['SECRET_KEY']", false),
            ("TOKEN_URL = '/auth/token1234'", false), ("API_KEY_NAME = 'X-API-Key-\(key)'", false),
            ("password_regex = '^(?=.*[0-9])abc$'", false), ("cache_key = '\(key)'", false),
            ("PASSWORD = 'password'", false), ("token_type = 'bearer12345'", false), ("api_key = ''", false),
            ("PUBLIC_KEY = '\(key)'", false), ("hashed_password = '\(key)'", false),
            ("password = '{user}-\(key)'", false), ("secret = 'https://vault/\(key)'", false),
            ("access_token = 'access_token'", false), ("note = 'SECRET_KEY = \(key)'", false),
        ]
    )
    func literals(code: String, isSecret: Bool) async throws {
        let text = "import jwt, os\n\nclaims = settings = {}\n\(code)\n"
        let found = try await RuleSample.findings("A22", ["app/auth.py": text])
        #expect(found.isEmpty != isSecret)
        for finding in found {
            #expect(!"\(finding)".contains(Self.key) && !"\(finding)".contains("letmein"))
        }
    }

    @Test("tests, examples, documents and enumerations do not count")
    func aside() async throws {
        let line = "SECRET_KEY = '\(Self.key)'\n"
        let files = [
            "tests/conftest.py": line, "examples/app.py": line, "docs/conf.py": line, "scripts/seed.py": line,
            "kinds.py": "from enum import Enum\n\nclass Grant(Enum):\n    SECRET_KEY = '\(Self.key)'\n",
        ]
        #expect(try await RuleSample.findings("A22", files) == [])
    }

    @Test("keys of known makers are found in other files, examples left out")
    func files() async throws {
        let line = "GITHUB=ghp_\(String(repeating: "aB3d", count: 9))\n"
        let found = try await RuleSample.findings(
            "A22",
            ["deploy.env": line, ".env.example": line, "docs/a.yaml": line]
        )
        #expect(found.map(\.place.description) == ["deploy.env:1"])
        #expect(!"\(found)".contains("aB3daB3d"))
    }

    @Test(
        "defaults of settings",
        arguments: [
            ("secret_key: str = 'secret'", "E"), ("secret_key: str = Field('secret', alias='KEY')", "E"),
            ("secret_key: SecretStr = SecretStr('secret')", "E"), ("secret_key: str = Field(...)", ""),
            ("secret_key: str", ""), ("secret_key: str = ''", ""), ("secret_key: str = token_urlsafe(32)", ""),
            ("postgres_password: str = 'postgres'", "W"), ("token_expire_minutes: int = 30", ""),
            ("admin_password: str = 'admin'", "E"), ("openai_api_key: str = '<your key>'", ""),
            ("jwt_secret: str = os.getenv('JWT_SECRET', 'secret')", "E"),
        ]
    )
    func defaults(field: String, severity: String) async throws {
        let text = """
            import os
            from secrets import token_urlsafe
            from pydantic import Field, SecretStr
            from pydantic_settings import BaseSettings

            class Settings(BaseSettings):
                \(field)
            """
        let found = try await RuleSample.findings("A23", ["config.py": text])
        #expect(found.map(\.severity.rawValue).joined() == severity)
        #expect(found.allSatisfy { !$0.found.contains("'secret'") && !$0.found.contains("'admin'") })
    }

    @Test("a validator that looks at the field, and settings for tests, are left alone")
    func guarded() async throws {
        let text = """
            from pydantic import model_validator
            from pydantic_settings import BaseSettings

            class Settings(BaseSettings):
                secret_key: str = "secret"

                @model_validator(mode="after")
                def enforce(self):
                    self.check("secret_key", self.secret_key)
                    return self

            class TestSettings(BaseSettings):
                jwt_secret: str = "secret"
            """
        #expect(try await RuleSample.findings("A23", ["config.py": text]) == [])
    }

    @Test(
        "a mask tells three signs of a long secret, and nothing of a short one",
        arguments: [
            ("SECRET_KEY = \"\(key)\"", key, "SECRET_KEY = \"Q7f•••"),
            ("secret: str = \"secret\"", "secret", "secret: str = \"•••"),
            ("connect(", key, "Q7f•••"), ("URL = \"db://me:\(key)@host\"", key, "URL = \"db://me:Q7f•••"),
        ]
    )
    func masks(line: String, value: String, shown: String) {
        #expect(LiteralSecret.masked(value, in: line) == shown)
    }
}
