extension Facts {
    package struct Database: Codable, Equatable, Sendable {
        package enum Engine: String, Codable, Sendable {
            case postgresql, mysql, sqlite, mongodb, elasticsearch, mssql, oracle
        }

        package enum Pooler: String, Codable, Sendable {
            case transaction, session
        }

        package var engine: Engine
        /// `asyncpg`, `psycopg`, `psycopg2`, `aiosqlite`, `motor`.
        package var driver: String?
        /// `sqlalchemy`, `sqlmodel`, `tortoise`.
        package var orm: String?
        package var isAsync: Bool?
        package var pooler: Pooler?
        /// The SQLite file as the code names it.
        package var file: String?
        /// The variable that holds its URL: `DATABASE_URL`.
        package var variable: String?
        /// What the app takes where nobody sets ``variable``; nil when it has nothing else.
        package var fallback: Fallback?
        /// Of the image in a Compose file: `16`.
        package var majorVersion: Int?
        /// `pool_size` and `max_overflow`, when the code says.
        package var poolSize: Int?
        package var maxOverflow: Int?
        /// Engines that the code knows as well.
        package var alternatives: [Engine] = []
        package var evidence: [Evidence] = []

        /// A SQLite file that stands in for a database of another kind.
        package struct Fallback: Codable, Equatable, Sendable {
            /// As the code names it.
            package var file: String
            /// Behind `+` in its address: `aiosqlite`.
            package var driver: String?
            package var place: Place
        }

        package init(_ engine: Engine) {
            self.engine = engine
        }
    }

    package struct BackingService: Codable, Equatable, Sendable {
        package enum Kind: String, Codable, Sendable {
            case redis, rabbitmq, memcached, elasticsearch, kafka, nats
            case objectStorage = "object_storage"
        }

        package var kind: Kind
        /// The variable that says where it is.
        package var variable: String?
        package var evidence: [Evidence] = []

        package init(_ kind: Kind) {
            self.kind = kind
        }
    }

    package struct Migrations: Codable, Equatable, Sendable {
        package enum Tool: String, Codable, Sendable {
            case alembic, aerich, piccolo, django, yoyo, beanie
            case sqlFiles = "sql-files"
            /// A command of the project itself.
            case own
            /// The app does it at its start.
            case inApp = "in-app"
            case flaskMigrate = "flask-migrate"
            case prisma, rails, ecto, laravel
        }

        /// Which half of SQLAlchemy is used.
        package enum Opening: String, Codable, Sendable {
            case blocking, awaiting
        }

        /// Who runs them already, so that nothing runs twice.
        package struct Runner: Codable, Equatable, Sendable {
            package enum Kind: String, Codable, Sendable {
                case entrypoint, prestart, lifespan, release, compose, ci
                case initContainer = "init_container"
            }

            package var kind: Kind
            package var place: Place

            package init(_ kind: Kind, _ place: Place) {
                self.kind = kind
                self.place = place
            }
        }

        package var tool: Tool
        /// Words; empty for ``Tool/inApp``.
        package var command: [String]
        /// The folder to run it in, relative to the project.
        package var workingDirectory = ""
        /// `alembic.ini`, relative to the project.
        package var config: String?
        /// The folder of the revisions, relative to the project.
        package var location: String?
        /// Folders beside the app's own that its scripts import from, relative to the project; nil for none.
        package var importRoots: [String]?
        /// Its scripts import from ``workingDirectory``, and nothing puts that on the path; nil when it is.
        package var lacksPath: Bool?
        /// How its scripts open the database by the address as it is given; nil when they change it, or when that can't be told.
        package var opening: Opening?
        /// Where they change a table that none of them makes, so that they end there on an empty database.
        package var changesMissing: Place?
        package var runBy: [Runner] = []
        /// Where the app's own code makes the tables that are missing, beside the migrations; nil when it does not.
        package var tablesMadeAt: Place?
        package var evidence: [Evidence] = []

        package init(_ tool: Tool, command: [String]) {
            self.tool = tool
            self.command = command
        }
    }

    /// A process beside the web one.
    package struct Process: Codable, Equatable, Sendable {
        package enum Kind: String, Codable, Sendable {
            case celery, arq, dramatiq, rq, taskiq, huey, cron, other
            case celeryBeat = "celery-beat"
            case flower
            case scheduler
            /// Runs inside the web process: it bounds workers and Machines to one.
            case inProcess = "in-process"
        }

        /// `worker`, `beat`.
        package var name: String
        package var kind: Kind
        /// Empty when it runs inside the web process.
        package var command: [String]
        /// It may run only once at a time.
        package var isSingleton: Bool
        package var isOptional = false
        /// `redis`, `amqp`, `sqs`.
        package var broker: String?
        package var port: Int?
        package var evidence: [Evidence] = []

        package init(_ name: String, _ kind: Kind, command: [String], isSingleton: Bool = false) {
            self.name = name
            self.kind = kind
            self.command = command
            self.isSingleton = isSingleton
        }
    }

    package struct Port: Codable, Equatable, Sendable {
        /// Nil when only `$PORT` says it.
        package var number: Int?
        /// The variable that the app's own code takes it from.
        package var variable: String?
        package var evidence: [Evidence] = []

        package init(_ number: Int?) {
            self.number = number
        }
    }

    package struct Health: Codable, Equatable, Sendable {
        /// A path that says that the process lives, as a client asks for it, with prefixes and its last slash.
        package var live: String?
        /// A path that asks the dependencies too.
        package var ready: String?
        /// All that look like one.
        package var candidates: [String] = []
        package var evidence: [Evidence] = []

        package init() {}

        /// The path for a check that decides about traffic.
        package var path: String? { ready ?? live }
    }

    package struct Static: Codable, Equatable, Sendable {
        /// `/static`.
        package var path: String
        /// The folder as the code names it, relative to the project when that can be told.
        package var directory: String
        /// `StaticFiles`, `app.frontend`, `templates`.
        package var kind: String
        package var place: Place?

        package init(path: String, directory: String, kind: String, place: Place? = nil) {
            self.path = path
            self.directory = directory
            self.kind = kind
            self.place = place
        }
    }

    /// A front end beside the app.
    package struct Frontend: Codable, Equatable, Sendable {
        /// Its folder, relative to what was scanned.
        package var directory: String
        /// The app serves what it builds.
        package var isServed: Bool
        /// Where the build puts its files, relative to the folder: `dist`.
        package var output: String?
        /// `npm`, `yarn`, `pnpm`, `bun`.
        package var packageManager: String

        package init(directory: String, isServed: Bool, packageManager: String) {
            self.directory = directory
            self.isServed = isServed
            self.packageManager = packageManager
        }
    }

    /// What the code does that matters for a server.
    package struct Traits: Codable, Equatable, Sendable {
        package var websockets = false
        /// Server-sent events, streamed answers.
        package var streaming = false
        package var uploads = false
        package var templates = false
        /// What is kept in the process's memory and would differ between two: `in-process scheduler (jobs.py:12)`.
        package var stateInProcess: [String] = []
        /// The only names of hosts that the app answers to; nil when it answers to any, and when that can't be told.
        package var hosts: [String]?
        /// The variable that these names are taken from; nil when they are written down.
        package var hostsSetting: HostsSetting?
        /// What one worker needs, in MiB, by its libraries.
        package var workerMiB = 160

        package init() {}
    }

    /// A variable that holds several names of hosts.
    package struct HostsSetting: Codable, Equatable, Sendable {
        package var variable: String
        /// A list as JSON has it; else with commas between them.
        package var isJSON: Bool

        package init(variable: String, isJSON: Bool) {
            self.variable = variable
            self.isJSON = isJSON
        }
    }

    package struct Variable: Codable, Equatable, Sendable {
        package var name: String
        package var isRequired: Bool
        package var isSecret: Bool
        /// Never of a secret.
        package var defaultValue: String?
        package var place: Place?
        /// The app's import ends there without it: a field without a default, `os.environ["X"]` at the top of a file.
        package var stopsImport: Bool?
        /// What its default names is not where the app will run.
        package var absent: Absent?
        /// The code takes it for a number.
        package var isNumber: Bool?
        /// Its default is a password or a key that everybody knows who can read the code.
        package var hasPublicDefault: Bool?
        /// Says which environment it is, and the app does not start in production with what is good for development only.
        package var guardsStart: Bool?

        package init(_ name: String, isRequired: Bool, isSecret: Bool) {
            self.name = name
            self.isRequired = isRequired
            self.isSecret = isSecret
        }
    }

    /// A service that a variable's default names and that only a Compose file, or a developer's own machine, has.
    package struct Absent: Codable, Equatable, Sendable {
        /// As the default names it: `cache`, `localhost`.
        package var host: String
        /// The Compose file that has a service of that name; nil for an address of the machine itself.
        package var file: String?
        /// `redis:7-alpine`, when the file says.
        package var image: String?
        /// What the default is of.
        package var form: Form
        /// `redis`, of a URL.
        package var scheme: String?

        /// The form that a variable wants an address in.
        package enum Form: String, Codable, Sendable {
            case host
            case hostAndPort = "host:port"
            case url
        }
    }

    /// Files that are there already, relative to what was scanned.
    package struct Existing: Codable, Equatable, Sendable {
        /// The one for production.
        package var dockerfile: String?
        /// Its stage to build, when it is not the last.
        package var dockerTarget: String?
        /// The folder that its COPY lines start from.
        package var dockerContext: String?
        package var dockerignore: String?
        package var flyConfig: String?
        package var compose: [String] = []
        package var procfile: String?
        package var kubernetes: [String] = []
        package var workflows: [String] = []
        package var environmentExample: String?

        package init() {}
    }

    /// A folder with an app of its own.
    package struct Root: Codable, Equatable, Sendable {
        /// Relative to what was scanned.
        package var folder: String
        package var framework: Framework
        /// `app.main:app`.
        package var target: String?

        package init(folder: String, framework: Framework, target: String? = nil) {
            self.folder = folder
            self.framework = framework
            self.target = target
        }

        /// `services/alpha (main:app)`.
        package var title: String {
            guard let target else { return folder.isEmpty ? "." : folder }
            return folder.isEmpty ? target : "\(folder) (\(target))"
        }
    }

    /// How an app that is not Python is built and started.
    package struct Recipe: Codable, Equatable, Sendable {
        /// `node`, `go`, `ruby`.
        package var language: String
        /// The image tag's version: `22`, `1.25`.
        package var version: String
        /// `npm`, `yarn`, `pnpm`, `bun`, `bundler`, `composer`, `mix`, `cargo`.
        package var packageManager: String?
        package var lock: String?
        /// A shell line that builds; nil when nothing is to be built.
        package var build: String?
        /// Words of the command.
        package var start: [String]
        /// What the build leaves behind to be served or run: `dist`, `.output`, `target/release/shop`.
        package var output: String?
        /// Packages of Debian that the image needs at run time.
        package var packages: [String] = []

        package init(language: String, version: String, start: [String]) {
            self.language = language
            self.version = version
            self.start = start
        }
    }
}
