@testable import Scaffold

/// Facts to generate from, as the scan would give them.
enum GoldenFacts {
    /// `app.main:app`, uv, Python 3.14, PostgreSQL through asyncpg, Alembic, a path for each kind of check.
    static func make() -> Facts {
        var facts = Facts()
        facts.name = "fastapi-app"
        facts.framework = .fastapi
        facts.entry = Facts.Entry(kind: .app, target: "app.main:app", confidence: .certain)
        facts.entry?.evidence = [.init(Place("pyproject.toml", 12), "[tool.fastapi] entrypoint")]
        var server = Facts.Server(.uvicorn)
        server.evidence = [.init(Place("pyproject.toml", 7), "a dependency")]
        facts.server = server
        var manager = Facts.Manager(.uv)
        manager.lock = "uv.lock"
        manager.manifest = "pyproject.toml"
        facts.manager = manager
        facts.python = Facts.PythonVersion("3.14")
        facts.python?.constraint = ">=3.14"
        facts.dependencies = ["fastapi", "uvicorn", "sqlalchemy", "asyncpg", "alembic"].map { Facts.Dependency($0) }
        var database = Facts.Database(.postgresql)
        database.driver = "asyncpg"
        database.orm = "sqlalchemy"
        database.isAsync = true
        database.variable = "DATABASE_URL"
        facts.database = database
        var migrations = Facts.Migrations(.alembic, command: ["alembic", "upgrade", "head"])
        migrations.config = "alembic.ini"
        migrations.location = "alembic"
        facts.migrations = migrations
        facts.port = Facts.Port(8000)
        facts.health.live = "/healthz"
        facts.health.ready = "/readyz"
        facts.environment = [Facts.Variable("DATABASE_URL", isRequired: true, isSecret: true)]
        return facts
    }
}

/// Facts of many shapes, each of which has to give files that can be used.
enum GenerateShapes {
    struct Shape: CustomStringConvertible, Sendable {
        var name: String
        var facts: Facts
        var description: String { name }
    }

    static let all: [Shape] = samples + managers + servers + others

    /// Those of the exporters, without a Dockerfile of their own.
    private static var samples: [Shape] {
        FactsSamples.all.map { sample in
            var facts = sample.facts
            facts.existing.dockerfile = nil
            return Shape(name: sample.name, facts: facts)
        }
    }

    /// Each manager with a lock and without, with groups and extras, installed and copied.
    private static var managers: [Shape] {
        let files: [(Facts.Manager.Name, String, String?)] = [
            (.uv, "pyproject.toml", "uv.lock"), (.poetry, "pyproject.toml", "poetry.lock"),
            (.pdm, "pyproject.toml", "pdm.lock"),
            (.pipenv, "Pipfile", "Pipfile.lock"), (.pip, "requirements.in", "requirements.txt"),
            (.pip, "pyproject.toml", nil), (.pip, "setup.py", nil), (.hatch, "pyproject.toml", nil),
            (.conda, "environment.yml", nil), (.conda, "environment.yml", "conda-lock.yml"),
        ]
        var shapes: [Shape] = []
        for (name, manifest, lock) in files {
            for variant in ["plain", "unlocked", "rich", "installed", "below"] {
                var facts = GoldenFacts.make()
                let folder = variant == "below" ? "backend/" : ""
                facts.root = variant == "below" ? "backend" : ""
                var manager = Facts.Manager(name)
                manager.manifest = folder + manifest
                manager.lock = variant == "unlocked" ? nil : lock.map { folder + $0 }
                if variant == "rich" {
                    manager.groups = ["prod"]
                    manager.extras = ["server", "db"]
                    manager.hashed = true
                    facts.dependencies += [.init("psycopg2"), .init("mysqlclient"), .init("weasyprint")]
                }
                manager.installsProject = variant == "installed"
                if variant == "installed" { facts.entry?.importRoot = "src" }
                facts.manager = manager
                shapes.append(Shape(name: "\(name.rawValue) \(manifest) \(variant)", facts: facts))
            }
        }
        return shapes
    }

    /// Each server and kind of entry.
    private static var servers: [Shape] {
        let names: [Facts.Server.Name?] = [
            nil, .uvicorn, .gunicorn, .hypercorn, .granian, .daphne, .fastapiCLI, .flask, .django, .streamlit, .own,
        ]
        let frameworks: [Facts.Framework] = [.fastapi, .starlette, .flask, .django, .streamlit, .python]
        var shapes: [Shape] = []
        for framework in frameworks {
            for server in names {
                for kind in [Facts.Entry.Kind.app, .factory, .script] {
                    var facts = GoldenFacts.make()
                    facts.framework = framework
                    facts.server = server.map { Facts.Server($0) }
                    facts.entry?.kind = kind
                    if framework == .django { facts.entry?.target = "shop.wsgi:application" }
                    if framework == .streamlit { facts.health = Facts.Health() }
                    if kind == .script {
                        facts.entry?.command = ["python", "serve.py", "--port", "$PORT", "--key", "$KEY"]
                    }
                    let name = "\(framework.rawValue) \(server?.rawValue ?? "none") \(kind.rawValue)"
                    shapes.append(Shape(name: name, facts: facts))
                }
            }
        }
        return shapes
    }

    private static var others: [Shape] {
        var workspace = GoldenFacts.make()
        workspace.root = "backend"
        workspace.manager?.workspace = ""
        workspace.manager?.member = "shop"
        workspace.manager?.manifest = "backend/pyproject.toml"
        workspace.frontend = Facts.Frontend(directory: "frontend", isServed: true, packageManager: "bun")
        workspace.statics = [Facts.Static(path: "/", directory: "app/frontend", kind: "app.frontend")]
        var django = GoldenFacts.make()
        django.framework = .django
        django.entry?.target = "shop.wsgi:application"
        django.dependencies = [
            .init("django"), .init("whitenoise"), .init("gunicorn"), .init("psycopg", extras: ["binary"]),
        ]
        django.database?.driver = "psycopg"
        django.migrations = Facts.Migrations(.django, command: ["python", "manage.py", "migrate", "--noinput"])
        var old = GoldenFacts.make()
        old.python = Facts.PythonVersion("3.8")
        old.manager = Facts.Manager(.poetry)
        old.manager?.lock = "poetry.lock"
        var config = GoldenFacts.make()
        config.server = Facts.Server(.gunicorn)
        config.server?.config = "gunicorn.conf.py"
        config.dependencies.append(.init("gunicorn"))
        var heavy = GoldenFacts.make()
        heavy.traits.workerMiB = 6000
        var huge = GoldenFacts.make()
        huge.traits.workerMiB = 30_000
        return [
            Shape(name: "workspace with a front end", facts: workspace), Shape(name: "django", facts: django),
            Shape(name: "python 3.8", facts: old), Shape(name: "gunicorn.conf.py", facts: config),
            Shape(name: "heavy", facts: heavy), Shape(name: "huge", facts: huge),
        ]
    }

    /// The texts of the exporters' hostile facts, in facts for which an image can be made.
    static let hostile: [Shape] = HostileFacts.texts.enumerated().map { index, text in
        var facts = HostileFacts.facts(text)
        facts.existing = Facts.Existing()
        // What can't stand in a Dockerfile at all is another test's matter.
        facts.root = ""
        facts.manager?.workspace = nil
        facts.entry?.target = "app.main:app"
        facts.manager?.groups = [text]
        facts.manager?.extras = [text]
        facts.manager?.member = text
        facts.frontend?.isServed = true
        facts.dependencies = [.init(text), .init("psycopg2")]
        facts.health.live = "/a?\(text)"
        facts.migrations?.config = text
        facts.database?.file = text
        facts.port = Facts.Port(nil)
        return Shape(name: "hostile \(index)", facts: facts)
    }
}
