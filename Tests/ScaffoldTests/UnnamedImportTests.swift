import Testing

@testable import Scaffold

@Suite("Imports that no list of requirements names")
struct UnnamedImportTests {
    private func warnings(_ files: [String: String], main: String = "") async throws -> [String] {
        var all = ["main.py": main + LaunchSample.app, "requirements.txt": LaunchSample.needs]
        all.merge(files) { _, new in new }
        return try await Scan.run(Project(files: all)).facts.warnings.map(\.message).filter {
            $0.hasPrefix("it imports")
        }
    }

    @Test("what the app imports in any case is told, with the line to add")
    func told() async throws {
        let found = try await warnings(
            ["auth.py": "from authlib.integrations.starlette_client import OAuth\nimport socketio, json\n"],
            main: "import auth\n"
        )
        #expect(
            found == [
                "it imports authlib, which requirements.txt does not name, and ends there unless another package brings it: add authlib",
                "it imports socketio, which requirements.txt does not name, and ends there unless another package brings it: "
                    + "add python-socketio",
            ]
        )
    }

    @Test(
        "what may be there is not told",
        arguments: [
            // Named, named otherwise, brought along, installed by the image.
            (["requirements.txt": "fastapi\nAuthlib==1.3\n"], "import authlib\n"),
            (["requirements.txt": "fastapi\npsycopg2\n"], "import psycopg2\n"),
            (["requirements.txt": "fastapi\nfastapi-users-db-sqlalchemy\n"], "import fastapi_users\n"),
            (["Dockerfile": LaunchSample.image + "RUN pip install authlib\n"], "import authlib\n"),
            // Of the project, of a lock, only tried, of no package that is known, in a module that nothing imports.
            (["authlib/__init__.py": ""], "import authlib\n"),
            (
                [
                    "pyproject.toml": "[tool.poetry]\nname = \"x\"\n[tool.poetry.dependencies]\nfastapi = \"*\"\n",
                    "poetry.lock": "[[package]]\nname = \"authlib\"\nversion = \"1.3\"\n",
                ], "import authlib\n"
            ),
            ([:], "try:\n    import authlib\nexcept ImportError:\n    authlib = None\n"),
            ([:], "import nobodyknows\nimport requests\n"), (["tool.py": "import authlib\n"], ""),
        ] as [([String: String], String)]
    )
    func silent(files: [String: String], main: String) async throws {
        #expect(try await warnings(files, main: main).isEmpty)
    }

    @Test("what stands among the requirements of development alone is told as that")
    func development() async throws {
        let found = try await warnings(["requirements-dev.txt": "httpx\npytest\n"], main: "import httpx\n")
        #expect(
            found == [
                "it imports httpx, which stands in the group dev alone, and that is not installed: unless another package "
                    + "brings it, move httpx to the main requirements"
            ]
        )
    }
}
