import Model
import Testing

@testable import Scaffold

@Suite("Python sources")
struct PythonSourcesTests {
    @Test("names are resolved through imports, and nothing is run")
    func resolves() async throws {
        let text = """
            import fastapi as f
            from .core import settings
            import os
            os.system("touch /tmp/roost-was-run")

            def create() -> f.FastAPI:
                return f.FastAPI(debug=settings.debug)

            app = create()
            """
        let project = Project(files: ["shop/main.py": text, "bad.py": "def (:\n"])
        let sources = try await PythonSources.read(project)
        #expect(sources.warning == nil)
        let bad = try #require(sources.modules.first { $0.path == "bad.py" })
        #expect(bad.error?.line == 1)
        let main = try #require(sources.modules.first { $0.path == "shop/main.py" })
        let made = try #require(main.calls.first { $0.function == "fastapi.FastAPI" })
        #expect(made["debug"] == .name("shop.core.settings.debug"))
        #expect(made.scope == "create")
        #expect(main.functions.first?.returns == "fastapi.FastAPI")
        #expect(main.assigns.last?.value?.call?.function == "create")
    }
}
