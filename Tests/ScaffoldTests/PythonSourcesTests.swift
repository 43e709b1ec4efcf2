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

    @Test("syntax of Pythons newer than the one that reads is read, and what no Python takes is not")
    func newer() async throws {
        let text = """
            import os
            type Name = str | None
            type Box[T] = list[T]
            def first[T: dict[str, int]](x: T) -> T:
                return x
            class Repo[K,
                       V](Base[K]):
                label = f"{os.environ["A"]} {{x}} {K!r:>{V}}"
            try:
                pass
            except ValueError, KeyError:
                pass
            from fastapi import FastAPI
            app = FastAPI()
            """
        let project = Project(files: ["new.py": text, "old.py": "print 'x'\n", "cut.py": "def f[T(x):\n    pass\n"])
        let sources = try await PythonSources.read(project)
        let new = try #require(sources.modules.first { $0.path == "new.py" })
        #expect(new.error == nil)
        #expect(new.assigns.contains { $0.target == "app" && $0.value?.call?.line == 14 })
        #expect(new.classes.first?.name == "Repo" && new.functions.first?.name == "first")
        #expect(sources.modules.first { $0.path == "old.py" }?.error != nil)
        #expect(sources.modules.first { $0.path == "cut.py" }?.error != nil)
    }
}
