import Model
import Testing
import Toolkit

@testable import Scaffold

extension ScanContext {
    /// A context of files in memory, with their Python, Dockerfiles and configuration read.
    static func reading(_ files: [String: String], root: String = "", entry: String? = nil) async throws -> ScanContext
    {
        let project = Project(files: files)
        let python = try await PythonSources.read(project)
        var documents: [String: [ConfigNode]] = [:]
        for (path, text) in files where [".yml", ".yaml", ".toml", ".json"].contains(where: path.hasSuffix) {
            let name = path.hasSuffix(".json") ? path + ".yaml" : path
            documents[path] = Manifest.tree(text, name).map { [$0] }
        }
        let images = files.keys.sorted().filter { $0.lowercased().contains("dockerfile") }
        var context = ScanContext(
            project: project,
            program: PythonProgram(python),
            dockerfiles: images.map { Dockerfile.parse(files[$0] ?? "", path: $0) },
            documents: documents
        )
        context.root = root
        context.facts.entry = entry.map { Facts.Entry(kind: .app, target: $0) }
        return context
    }

    /// The facts that a detector finds in files.
    static func facts(
        _ files: [String: String],
        root: String = "",
        entry: String? = nil,
        _ detect: (inout ScanContext) -> Void
    ) async throws -> Facts {
        var context = try await reading(files, root: root, entry: entry)
        detect(&context)
        return context.facts
    }
}

@Suite("Manifest detector")
struct ManifestDetectorTests {
    typealias Name = Facts.Manager.Name

    static let project = """
        [project]
        name = "shop"
        requires-python = ">=3.12"
        dependencies = ["fastapi[standard]>=0.110"]
        """
    static let poetry = """
        [tool.poetry]
        name = "shop"
        [tool.poetry.dependencies]
        python = "^3.11"
        fastapi = "^0.110"
        uvicorn = { version = "*", extras = ["standard"] }
        """

    static let byFiles: [(why: String, files: [String: String], name: Name, lock: String?)] = [
        ("a uv lock", ["uv.lock": "", "pyproject.toml": project], .uv, "uv.lock"),
        ("uv's table and no lock", ["pyproject.toml": project + "\n[tool.uv]\npackage = false"], .uv, nil),
        ("poetry's table", ["pyproject.toml": poetry], .poetry, nil),
        ("poetry's lock", ["poetry.lock": "", "pyproject.toml": poetry], .poetry, "poetry.lock"),
        (
            "two locks, uv's is the newer tool", ["uv.lock": "", "poetry.lock": "", "pyproject.toml": poetry], .uv,
            "uv.lock"
        ),
        ("pdm", ["pdm.lock": "", "pyproject.toml": project], .pdm, "pdm.lock"),
        ("pipenv", ["Pipfile": "[packages]\nfastapi = \"*\"", "Pipfile.lock": "{}"], .pipenv, "Pipfile.lock"),
        ("conda with a web framework", ["environment.yml": "dependencies: [fastapi, python=3.11]"], .conda, nil),
        (
            "conda for notebooks beside requirements",
            ["environment.yml": "dependencies: [jupyter]", "requirements.txt": "fastapi"], .pip, "requirements.txt"
        ),
        (
            "pyproject with tables of tools only",
            ["pyproject.toml": "[tool.aerich]\nlocation = './m'", "requirements.txt": "fastapi"], .pip,
            "requirements.txt"
        ),
        ("a standard pyproject alone", ["pyproject.toml": project], .pip, nil),
        (
            "hatch's environments",
            ["pyproject.toml": project + "\n[tool.hatch.envs.default]\ndependencies = ['pytest']"], .hatch, nil
        ),
        ("setup.cfg", ["setup.cfg": "[metadata]\nname = shop\n[options]\ninstall_requires =\n    fastapi"], .pip, nil),
        (
            "requirements in a folder of their own",
            ["requirements/base.txt": "fastapi", "requirements/dev.txt": "pytest"], .pip, "requirements/base.txt"
        ),
        (
            "the one for production includes the other",
            ["requirements.txt": "fastapi", "requirements-prod.txt": "-r requirements.txt\ngunicorn"],
            .pip, "requirements-prod.txt"
        ),
        ("a folder below", ["api/requirements.txt": "fastapi", "README.md": ""], .pip, "api/requirements.txt"),
    ]

    @Test("files tell the manager", arguments: byFiles)
    func files(_ row: (why: String, files: [String: String], name: Name, lock: String?)) async throws {
        let facts = try await ScanContext.facts(row.files, ManifestDetector.detect)
        #expect(facts.manager?.name == row.name, "\(row.why)")
        #expect(facts.manager?.lock == row.lock, "\(row.why)")
        #expect(facts.dependencies.contains { $0.name == "fastapi" }, "\(row.why)")
        #expect(facts.manager?.evidence.isEmpty == false)
    }

    static let byCommands: [(why: String, run: String, name: Name, lock: String?)] = [
        (
            "pip with an export of poetry's lock", "pip install --no-cache-dir -r requirements.txt", .pip,
            "requirements.txt"
        ),
        ("poetry, which pip brings", "pip install poetry==1.8 && poetry install --only main", .poetry, "poetry.lock"),
        (
            "an export is poetry's", "poetry export -f requirements.txt | pip install -r /dev/stdin", .poetry,
            "poetry.lock"
        ),
        ("behind python -m", "python3.12 -m poetry install", .poetry, "poetry.lock"),
        ("by a path", "/root/.local/bin/uv sync --frozen", .uv, nil),
        ("a file that the build makes is no manifest", "pip install -r /tmp/made.txt", .poetry, "poetry.lock"),
        ("only the tool", "pip install --upgrade pip", .poetry, "poetry.lock"),
        ("the project itself has a lock", "pip install .", .poetry, "poetry.lock"),
    ]

    @Test("the production image's install command wins", arguments: byCommands)
    func commands(_ row: (why: String, run: String, name: Name, lock: String?)) async throws {
        let files = [
            "poetry.lock": "", "pyproject.toml": Self.poetry, "requirements.txt": "fastapi==0.110",
            "Dockerfile": "FROM python:3.12\nCOPY . .\nRUN \(row.run)\n",
        ]
        let facts = try await ScanContext.facts(files, ManifestDetector.detect)
        #expect(facts.manager?.name == row.name, "\(row.why)")
        #expect(facts.manager?.lock == row.lock, "\(row.why)")
    }

    @Test("of several stages and files, those of production count")
    func stages() async throws {
        let image = """
            FROM python:3.12 AS build
            COPY deploy/prod.txt /tmp/needed.txt
            RUN pip install -r /tmp/needed.txt
            FROM python:3.12-slim AS production
            COPY --from=build /usr/local /usr/local
            FROM production AS dev
            RUN pip install -r requirements-dev.txt
            """
        let files = [
            "Dockerfile": image, "deploy/prod.txt": "", "requirements-dev.txt": "pytest", "deploy/needed.txt": "",
            "deploy/prod.txt.bak": "", "requirements.txt": "flask",
        ]
        var known = files
        known["deploy/prod.txt"] = "fastapi\nuvicorn"
        let facts = try await ScanContext.facts(known, ManifestDetector.detect)
        #expect(facts.manager?.lock == "deploy/prod.txt")
        #expect(facts.manager?.evidence.first?.place == Place("Dockerfile", 3))
    }

    @Test("a workspace's lock lies above its member")
    func workspace() async throws {
        let files = [
            "pyproject.toml": "[tool.uv.workspace]\nmembers = ['backend', 'libs/*']\nexclude = ['libs/old']",
            "uv.lock": "",
            "backend/pyproject.toml": Self.project + "\n[project.optional-dependencies]\nx = ['y']",
            "libs/core/pyproject.toml": "[project]\nname = 'shop-core'\ndependencies = ['asyncpg']",
            "libs/old/pyproject.toml": "[project]\nname = 'old'",
        ]
        var used = files
        used["backend/pyproject.toml"] = Self.project.replacing("[\"fastapi", with: "[\"shop_core\", \"fastapi")
        let facts = try await ScanContext.facts(used, root: "backend", ManifestDetector.detect)
        let manager = try #require(facts.manager)
        #expect(manager.name == .uv)
        #expect(manager.lock == "uv.lock")
        #expect(manager.workspace == "")
        #expect(manager.member == "shop")
        #expect(manager.manifest == "backend/pyproject.toml")
        #expect(facts.dependencies.map(\.name).contains("asyncpg"), "a member brings what it needs")
        let outside = try await ScanContext.facts(files, root: "libs/old", ManifestDetector.detect)
        #expect(outside.manager?.workspace == nil)
    }

    @Test("the group or extra that holds the framework or the server is needed")
    func sections() async throws {
        let extras = """
            [project]
            name = "shop"
            dependencies = ["pydantic"]
            [project.optional-dependencies]
            web = ["fastapi", "uvicorn"]
            full = ["shop[web]", "boto3"]
            dev = ["shop[full]", "pytest"]
            """
        let facts = try await ScanContext.facts(["pyproject.toml": extras], ManifestDetector.detect)
        #expect(facts.manager?.extras == ["web"])
        #expect(facts.dependencies.contains { $0.name == "fastapi" && $0.group == "full" })

        let named = ["pyproject.toml": extras, "Dockerfile": "FROM python:3.12\nCOPY . .\nRUN pip install '.[full]'"]
        #expect(try await ScanContext.facts(named, ManifestDetector.detect).manager?.extras == ["full"])

        let groups =
            Self.project.replacing("fastapi[standard]", with: "fastapi") + """

                [dependency-groups]
                server = ["gunicorn", { include-group = "loop" }]
                loop = ["uvloop", { include-group = "server" }]
                dev = ["pytest"]
                """
        let uv = try await ScanContext.facts(["uv.lock": "", "pyproject.toml": groups], ManifestDetector.detect)
        #expect(uv.manager?.groups == ["server"])
        #expect(uv.dependencies.contains { $0.name == "uvloop" && $0.group == "server" })

        let split =
            Self.poetry.replacing("fastapi = \"^0.110\"", with: "") + """

                [tool.poetry.group.bot.dependencies]
                fastapi = "*"
                [tool.poetry.group.web.dependencies]
                fastapi = "*"
                """
        let image = "FROM python:3.12\nCOPY . .\nRUN poetry install --without dev --without web"
        let without = try await ScanContext.facts(
            ["pyproject.toml": split, "Dockerfile": image],
            ManifestDetector.detect
        )
        #expect(without.manager?.groups == ["bot"], "the image leaves the other out")

        let only = Self.poetry.replacing("uvicorn = ", with: "[tool.poetry.group.dev.dependencies]\nuvicorn = ")
        let development = try await ScanContext.facts(["pyproject.toml": only], ManifestDetector.detect)
        #expect(development.manager?.groups == ["dev"], "without it nothing would start")
    }

    @Test("a project is installed when its code is found no other way")
    func installs() async throws {
        let system = "\n[build-system]\nrequires = ['hatchling']\nbuild-backend = 'hatchling.build'\n"
        let source = ["uv.lock": "", "pyproject.toml": Self.project + system, "src/shop/__init__.py": ""]
        let facts = try await ScanContext.facts(source, ManifestDetector.detect)
        #expect(facts.manager?.installsProject == true)
        #expect(facts.manager?.buildBackend == "hatchling.build")
        var package = source
        package["src/__init__.py"] = ""
        #expect(try await ScanContext.facts(package, ManifestDetector.detect).manager?.installsProject == false)
        var refused = source
        refused["pyproject.toml"] = Self.project + system + "[tool.uv]\npackage = false"
        #expect(try await ScanContext.facts(refused, ManifestDetector.detect).manager?.installsProject == false)
    }

    @Test("packages named in the image are the manifest where there is no other")
    func inline() async throws {
        let files = [
            "Dockerfile": "FROM python:3.12\nRUN pip install -U pip && pip install fastapi 'uvicorn[standard]'",
            "main.py": "",
        ]
        let facts = try await ScanContext.facts(files, ManifestDetector.detect)
        #expect(facts.manager?.lock == nil)
        #expect(facts.dependencies.map(\.name) == ["fastapi", "uvicorn"])
    }

    @Test("a platform's build command and Dockerfile count where nothing else is told")
    func platforms() async throws {
        let render = """
            services:
              - type: web
                runtime: python
                buildCommand: pip install -r requirements.txt
            """
        let files = [
            "render.yaml": render, "requirements.txt": "fastapi", "poetry.lock": "", "pyproject.toml": Self.poetry,
        ]
        #expect(try await ScanContext.facts(files, ManifestDetector.detect).manager?.name == .pip)
        let chosen = [
            "render.yaml": "services: [{type: web, dockerfilePath: deploy/b/Dockerfile}]",
            "deploy/a/Dockerfile":
                "FROM mambaorg/micromamba\nCOPY deploy/a/env.yml /tmp/env.yml\nRUN micromamba install -f /tmp/env.yml",
            "deploy/b/Dockerfile":
                "FROM mambaorg/micromamba\nCOPY deploy/b/env.yml /tmp/env.yml\nRUN micromamba install -f /tmp/env.yml",
            "deploy/a/env.yml": "dependencies: [flask]", "deploy/b/env.yml": "dependencies: [fastapi]",
        ]
        let facts = try await ScanContext.facts(chosen, ManifestDetector.detect)
        #expect(facts.manager?.name == .conda)
        #expect(facts.manager?.manifest == "deploy/b/env.yml")
    }

    @Test("hostile manifests neither crash nor put anything into command lines")
    func hostile() async throws {
        let files = [
            "pyproject.toml": """
            [project]
            name = "a; rm -rf /"
            dependencies = ["fastapi", "x; evil$(id)", "-e ../../etc", "y @ https://h/\\n--index-url", ""]
            [project.optional-dependencies]
            "a b; id" = ["uvicorn"]
            "--prod" = ["uvicorn"]
            [dependency-groups]
            prod = [{ include-group = "prod" }, 3]
            """,
            "uv.lock": "",
            "requirements.txt": String(repeating: "-r requirements.txt\n", count: 1000),
            "setup.cfg": "[options\n= =\n" + String(repeating: " x\n", count: 50_000),
        ]
        let facts = try await ScanContext.facts(files, ManifestDetector.detect)
        #expect(facts.manager?.groups == ["prod"])
        #expect(facts.manager?.extras == [])
        #expect(facts.dependencies.allSatisfy { $0.name.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" } })
    }

    @Test("nothing is said about a folder without Python's manifests")
    func none() async throws {
        let facts = try await ScanContext.facts(["package.json": "{}", "README.md": ""], ManifestDetector.detect)
        #expect(facts.manager == nil)
        #expect(facts.dependencies.isEmpty)
    }
}
