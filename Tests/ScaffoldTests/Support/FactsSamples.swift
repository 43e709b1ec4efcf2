import Scaffold
import Toolkit

/// Facts shaped like those of public projects, one for each combination that tends to go wrong; names are our own.
enum FactsSamples {
    struct Sample: CustomStringConvertible, Sendable {
        var name: String
        var facts: Facts
        var description: String { name }
    }

    static let all: [Sample] = python + databases + workers + odd + otherLanguages

    /// The facts of one sample.
    static func named(_ name: String) -> Facts { all.first { $0.name == name }?.facts ?? Facts() }

    // MARK: - Entry points and managers

    private static let python: [Sample] = [
        sample("workspace-member", "shop.main:app", .uv, "3.14", root: "backend") { facts in
            facts.manager?.workspace = ""
            facts.manager?.member = "shop"
            facts.database = database(.postgresql, "psycopg", "sqlmodel")
            facts.database?.variable = nil
            facts.migrations = alembic()
            facts.migrations?.runBy = [.init(.prestart, Place("backend/scripts/prestart.sh", 9))]
            facts.health.ready = "/api/v1/utils/health-check/"
            facts.existing.dockerfile = "backend/Dockerfile"
            facts.existing.dockerContext = ""
            facts.frontend = .init(directory: "frontend", isServed: true, packageManager: "npm")
            facts.statics = [.init(path: "/", directory: "app/frontend", kind: "app.frontend")]
            facts.environment = [
                variable("POSTGRES_SERVER"), variable("POSTGRES_USER"), variable("POSTGRES_PASSWORD", secret: true),
                variable("POSTGRES_DB"), variable("SECRET_KEY", secret: true), variable("FIRST_SUPERUSER"),
            ]
        },
        sample("poetry-groups", "src.main:app", .poetry, "3.12") { facts in
            facts.manager?.groups = ["prod"]
            facts.database = database(.postgresql, "asyncpg", "sqlalchemy-core")
            facts.migrations = alembic()
            facts.server = .init(.gunicorn)
            facts.server?.config = "gunicorn/gunicorn_conf.py"
            facts.health.live = "/healthcheck"
        },
        sample("hypercorn", "main:app", .pip, "3.13") { facts in
            facts.server = .init(.hypercorn)
            facts.port = .init(nil)
        },
        sample("static-templates", "main:app", .pip, "3.14") { facts in
            facts.statics = [.init(path: "/static", directory: "static", kind: "StaticFiles")]
            facts.traits.templates = true
        },
        sample("namespace-package", "maps.application.main:app", .uv, "3.14") { facts in
            facts.entry?.importRoot = "src/maps/application"
            facts.manager?.groups = ["server"]
            facts.port = .init(80)
            facts.health.live = "/healthz"
            facts.traits.workerMiB = 384
        },
        sample("src-layout", "api:app", .poetry, "3.14") { facts in
            facts.entry?.importRoot = "src"
            facts.database = database(.mongodb, "motor", "odmantic")
            facts.health.live = "/health"
        },
        sample("factory", "platform_api.web.application:get_app", .poetry, "3.11", kind: .factory) { facts in
            facts.database = database(.mysql, "aiomysql", "sqlalchemy")
            facts.health.live = "/api/monitoring/health"
            facts.traits.streaming = true
        },
        sample("factory-with-entrypoint", "src.main:create_app", .uv, "3.13", kind: .factory) { facts in
            facts.database = database(.postgresql, "asyncpg", "sqlalchemy")
            facts.services = [service(.redis, "REDIS_URL")]
            facts.migrations = alembic()
            facts.migrations?.runBy = [.init(.entrypoint, Place("entrypoint.sh", 4))]
            facts.existing.dockerfile = "Dockerfile"
        },
        sample("script", "web:app", .uv, "3.12", kind: .script) { facts in
            facts.entry?.command = [
                "python", "web.py", "-c", "config/servers.yaml", "--host", "0.0.0.0", "--port", "8080",
            ]
            facts.server = .init(.own)
            facts.port = .init(8080)
            facts.health.live = "/api/status"
            facts.statics = [.init(path: "/", directory: "static", kind: "StaticFiles")]
        },
        sample("conda", "scripts.backend.api:app", .conda, "3.11") { facts in
            facts.port = .init(10000)
            facts.health.live = "/health"
            facts.traits.workerMiB = 2048
        },
    ]

    // MARK: - Databases

    private static let databases: [Sample] = [
        sample("tortoise-aerich", "app.main:app", .pip, "3.12", root: "project") { facts in
            facts.database = database(.postgresql, "asyncpg", "tortoise")
            facts.migrations = .init(.aerich, command: ["aerich", "upgrade"])
            facts.port = .init(nil)
            facts.health.live = "/ping"
        },
        sample("sqlmodel-alembic", "app.main:app", .pip, "3.11", root: "project") { facts in
            facts.database = database(.postgresql, "asyncpg", "sqlmodel")
            facts.database?.majorVersion = 16
            facts.migrations = alembic()
            facts.migrations?.workingDirectory = "db"
            facts.health.live = "/ping"
        },
        sample("tortoise-mysql", "examples.main:app_", .poetry, "3.9") { facts in
            facts.database = database(.mysql, nil, "tortoise")
            facts.services = [service(.redis, "REDIS_URL")]
        },
        sample("sqlite-beside-code", "webapp.application:app", .pip, "3.13") { facts in
            facts.database = database(.sqlite, "pysqlite", "sqlalchemy")
            facts.database?.file = "./webapp.db"
            facts.database?.variable = nil
            facts.health.live = "/status"
        },
        sample("sqlite-and-uploads", "notes.main:app", .uv, "3.14") { facts in
            facts.database = database(.sqlite, "aiosqlite", "sqlalchemy")
            facts.database?.file = "data/notes.db"
            facts.migrations = alembic()
            facts.writePaths = ["data", "/tmp/thumbnails", "uploads"]
            facts.traits.uploads = true
        },
        sample("elasticsearch", "ralph_like.api:app", .hatch, "3.12") { facts in
            facts.entry?.importRoot = "src"
            facts.database = database(.elasticsearch, "elasticsearch", nil)
            facts.port = .init(8100)
            facts.health.live = "/__lbheartbeat__"
            facts.health.ready = "/__heartbeat__"
        },
        sample("pooled-postgres", "app.main:app", .uv, "3.14") { facts in
            facts.database = database(.postgresql, "asyncpg", "sqlalchemy")
            facts.database?.pooler = .transaction
            facts.database?.poolSize = 5
            facts.database?.maxOverflow = 0
            facts.migrations = alembic()
            facts.health.live = "/livez"
            facts.health.ready = "/readyz"
        },
        sample("in-app-migrations", "nodes.__main__:app", .uv, "3.12") { facts in
            facts.database = database(.sqlite, "aiosqlite", "sqlalchemy-core")
            facts.database?.file = "data/database.sqlite3"
            facts.database?.alternatives = [.postgresql]
            facts.migrations = .init(.inApp, command: [])
            facts.processes = [.init("invoices", .inProcess, command: [], isSingleton: true)]
            facts.port = .init(5000)
            facts.health.live = "/api/v1/health"
        },
        sample("pdm-mysql", "app.__main__:app", .pdm, "3.10") { facts in
            facts.database = database(.mysql, "aiomysql", nil)
            facts.port = .init(80)
            facts.health.live = "/healthcheck/"
        },
    ]

    // MARK: - Workers

    private static let workers: [Sample] = [
        sample("celery-flower", "main:app", .pip, "3.11", root: "project") { facts in
            facts.processes = [
                .init("worker", .celery, command: ["celery", "-A", "worker.celery", "worker", "--loglevel=info"]),
                .init("flower", .flower, command: ["celery", "-A", "worker.celery", "flower", "--port=5555"]),
            ]
            facts.processes[1].isOptional = true
            facts.processes[1].port = 5555
            facts.services = [service(.redis, "CELERY_BROKER_URL")]
        },
        sample("celery-amqp", "app.server:app", .poetry, "3.11") { facts in
            facts.database = database(.mysql, "aiomysql", "sqlalchemy")
            facts.processes = [.init("worker", .celery, command: ["celery", "-A", "tasks.app", "worker"])]
            facts.services = [service(.rabbitmq, "CELERY_BROKER_URL"), service(.redis, "CELERY_BACKEND_URL")]
            facts.migrations = alembic()
        },
        sample("celery-beat", "app.main:app", .pip, "3.11") { facts in
            facts.database = database(.postgresql, "psycopg2", "sqlalchemy")
            facts.migrations = alembic()
            facts.processes = [
                .init("worker", .celery, command: ["celery", "-A", "app.tasks", "worker", "--loglevel=info"]),
                .init("beat", .celeryBeat, command: ["celery", "-A", "app.tasks", "beat"], isSingleton: true),
            ]
            facts.services = [service(.redis, "REDIS_URL")]
            facts.port = .init(nil)
            facts.health.live = "/health"
        },
        sample("arq", "app.main:app", .pip, "3.8", root: "users") { facts in
            facts.database = database(.postgresql, "asyncpg", "sqlalchemy")
            facts.migrations = alembic()
            facts.migrations?.runBy = [.init(.initContainer, Place("deploy/users.yaml", 20))]
            facts.processes = [.init("worker", .arq, command: ["arq", "app.worker.WorkerSettings"])]
            facts.services = [service(.redis, nil)]
            facts.port = .init(80)
            facts.health.live = "/api/health/"
        },
        sample("cron-and-sql-files", "app.main:api", .uv, "3.12", root: "src/backend") { facts in
            facts.database = database(.postgresql, "psycopg", nil)
            facts.migrations = .init(.sqlFiles, command: ["sh", "/migrate-entrypoint.sh"])
            facts.processes = [.init("scheduler", .cron, command: ["supercronic", "./crontab"], isSingleton: true)]
            facts.services = [service(.objectStorage, "S3_ENDPOINT")]
            facts.health.live = "/__lbheartbeat__"
            facts.health.ready = "/__heartbeat__"
        },
        sample("scheduler-in-process", "backend.main:api", .uv, "3.11") { facts in
            facts.database = database(.postgresql, "asyncpg", "databases")
            facts.migrations = .init(.alembic, command: ["alembic", "-c", "migrations/alembic.ini", "upgrade", "head"])
            facts.processes = [.init("cron-jobs", .inProcess, command: [], isSingleton: true)]
            facts.traits.stateInProcess = ["in-process scheduler (backend/cron_jobs.py:12)"]
            facts.port = .init(5000)
            facts.health.live = "/api/v2/system/heartbeat/"
        },
    ]

    // MARK: - The rest

    private static let odd: [Sample] = [
        sample("websockets", "policy.main:app", .pip, "3.10") { facts in
            facts.entry?.importRoot = "packages/policy-server"
            facts.server = .init(.gunicorn)
            facts.traits.websockets = true
            facts.traits.stateInProcess = ["connection manager (policy/ws.py:30)"]
            facts.services = [service(.redis, "BROADCAST_URI")]
            facts.port = .init(7002)
            facts.health.live = "/healthcheck"
        },
        sample("chat", "app.main:app", .pip, "3.11") { facts in
            facts.database = database(.postgresql, "psycopg2", "sqlalchemy")
            facts.services = [service(.redis, "REDIS_URL")]
            facts.traits.websockets = true
            facts.traits.streaming = true
        },
        sample("everything", "app.main:app", .uv, "3.14") { facts in
            facts.database = database(.postgresql, "asyncpg", "sqlalchemy")
            facts.services = Facts.BackingService.Kind.allSamples.map { service($0, nil) }
            facts.migrations = alembic()
            facts.traits.uploads = true
            facts.traits.streaming = true
            facts.traits.websockets = true
            facts.writePaths = ["var/uploads"]
            facts.health.live = "/healthz"
            facts.health.ready = "/readyz"
            facts.environment = [
                variable("SECRET_KEY", secret: true), variable("SENTRY_DSN", secret: true, required: false),
            ]
        },
        sample("no-dependencies", "main:app", nil, nil) { _ in },
    ]

    private static let otherLanguages: [Sample] = [
        other("node", .express, Facts.Recipe(language: "node", version: "22", start: ["node", "server.js"])) { facts in
            facts.recipe?.packageManager = "npm"
            facts.port = .init(3000)
            facts.health.live = "/health"
        },
        other("go", .go, Facts.Recipe(language: "go", version: "1.25", start: ["/app/shop"])) { $0.port = .init(8080) },
        other("flask", .flask, nil) { facts in
            facts.entry = .init(kind: .app, target: "shop:app")
            facts.dependencies = [.init("flask"), .init("gunicorn")]
            facts.manager = .init(.pip)
            facts.python = .init("3.13")
        },
        other("dockerfile-only", .dockerfile, nil) { $0.existing.dockerfile = "docker/Dockerfile.prod" },
    ]
}

// MARK: - Making them

extension FactsSamples {
    static func alembic() -> Facts.Migrations { .init(.alembic, command: ["alembic", "upgrade", "head"]) }

    static func database(_ engine: Facts.Database.Engine, _ driver: String?, _ orm: String?) -> Facts.Database {
        var database = Facts.Database(engine)
        database.driver = driver
        database.orm = orm
        database.variable = "DATABASE_URL"
        return database
    }

    static func service(_ kind: Facts.BackingService.Kind, _ variable: String?) -> Facts.BackingService {
        var service = Facts.BackingService(kind)
        service.variable = variable
        return service
    }

    static func variable(_ name: String, secret: Bool = false, required: Bool = true) -> Facts.Variable {
        .init(name, isRequired: required, isSecret: secret)
    }

    private static func sample(
        _ name: String,
        _ target: String,
        _ manager: Facts.Manager.Name?,
        _ python: String?,
        root: String = "",
        kind: Facts.Entry.Kind = .app,
        _ change: (inout Facts) -> Void
    ) -> Sample {
        var facts = Facts()
        facts.root = root
        facts.name = name
        facts.framework = .fastapi
        facts.entry = .init(kind: kind, target: target)
        facts.manager = manager.map { Facts.Manager($0) }
        let folder = root.isEmpty ? "" : "\(root)/"
        switch manager {
        case .uv: facts.manager?.lock = "\(folder)uv.lock"
        case .poetry: facts.manager?.lock = "\(folder)poetry.lock"
        case .pdm: facts.manager?.lock = "\(folder)pdm.lock"
        case .pip: facts.manager?.lock = "\(folder)requirements.txt"
        default: break
        }
        facts.python = python.map { Facts.PythonVersion($0) }
        facts.port = .init(8000)
        facts.dependencies = [.init("fastapi"), .init("uvicorn")]
        change(&facts)
        return Sample(name: name, facts: facts)
    }

    private static func other(
        _ name: String,
        _ framework: Facts.Framework,
        _ recipe: Facts.Recipe?,
        _ change: (inout Facts) -> Void
    ) -> Sample {
        var facts = Facts()
        facts.name = name
        facts.framework = framework
        facts.recipe = recipe
        change(&facts)
        return Sample(name: name, facts: facts)
    }
}

extension Facts.BackingService.Kind {
    fileprivate static let allSamples: [Self] = [
        .redis, .rabbitmq, .memcached, .elasticsearch, .kafka, .nats, .objectStorage,
    ]
}
