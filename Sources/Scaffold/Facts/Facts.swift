/// All that is known about a project: what generators, exporters and rules start from.
///
/// Stable as JSON with sorted keys: `roost launch --json` prints it, tests compare it, and its hash stands in the first
/// line of each generated file. Paths are relative to ``root`` unless they say otherwise.
package struct Facts: Codable, Equatable, Sendable {
    /// The project's folder within what was scanned; empty is all of it.
    package var root = ""
    /// A name for the app, fit for a host name: `my-shop`.
    package var name = "app"
    package var kind = Kind.app
    package var framework: Framework?
    package var entry: Entry?
    /// Other entry points that were found, the best first, each with the reason why it is not the one.
    package var alternatives: [Entry] = []
    package var server: Server?
    package var manager: Manager?
    package var python: PythonVersion?
    /// Of other languages than Python: how it is built and started.
    package var recipe: Recipe?
    package var dependencies: [Dependency] = []
    package var database: Database?
    /// Redis, RabbitMQ, Elasticsearch: what the app talks to beside its database.
    package var services: [BackingService] = []
    package var migrations: Migrations?
    /// Beside the web process.
    package var processes: [Process] = []
    package var port: Port?
    package var health = Health()
    package var statics: [Static] = []
    package var frontend: Frontend?
    package var traits = Traits()
    /// Folders that the app writes to: `data`, `/tmp/uploads`.
    package var writePaths: [String] = []
    /// Those of them in which modules lie, so that nothing can be mounted there.
    package var writesAmongCode: [String] = []
    /// Those that the code makes and writes no file to, as far as can be told; nil for none.
    package var madeOnly: [String]?
    package var environment: [Variable] = []
    package var existing = Existing()
    /// Folders with an app of their own; more than one is a monorepo.
    package var roots: [Root] = []
    /// What the user should know, in sentences.
    package var warnings: [Warning] = []

    package init() {}

    package enum Kind: String, Codable, Sendable {
        case app
        /// Nothing to start: a library.
        case library
        /// A cookiecutter or copier template, to be filled in first.
        case template
        /// Many apps of equal standing: examples, a tutorial.
        case collection
        /// No code that is known.
        case empty
    }

    package enum Framework: String, Codable, Sendable, CaseIterable {
        case fastapi, starlette, litestar, flask, django, streamlit, asgi, wsgi, python
        case next, nuxt, remix, sveltekit, astro, nest, express, gatsby, vite, node
        case bun, deno, go, rails, ruby, phoenix, elixir, rust, laravel, php, dotnet
        case staticSite = "static"
        case dockerfile
    }

    package enum Confidence: String, Codable, Sendable, Comparable {
        /// Written down in what runs in production, and checked to be there.
        case certain
        /// Follows from the code, and there is one answer.
        case likely
        /// Several answers are as good: a person has to say.
        case ambiguous

        package static func < (left: Confidence, right: Confidence) -> Bool {
            let order: [Confidence] = [.ambiguous, .likely, .certain]
            return (order.firstIndex(of: left) ?? 0) < (order.firstIndex(of: right) ?? 0)
        }
    }

    /// Where something was read.
    package struct Evidence: Codable, Equatable, Sendable {
        package var place: Place
        /// What was found there, in a few words: `CMD uvicorn app.main:app`.
        package var what: String

        package init(_ place: Place, _ what: String) {
            self.place = place
            self.what = what
        }
    }

    package struct Warning: Codable, Equatable, Sendable {
        package var message: String
        package var place: Place?
        /// A file of the app does not parse, so that it can't start, and not all of it is known.
        package var isSyntax: Bool?
        /// The command at ``place`` names what can't be imported where it runs, so it starts nothing.
        package var isStale: Bool?

        package init(_ message: String, at place: Place? = nil) {
            self.message = message
            self.place = place
        }
    }

    /// What the server imports.
    package struct Entry: Codable, Equatable, Sendable {
        package enum Kind: String, Codable, Sendable {
            /// `module:attribute` is the app.
            case app
            /// `module:attribute` makes it: `--factory`.
            case factory
            /// A program that has to be run: ``command``.
            case script
        }

        package var kind: Kind
        /// `app.main:app`; for a script too, when known.
        package var target: String
        /// The folder that has to be on `sys.path`, relative to the project: `src`; empty is the project's own.
        package var importRoot: String
        /// Words, for a script: `["python", "web.py", "--port", "8080"]`.
        package var command: [String]?
        package var confidence: Confidence
        package var evidence: [Evidence]
        /// Of an alternative: why it is not the one.
        package var reason: String?

        package init(kind: Kind, target: String, importRoot: String = "", confidence: Confidence = .likely) {
            self.kind = kind
            self.target = target
            self.importRoot = importRoot
            self.confidence = confidence
            evidence = []
        }

        /// `app.main` of `app.main:app`.
        package var module: String { String(target.prefix { $0 != ":" }) }
        /// `app` of `app.main:app`.
        package var attribute: String { String(target.drop { $0 != ":" }.dropFirst()) }
    }

    package struct Server: Codable, Equatable, Sendable {
        package enum Name: String, Codable, Sendable {
            case uvicorn, gunicorn, hypercorn, granian, daphne
            case fastapiCLI = "fastapi"
            case flask, django, streamlit, own
        }

        package var name: Name
        /// `gunicorn.conf.py`, when the project has one.
        package var config: String?
        /// The worker class of gunicorn.
        package var workerClass: String?
        /// As the project's own command says.
        package var workers: Int?
        /// How long its own settings let requests end, in seconds.
        package var gracefulSeconds: Int?
        /// The variable that the app's own code takes its address from, which by default nobody else reaches.
        package var hostVariable: String?
        /// Of the server's package, as a pin or a lock has it: `0.13.4`; `<0.15` for a bound; nil for the newest.
        package var version: String?
        package var evidence: [Evidence] = []

        package init(_ name: Name) {
            self.name = name
        }
    }

    package struct Manager: Codable, Equatable, Sendable {
        package enum Name: String, Codable, Sendable {
            case uv, poetry, pdm, pipenv, conda, pip, hatch
        }

        package var name: Name
        /// Relative to what was scanned, since it may lie above the project: `uv.lock`, `requirements.txt`.
        package var lock: String?
        /// Relative to what was scanned: `backend/pyproject.toml`.
        package var manifest: String?
        /// The folder of the workspace's root, relative to what was scanned; nil when the project is none's member.
        package var workspace: String?
        /// The project's name in its workspace.
        package var member: String?
        package var groups: [String] = []
        package var extras: [String] = []
        /// The project itself is installed as a package: it has a build system and a `src` layout or console scripts.
        package var installsProject = false
        /// `hatchling.build`.
        package var buildBackend: String?
        /// Every requirement has hashes.
        package var hashed = false
        /// Versions that the lock has of programs which an image may need, though the manifest does not name them.
        package var tools: [String: String] = [:]
        package var evidence: [Evidence] = []

        package init(_ name: Name) {
            self.name = name
        }
    }

    package struct PythonVersion: Codable, Equatable, Sendable {
        /// As written: `>=3.11,<4.0`.
        package var constraint: String?
        /// The minor version to use: `3.13`.
        package var chosen: String
        /// Where it is from; empty for the default.
        package var evidence: [Evidence] = []

        package init(_ chosen: String) {
            self.chosen = chosen
        }
    }

    package struct Dependency: Codable, Equatable, Sendable {
        /// As PEP 503 normalises it.
        package var name: String
        package var extras: [String]
        /// The specifier as written: `>=0.110`, `==2.0.1`; empty for any.
        package var version: String
        /// Of an optional group; nil for the main dependencies.
        package var group: String?

        package init(_ name: String, extras: [String] = [], version: String = "", group: String? = nil) {
            self.name = name
            self.extras = extras
            self.version = version
            self.group = group
        }
    }
}
