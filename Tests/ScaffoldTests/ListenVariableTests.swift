import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Programs that are told by variables where to listen")
struct ListenVariableTests {
    private static let needs = "fastapi==0.115.6\nuvicorn==0.34.0\npydantic-settings\n"

    /// A program in `src/main.py` with its settings in `src/settings.py`, started by its image.
    private func environment(_ main: String, _ settings: String) async throws -> [String: String] {
        let plan = try await LaunchSample.plan([
            "src/__init__.py": "", "src/settings.py": settings, "requirements.txt": Self.needs,
            "src/main.py": "import os\nimport uvicorn\nfrom fastapi import FastAPI\n"
                + "from src.settings import settings\n\napp = FastAPI()\n\n\n\(main)",
            "Dockerfile": LaunchSample.image + "CMD [\"python\", \"-m\", \"src.main\"]\n",
        ])
        let text = LaunchSample.created("fly.toml", plan)
        let read = try AppConfig.read(try TOML.parse(Array(text.utf8), file: "fly.toml"), file: "fly.toml", regions: [])
        return read.config.env
    }

    private static let settings = """
        from pydantic_settings import BaseSettings


        class Settings(BaseSettings):
            host: str = "127.0.0.1"
            api_port: int


        settings = Settings()

        """
    private static let guarded = "if __name__ == \"__main__\":\n    "

    @Test(
        "what the call reads is set, by the name that it has there",
        arguments: [
            ("uvicorn.run(\"src.main:app\", host=settings.host, port=settings.api_port)", "HOST", "API_PORT"),
            ("uvicorn.run(app, host=settings.host, port=int(os.environ[\"LISTEN_PORT\"]))", "HOST", "LISTEN_PORT"),
            ("uvicorn.run(app, host=os.getenv(\"BIND\", \"localhost\"), port=settings.api_port)", "BIND", "API_PORT"),
        ]
    )
    func named(call: String, host: String, port: String) async throws {
        let set = try await environment(Self.guarded + call + "\n", Self.settings)
        #expect(set[host] == "0.0.0.0", "\(set)")
        #expect(set[port] == "8000", "\(set)")
        #expect(port == "PORT" || set["PORT"] == nil)
    }

    @Test("a prefix of the settings is part of the name, and names of a function's own are followed")
    func prefixed() async throws {
        let settings = Self.settings.replacing(
            "class Settings(BaseSettings):\n",
            with: "class Settings(BaseSettings):\n    model_config = {\"env_prefix\": \"SHOP_\"}\n"
        )
        let main =
            "def main():\n    host = settings.host\n    uvicorn.run(app, host=host, port=settings.api_port)\n\n\n"
        let set = try await environment(main + Self.guarded + "main()\n", settings)
        #expect(set["SHOP_HOST"] == "0.0.0.0", "\(set)")
        #expect(set["SHOP_API_PORT"] == "8000", "\(set)")
    }

    @Test("one that listens for everybody already, or is told by its command, is left as it is")
    func asItIs() async throws {
        let open = Self.settings.replacing("127.0.0.1", with: "0.0.0.0").replacing(
            "api_port: int",
            with: "api_port: int = 8080"
        )
        let call = "uvicorn.run(app, host=settings.host, port=settings.api_port)\n"
        let set = try await environment(Self.guarded + call, open)
        #expect(set["HOST"] == nil && set["API_PORT"] == nil && set["PORT"] == nil, "\(set)")
        let fixed = try await environment(Self.guarded + "uvicorn.run(app, host=\"0.0.0.0\", port=9000)\n", open)
        #expect(fixed["HOST"] == nil && fixed["PORT"] == nil, "\(fixed)")
    }
}
