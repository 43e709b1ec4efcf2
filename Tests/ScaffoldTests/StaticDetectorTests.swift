import Model
import Testing

@testable import Scaffold

@Suite("Static files and front ends")
struct StaticDetectorTests {
    private func found(
        _ files: [String: String],
        root: String = "",
        framework: Facts.Framework = .fastapi
    ) async throws -> ScanContext {
        var context = try await BehaviourFixture.context(files, root: root, framework: framework)
        StaticDetector.detect(&context)
        return context
    }

    @Test(
        "folders from the code: of the working directory, of the file, put together, from settings",
        arguments: [
            ("StaticFiles(directory=\"static\")", "static"),
            ("StaticFiles(directory=\"./static\", html=True)", "static"),
            ("StaticFiles(directory=Path(__file__).parent / \"static\")", "app/static"),
            ("StaticFiles(directory=str(Path(__file__).resolve().parent.parent / \"public\"))", "public"),
            ("StaticFiles(directory=Path(__file__).parents[1] / \"public\")", "public"),
            (
                "StaticFiles(directory=os.path.join(os.path.dirname(os.path.abspath(__file__)), \"static\"))",
                "app/static"
            ),
            ("StaticFiles(directory=BASE / \"static\")", "app/static"),
            ("StaticFiles(directory=f\"{BASE}/static\")", "app/static"),
            ("StaticFiles(directory=settings.static_dir)", "assets"),
            ("StaticFiles(directory=Path(\"a\", \"b\"))", "a/b"),
            ("StaticFiles(directory=os.getenv(\"STATIC\", \"/srv/static\"))", "/srv/static"),
            ("Cached(directory=\"static\")", "static"),
            ("StaticFiles(directory=folder())", "app/static"), ("files", "static"),
        ]
    )
    func directories(_ value: String, _ folder: String) async throws {
        let main = """
            import os
            from pathlib import Path
            from fastapi import FastAPI
            from fastapi.staticfiles import StaticFiles
            from app.config import settings
            BASE = Path(__file__).resolve().parent
            class Cached(StaticFiles): ...
            def folder():
                return BASE / "static"
            files = StaticFiles(directory="static")
            app = FastAPI()
            app.mount("/static", \(value), name="static")
            """
        let config =
            "from pathlib import Path\nclass Settings:\n    static_dir: Path = Path(\"assets\")\nsettings = Settings()\n"
        let context = try await found(["app/main.py": main, "app/config.py": config])
        let statics = context.facts.statics.filter { $0.path == "/static" }
        #expect(statics.map(\.directory) == [folder])
        #expect(statics.map(\.kind) == ["StaticFiles"])
    }

    @Test("a folder of the working directory is looked for where the app may be started")
    func located() async throws {
        let main =
            "from fastapi import FastAPI\nfrom fastapi.staticfiles import StaticFiles\napp = FastAPI()\n"
            + "app.mount(\"/s\", StaticFiles(directory=\"static\"))\n"
        let context = try await found(["web/app/main.py": main, "web/app/static/x.css": ""], root: "web")
        #expect(context.facts.statics.map(\.directory) == ["app/static"])
    }

    @Test("templates, and what Flask and Django do by themselves")
    func others() async throws {
        let main =
            "from fastapi import FastAPI\nfrom fastapi.templating import Jinja2Templates\napp = FastAPI()\n"
            + "pages = Jinja2Templates(directory=[\"pages\", \"more\"])\n"
        let jinja = try await found(["app/main.py": main])
        #expect(jinja.facts.statics.map(\.directory) == ["more", "pages"])
        #expect(jinja.facts.statics.allSatisfy { $0.kind == "templates" })
        let flask = try await found(
            [
                "app/main.py": "from flask import Flask\napp = Flask(__name__, template_folder=\"pages\")\n",
                "app/static/a.css": "",
            ],
            framework: .flask
        )
        #expect(
            flask.facts.statics.map { "\($0.kind) \($0.directory)" } == [
                "StaticFiles app/static", "templates app/pages",
            ]
        )
        let settings =
            "from pathlib import Path\nBASE_DIR = Path(__file__).resolve().parent.parent\nSTATIC_ROOT = BASE_DIR / \"collected\"\nSTATIC_URL = \"static/\"\n"
        let django = try await found(["app/settings.py": settings, "app/main.py": ""], framework: .django)
        #expect(
            django.facts.statics.map { "\($0.kind) \($0.path) \($0.directory)" } == ["collectstatic /static/ collected"]
        )
    }

    private static let package = "{\"scripts\": {\"build\": \"vite build\"}, \"devDependencies\": {\"vite\": \"5\"}}"

    @Test(
        "a front end, its tool, its output, and whether the app serves it",
        arguments: [
            (["frontend/pnpm-lock.yaml": ""], "StaticFiles(directory=\"frontend/dist\")", "pnpm", "dist", true),
            (["frontend/package-lock.json": ""], "StaticFiles(directory=\"static\")", "npm", "dist", false),
            (
                ["yarn.lock": "", "frontend/vite.config.ts": "export default { build: { outDir: '../static' } }"],
                "StaticFiles(directory=\"static\")", "yarn", "../static", true
            ),
            (
                [
                    "bun.lock": "",
                    "frontend/vite.config.js": "build: {\n  outDir: path.resolve(__dirname, \"../app/web\"),\n}",
                ],
                "StaticFiles(directory=\"app/web\")", "bun", "../app/web", true
            ),
            (
                [
                    "Dockerfile":
                        "FROM node:22 AS ui\nCOPY frontend .\nRUN npm run build\nFROM python:3.12\nRUN pip install x\n"
                        + "COPY --from=ui /dist /app/static\n"
                ], "StaticFiles(directory=\"static\")", "npm", "dist", true
            ),
        ] as [([String: String], String, String, String, Bool)]
    )
    func frontend(
        _ files: [String: String],
        _ mounted: String,
        _ tool: String,
        _ output: String,
        _ isServed: Bool
    ) async throws {
        let main =
            "from fastapi import FastAPI\nfrom fastapi.staticfiles import StaticFiles\napp = FastAPI()\napp.mount(\"/\", \(mounted))\n"
        var all = files
        all["app/main.py"] = main
        all["frontend/package.json"] = Self.package
        let frontend = try #require(try await found(all).facts.frontend)
        #expect(frontend.directory == "frontend")
        #expect(frontend.packageManager == tool)
        #expect(frontend.output == output)
        #expect(frontend.isServed == isServed)
    }

    @Test("a documentation site and a package without a build are no front end")
    func noFrontend() async throws {
        let files = [
            "docs/package.json": Self.package, "package.json": "{\"devDependencies\": {\"prettier\": \"3\"}}",
            "app/main.py": "",
        ]
        #expect(try await found(files).facts.frontend == nil)
    }
}
