/// How the web process is started in an image: words, variables, and packages that the project lacks for it.
struct ServerStart: Equatable {
    /// The words of `CMD`; empty when nothing can be started.
    var command: [String] = []
    /// Beside Python's own, in order.
    var environment: [Pair] = []
    /// To be installed beside the project's dependencies: `gunicorn==23.0.0`.
    var packages: [String] = []
    var notes: [String] = []

    struct Pair: Equatable {
        var name: String
        var value: String
    }

    /// The port that the app listens on.
    ///
    /// An image of our own runs as nobody in particular, for whom not every runtime lets go of the ports below 1024.
    static func port(_ facts: Facts) -> Int {
        let usual = facts.framework == .streamlit ? 8501 : 8000
        guard let number = facts.port?.number else { return usual }
        return number < 1024 && facts.existing.dockerfile == nil && facts.recipe == nil ? usual : number
    }

    init(_ facts: Facts, port: Int, minor: Int) {
        self.init()
        guard let entry = facts.entry else { return }
        var builder = Builder(facts: facts, entry: entry, port: port, minor: minor)
        builder.build()
        builder.migrations()
        builder.greenlet()
        self = builder.start
    }

    private init() {}

    /// Whether text is `module:attribute`, so that no server takes it for an option.
    static func isTarget(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        return parts.allSatisfy { part in
            !part.isEmpty
                && part.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { name in
                    guard let first = name.unicodeScalars.first else { return false }
                    return (first.properties.isXIDStart || first == "_")
                        && name.unicodeScalars.allSatisfy(\.properties.isXIDContinue)
                }
        }
    }

    // MARK: - Private

    private struct Builder {
        let facts: Facts
        let entry: Facts.Entry
        let port: Int
        let minor: Int
        let ladder: ShutdownLadder
        var start = ServerStart()

        init(facts: Facts, entry: Facts.Entry, port: Int, minor: Int) {
            self.facts = facts
            self.entry = entry
            self.port = port
            self.minor = minor
            ladder = ShutdownLadder(facts)
        }

        var address: String { "0.0.0.0:\(port)" }
        var isSynchronous: Bool {
            switch facts.framework {
            case .flask, .wsgi: true
            case .django: !entry.module.hasSuffix("asgi")
            default: false
            }
        }
        /// `app:make()` for servers without a flag for factories.
        var called: String { entry.kind == .factory ? entry.target + "()" : entry.target }

        mutating func build() {
            if facts.framework == .streamlit { return streamlit() }
            if entry.kind == .script || !ServerStart.isTarget(entry.target) { return script() }
            switch facts.server?.name {
            case .gunicorn: gunicorn()
            case .hypercorn: hypercorn()
            case .granian: granian()
            case .daphne: start.command = ["daphne", "-b", "0.0.0.0", "-p", String(port), entry.target]
            case .uvicorn, .fastapiCLI, .flask, .django, .streamlit, .own, nil:
                if isSynchronous { gunicorn() } else { uvicorn() }
            }
        }

        mutating func uvicorn() {
            // As options, which all versions take: the variables are younger.
            start.command = ["uvicorn", entry.target, "--host", "0.0.0.0", "--port", String(port)]
            if entry.kind == .factory { start.command.append("--factory") }
            start.command.append("--proxy-headers")
            start.command += known("--no-server-header") + known("--no-access-log")
            // A version that does not know them does not look at them.
            start.environment = [
                Pair(name: "UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN", value: String(ladder.serverSeconds)),
                Pair(name: "UVICORN_TIMEOUT_KEEP_ALIVE", value: String(ladder.keepAliveSeconds)),
            ]
            if facts.server?.name == .fastapiCLI {
                start.notes.append(
                    "the project uses fastapi run, which can't be told how long a shutdown may take; the image starts the "
                        + "uvicorn within it directly"
                )
            }
            need("uvicorn", unlessAny: ["uvicorn", "fastapi-cli"], orExtra: ("fastapi", ["standard", "all"]))
        }

        mutating func gunicorn() {
            start.command = ["gunicorn", called, "--bind", address]
            if facts.server?.gracefulSeconds == nil {
                start.command += ["--graceful-timeout", String(ladder.masterSeconds)]
            }
            if let config = facts.server?.config {
                start.command += ["--config", config]
            } else {
                start.command += ["--worker-class"] + workerClass()
                start.command += ["--timeout", "60", "--keep-alive", String(ladder.keepAliveSeconds)]
                start.command += ["--max-requests", "10000", "--max-requests-jitter", "1000"]
                // Its heartbeat file would otherwise be on a disk that may be slow or read-only.
                start.command += ["--worker-tmp-dir", "/dev/shm"]
            }
            need("gunicorn", unlessAny: ["gunicorn"])
        }

        mutating func workerClass() -> [String] {
            if isSynchronous {
                let own = facts.server?.workerClass ?? "gthread"
                return own == "gthread" || own == "sync" ? ["gthread", "--threads", "8"] : [own]
            }
            let own = facts.server?.workerClass ?? ""
            if !own.isEmpty, !own.hasPrefix("uvicorn.workers") { return [own] }
            // A project's own image installs what the project names, and nothing for us.
            if facts.existing.dockerfile != nil, !has("uvicorn-worker") {
                return [own.isEmpty ? "uvicorn.workers.UvicornWorker" : own]
            }
            if own.hasPrefix("uvicorn.workers") {
                start.notes.append(
                    "uvicorn.workers is deprecated; the image uses uvicorn-worker, which is the same class"
                )
            }
            need("uvicorn-worker", unlessAny: ["uvicorn-worker"])
            return ["uvicorn_worker.UvicornWorker"]
        }

        mutating func hypercorn() {
            start.command = ["hypercorn", called, "--bind", address]
            start.command += known("--graceful-timeout", String(ladder.serverSeconds))
            start.command += ["--keep-alive", String(ladder.keepAliveSeconds)]
            if let config = facts.server?.config { start.command += ["--config", config] }
        }

        mutating func granian() {
            start.command = ["granian", "--interface", isSynchronous ? "wsgi" : "asgi", "--host", "0.0.0.0"]
            start.command += ["--port", String(port)]
            start.command += known("--workers-kill-timeout", String(ladder.serverSeconds))
            if entry.kind == .factory { start.command.append("--factory") }
            start.command.append(entry.target)
        }

        mutating func streamlit() {
            let file = entry.command?.first { $0.hasSuffix(".py") } ?? entry.target
            start.command = [
                "streamlit", "run",
                file.hasSuffix(".py") ? file : entry.module.split(separator: ".").joined(separator: "/") + ".py",
                "--server.address=0.0.0.0", "--server.port=\(port)", "--server.headless=true",
                "--browser.gatherUsageStats=false",
            ]
            // It keeps a file of its own in the home folder, which the user does not have.
            start.environment = [Pair(name: "HOME", value: "/tmp")]
        }

        mutating func script() {
            let variable = facts.port?.variable.flatMap { Quoting.isVariableName($0) ? $0 : nil }
            start.environment = [Pair(name: variable ?? "PORT", value: String(port))]
            if let host = facts.server?.hostVariable, Quoting.isVariableName(host) {
                start.environment.append(Pair(name: host, value: "0.0.0.0"))
            }
            guard let words = entry.command, !words.isEmpty else {
                start.notes.append(
                    "how \(Quoting.comment(entry.target)) is started is not known: write the CMD yourself"
                )
                return
            }
            start.command = ServerStart.withoutVariables(words, port: port)
        }

        /// An option and its value where the project's version of the server takes it, else nothing.
        private func known(_ option: String, _ value: String...) -> [String] {
            ServerOptions.takes(option, facts.server) ? [option] + value : []
        }

        private func has(_ package: String) -> Bool { facts.dependencies.contains { $0.name == package } }

        /// What a release runs has to be in the image too.
        mutating func migrations() {
            guard facts.migrations?.tool == .alembic, facts.migrations?.command.first == "alembic" else { return }
            need("alembic", unlessAny: Self.bringAlembic)
        }

        /// Packages that have Alembic among their own dependencies.
        private static let bringAlembic: Set<String> = [
            "alembic", "flask-migrate", "advanced-alchemy", "mlflow", "optuna", "prefect", "apache-airflow",
            "alembic-utils", "alembic-postgresql-enum",
        ]

        /// What SQLAlchemy's asyncio needs, and versions from 2.1 on do not bring any more.
        mutating func greenlet() {
            // A lock has all that its versions need.
            guard facts.database?.isAsync == true, facts.manager?.lock.map({ $0.hasSuffix(".txt") }) ?? true,
                let library = facts.dependencies.first(where: { $0.name == "sqlalchemy" && $0.group == nil }),
                PackageVersion.ofSpecifier(library.version)?.has([2, 1]) ?? true
            else { return }
            need("greenlet", unlessAny: ["greenlet"], orExtra: ("sqlalchemy", Self.extrasWithGreenlet))
        }

        /// > Source: SQLAlchemy's `pyproject.toml`.
        private static let extrasWithGreenlet: Set<String> = [
            "asyncio", "aiomysql", "aioodbc", "asyncmy", "aiosqlite", "postgresql-asyncpg", "postgresql_asyncpg",
        ]

        /// Asks for a package that the project does not name; when it names none at all, nothing is known.
        mutating func need(_ package: String, unlessAny names: Set<String>, orExtra: (String, Set<String>)? = nil) {
            // What stands in a group for development is not installed.
            let own = facts.dependencies.filter { !ProductionStage.isAside($0.group ?? "") }
            guard !own.isEmpty, !own.contains(where: { names.contains($0.name) }) else { return }
            if let (name, extras) = orExtra,
                own.contains(where: { $0.name == name && !extras.isDisjoint(with: $0.extras) })
            {
                return
            }
            guard facts.existing.dockerfile == nil else {
                start.notes.append("\(package) is not among the dependencies: see that the image installs it")
                return
            }
            // One that something else brings in stays as the lock has it.
            let locked = facts.manager?.tools[package].map { "\(package)==\($0)" }
            let pinned = locked ?? ToolVersions.pinned(package, python: minor)
            start.packages.append(pinned)
            start.notes.append("\(package) is not among the dependencies, so the image installs \(pinned)")
        }
    }

    /// Words in which no shell is needed: `$PORT` is filled in, any other variable brings in a shell.
    static func withoutVariables(_ words: [String], port: Int) -> [String] {
        let filled = words.map { $0.replacing(/\$(?:PORT\b|\{PORT(?::?-[^}]*)?\})/, with: String(port)) }
        guard filled.contains(where: { $0.contains(/\$[A-Za-z_{]/) }) else { return filled }
        let line = filled.map { word in
            // One variable and nothing else is meant as such; in anything longer no quoting would be right for all.
            word.wholeMatch(of: /\$(?:[A-Za-z_][A-Za-z0-9_]*|\{[A-Za-z_][A-Za-z0-9_]*(?::?-[A-Za-z0-9_.\/]*)?\})/)
                == nil
                ? Quoting.shell(word) : "\"\(word)\""
        }
        return ["sh", "-c", "exec " + line.joined(separator: " ")]
    }
}
