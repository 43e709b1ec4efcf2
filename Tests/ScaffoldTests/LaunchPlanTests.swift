import Foundation
import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Launch plans")
struct LaunchPlanTests {
    @Test("an empty project gets all files, and says where all was found")
    func text() {
        let plan = Self.plan(Self.project)
        #expect(plan.text == Self.goldenText)
        #expect(plan == Self.plan(Self.project))
    }

    @Test("what was written is found to be up to date, until it or the project changes")
    func check() {
        var files = Self.files
        for artefact in Self.created(Self.plan(Self.project)) { files[artefact.path] = artefact.text }
        let project = Project(files: files)
        let again = Self.plan(project, existing: true)
        #expect(Self.created(again).isEmpty)
        #expect(again.check(project).isEmpty)
        for case .keep(_, let reason) in again.actions { #expect(reason == "up to date") }

        files["Dockerfile"]? += "RUN true\n"
        #expect(again.check(Project(files: files)) == ["Dockerfile was edited since roost wrote it"])

        var facts = GoldenFacts.make()
        facts.port = Facts.Port(9000)
        facts.existing.dockerfile = "Dockerfile"
        var options = Self.options
        options.stamp = Stamp.text(version: "1.2.3", facts: "def")
        let later = LaunchPlan.make(facts, project: project, options: options)
        let reasons = ["Dockerfile", "fly.toml"].map { "\($0) is out of date: the project has changed since" }
        #expect(later.check(project) == reasons)
        let offers = later.actions.compactMap { if case .offer(let patch) = $0 { patch.path } else { nil } }
        #expect(offers == ["Dockerfile", "fly.toml"])

        facts.database = nil
        facts.migrations = nil
        let less = LaunchPlan.make(facts, project: project, options: options)
        #expect(less.check(project).contains("migrate.py is not needed any more"))
    }

    @Test("a fly.json of the project's own is kept, and what it lacks is said")
    func json() {
        var files = Self.files
        files["fly.json"] = #"{"app": "shop", "http_service": {"internal_port": 8000}}"#
        var facts = GoldenFacts.make()
        facts.existing.flyConfig = "fly.json"
        let plan = LaunchPlan.make(facts, project: Project(files: files), options: Self.options)
        #expect(!Self.created(plan).contains { $0.path == "fly.toml" })
        let note = plan.notes.first { $0.hasPrefix("fly.json lacks ") } ?? ""
        for word in ["kill_signal (SIGTERM)", "kill_timeout (", "deploy.release_command (", "http_service.checks"] {
            #expect(note.contains(word), "\(word) in \(plan.notes)")
        }
    }

    @Test("files of the project's own are kept, and never said to be out of date")
    func kept() {
        var files = Self.files
        for name in ["Dockerfile", ".dockerignore", "fly.toml", ".env.example", "migrate.py"] {
            files[name] = "# mine\n"
        }
        var facts = GoldenFacts.make()
        facts.existing.dockerfile = "Dockerfile"
        facts.existing.flyConfig = "fly.toml"
        facts.existing.environmentExample = ".env.example"
        let project = Project(files: files)
        let plan = LaunchPlan.make(facts, project: project, options: Self.options)
        #expect(Self.created(plan).isEmpty)
        #expect(plan.check(project).isEmpty)
        #expect(plan.actions.first == .keep(path: "Dockerfile", reason: "the project's own"))
    }

    @Test("a migrate.py of the project's own is left in peace")
    func ownScript() throws {
        var files = Self.files
        files["migrate.py"] = "print('mine')\n"
        let plan = Self.plan(Project(files: files))
        let created = Self.created(plan)
        let script = try #require(created.first { $0.path == "roost/migrate.py" })
        #expect(script.text.contains("os.path.join(os.path.dirname(os.path.abspath(__file__)), \"..\")"))
        #expect(created.first { $0.path == "fly.toml" }?.text.contains("python roost/migrate.py") == true)
        #expect(created.first { $0.path == "Dockerfile" }?.text.contains("COPY roost/migrate.py ./roost/") == true)
    }

    @Test("an image of the project's own that starts nothing gets its command from fly.toml; another one a note")
    func keptImage() throws {
        func plan(_ dockerfile: String, from evidence: Place?) throws -> (config: String, notes: String) {
            var facts = GoldenFacts.make()
            facts.existing.dockerfile = "Dockerfile"
            facts.server?.evidence = evidence.map { [.init($0, "uvicorn")] } ?? []
            var files = Self.files
            files["Dockerfile"] = dockerfile
            let plan = LaunchPlan.make(facts, project: Project(files: files), options: Self.options)
            let config = try #require(Self.created(plan).first { $0.path == "fly.toml" })
            return (config.text, plan.notes.joined(separator: "\n"))
        }
        let compose = Place("compose.yaml", 7)
        let nothing = try plan("FROM python:3.13-slim\nWORKDIR /srv\nCOPY . .\n", from: compose)
        #expect(nothing.config.contains("web = \"") && !nothing.config.contains("web = \"\""), "\(nothing.config)")
        #expect(nothing.notes.contains("has no CMD"))
        let other = try plan(
            "FROM python:3.13-slim\nCOPY . .\nCMD [\"alembic\", \"upgrade\", \"head\"]\n",
            from: compose
        )
        #expect(other.notes.contains("compose.yaml:7") && !other.config.contains("uvicorn"), "\(other.notes)")
        let own = try plan("FROM python:3.13-slim\nCMD [\"uvicorn\", \"a:b\"]\n", from: Place("Dockerfile", 2))
        #expect(!own.notes.contains("image's own command"))
        let script = try plan("FROM python:3.13-slim\nCMD [\"/srv/start.sh\"]\n", from: Place("docker/start.sh", 3))
        #expect(!script.notes.contains("image's own command"))
    }

    @Test("a fly.toml of the project's own is offered what it lacks", arguments: configs)
    func config(_ row: ConfigRow) throws {
        var files = Self.files
        files["fly.toml"] = row.text
        var facts = GoldenFacts.make()
        facts.existing.flyConfig = "fly.toml"
        let plan = LaunchPlan.make(facts, project: Project(files: files), options: Self.options)
        let offers = plan.actions.compactMap { action in
            if case .offer(let patch) = action, patch.path == "fly.toml" { patch.text } else { nil }
        }
        #expect(plan.actions.contains(.keep(path: "fly.toml", reason: "the project's own")))
        #expect(offers.count == (row.has.isEmpty ? 0 : 1))
        for part in row.has { #expect(offers.first?.contains(part) == true, "\(part) in \(offers)") }
        for part in row.lacks { #expect(offers.first?.contains(part) != true, "\(part) in \(offers)") }
        #expect(plan.notes.contains { $0.contains("can't be read") } == row.isBroken)
    }

    struct ConfigRow: Sendable {
        var text: String
        var has: [String] = []
        var lacks: [String] = []
        var isBroken = false
    }

    private static let configs: [ConfigRow] = [
        ConfigRow(
            text: "app = \"x\"\n\n# The web.\n[http_service]\n  internal_port = 8000\n\n[[vm]]\n  memory = \"1gb\"\n",
            has: [
                "app = \"x\"\nkill_signal = \"SIGTERM\"\nkill_timeout = 30\n\n# The web.",
                "[deploy]\n  release_command = \"python migrate.py\"",
                "[[http_service.checks]]", "path = \"/readyz\"",
            ]
        ),
        ConfigRow(
            text:
                "kill_signal = \"SIGINT\"\nkill_timeout = 60\n[deploy]\n  strategy = \"rolling\"\n[http_service]\n[[http_service.checks]]\n",
            has: ["[deploy]\n  release_command = \"python migrate.py\"\n  strategy"],
            lacks: ["SIGTERM", "/readyz"]
        ),
        ConfigRow(
            text:
                "kill_signal = \"SIGTERM\"\nkill_timeout = 30\ndeploy.release_command = \"x\"\nhttp_service = { internal_port = 80 }\n"
        ),
        ConfigRow(
            text:
                "kill_signal = \"SIGTERM\"\nkill_timeout = 30\n[deploy]\nrelease_command = \"x\"\n[checks.a]\ntype = \"tcp\"\nport = 1\n"
        ),
        ConfigRow(text: "app = \n", isBroken: true),
    ]

    @Test(
        "what can't be decided is asked",
        arguments: [
            (Facts.Confidence.certain, ["b:app"], nil),
            (.ambiguous, ["b:app"], "which is the app: app.main:app, b:app?"),
            (.likely, [], nil),
        ]
    )
    func question(confidence: Facts.Confidence, others: [String], question: String?) {
        var facts = GoldenFacts.make()
        facts.entry?.confidence = confidence
        facts.alternatives = others.map { Facts.Entry(kind: .app, target: $0) }
        #expect(LaunchPlan.make(facts, project: Self.project).question == question)
        facts.entry = nil
        let targets = others.isEmpty ? "what starts the app?" : "which is the app: b:app?"
        let plan = LaunchPlan.make(facts, project: Self.project)
        #expect(plan.question == targets)
        #expect(plan.actions.isEmpty)
    }

    @Test("nothing is written for what is no app", arguments: [Facts.Kind.library, .template, .collection, .empty])
    func others(_ kind: Facts.Kind) {
        var facts = GoldenFacts.make()
        facts.kind = kind
        let plan = LaunchPlan.make(facts, project: Self.project)
        #expect(plan.actions.isEmpty)
        #expect(plan.text.contains(": "))
    }

    @Test("hostile projects give lines of text and files, and nothing else", arguments: GenerateShapes.hostile)
    func hostile(_ shape: GenerateShapes.Shape) {
        var files = Self.files
        files[HostileFacts.texts[0]] = "x"
        files["a b/c.py"] = "x"
        files["$(id).py"] = "x"
        let plan = LaunchPlan.make(shape.facts, project: Project(files: files), options: Self.options)
        #expect(!plan.text.unicodeScalars.contains { $0 != "\n" && $0.properties.generalCategory == .control })
        #expect(!plan.text.unicodeScalars.contains("\u{202E}"))
        for artefact in Self.created(plan) { #expect(!artefact.path.contains("..")) }
    }

    @Test("the image gets what the code needs and no more")
    func contents() {
        var files = Self.files
        for (path, text) in [
            "core/util.py": "", "config.py": "open('prompts/a.txt')\nfrom scripts import seed\nload(\"rules.yaml\")\n",
            "prompts/a.txt": "",
            "unused/a.txt": "", "rules.yaml": "", "other.yaml": "", "scripts/seed.py": "", "tests/test_a.py": "",
            "docs/conf.py": "",
            "templates/a.html": "", "setup.py": "", "test_x.py": "", "local.db": "", "README.md": "", "conftest.py": "",
            "tools/x.py": "",
        ] { files[path] = text }
        let contents = ImageContents.read(GoldenFacts.make(), Project(files: files))
        #expect(contents.folders == ["alembic", "app", "core", "prompts", "scripts", "templates"])
        #expect(contents.files == ["alembic.ini", "config.py", "rules.yaml"])
    }

    @Test("requirements bring those that they name")
    func requirements() {
        var facts = GoldenFacts.make()
        facts.manager = Facts.Manager(.pip)
        facts.manager?.lock = "requirements/prod.txt"
        var files = [
            "requirements/prod.txt": "-r base.txt\n--constraint=../limits.txt\nx\n", "requirements/base.txt": "y\n",
            "limits.txt": "",
        ]
        files["requirements/constraints.txt"] = "z==1\n"
        let contents = ImageContents.read(facts, Project(files: files))
        #expect(contents.requirements == ["limits.txt", "requirements/base.txt", "requirements/prod.txt"])
        #expect(contents.constraints == "requirements/constraints.txt")
        #expect(!contents.requirementsNeedProject)
        files["requirements/base.txt"] = "-e .\n"
        #expect(ImageContents.read(facts, Project(files: files)).requirementsNeedProject)
        files["requirements/base.txt"] = "-r base.txt\n-r prod.txt\n"
        #expect(ImageContents.read(facts, Project(files: files)).requirements.count == 3)
    }

    // MARK: - Private

    private static let files = [
        "pyproject.toml": "", "uv.lock": "", "app/main.py": "", "app/__init__.py": "", "alembic.ini": "",
        "alembic/env.py": "",
    ]

    private static var project: Project { Project(name: "shop", files: files) }

    private static var options: LaunchOptions {
        var options = LaunchOptions()
        options.region = "fra"
        options.stamp = Stamp.text(version: "1.2.3", facts: "abc")
        return options
    }

    private static func plan(_ project: Project, existing: Bool = false) -> LaunchPlan {
        var facts = GoldenFacts.make()
        var other = Facts.Entry(kind: .app, target: "tests.app:app")
        other.evidence = [.init(Place("tests/app.py", 4), "FastAPI()")]
        other.reason = "in a folder for tests"
        facts.alternatives = [other]
        facts.warnings = [.init("uv.lock is older than pyproject.toml", at: Place("uv.lock"))]
        if existing {
            facts.existing.dockerfile = "Dockerfile"
            facts.existing.flyConfig = "fly.toml"
            facts.existing.dockerignore = ".dockerignore"
            facts.existing.environmentExample = ".env.example"
        }
        return LaunchPlan.make(facts, project: project, options: options)
    }

    private static func created(_ plan: LaunchPlan) -> [Artefact] {
        plan.actions.compactMap { if case .create(let artefact) = $0 { artefact } else { nil } }
    }

    private static let goldenText = """
        fastapi-app (fastapi)

        found
          entry      app.main:app · certain · pyproject.toml:12
          server     uvicorn · pyproject.toml:7
          python     3.14 · >=3.14
          packages   uv · uv.lock
          database   postgresql by asyncpg · DATABASE_URL
          migrations alembic · alembic upgrade head
          port       8000
          health     /healthz lives · /readyz ready

        not chosen
          tests.app:app · likely · tests/app.py:4: in a folder for tests

        warnings
          uv.lock is older than pyproject.toml (uv.lock)

        files
          create  Dockerfile
          create  .dockerignore
          create  migrate.py
          create  fly.toml
          create  .env.example

        you must supply
          DATABASE_URL (secret)
          postgres: for trying out, throw-away ones are made by roost launch --with postgres

        """
}
