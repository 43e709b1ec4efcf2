import Model
import Toolkit

extension ServerCommand {
    static func uvicorn(_ words: [String], _ environment: [String: String]) -> ServerCommand {
        var command = ServerCommand(.uvicorn)
        let options = CommandOptions(words, flags: uvicornFlags)
        command.take(options, host: ["--host"], port: ["--port"], workers: ["--workers"])
        command.appFolder = options["--app-dir"]
        command.isFactory = options.has("--factory")
        command.setTarget(options.targets.first ?? environment["UVICORN_APP"])
        command.host = command.host ?? environment["UVICORN_HOST"]
        command.port = command.port ?? environment["UVICORN_PORT"]
        return command
    }

    static func gunicorn(_ words: [String], _ environment: [String: String]) -> ServerCommand {
        var command = ServerCommand(.gunicorn)
        let more = (environment["GUNICORN_CMD_ARGS"]).flatMap { try? Words.split($0) } ?? []
        let options = CommandOptions(more + words, flags: gunicornFlags)
        command.take(options, host: [], port: [], workers: ["-w", "--workers"])
        command.bind(options["-b"] ?? options["--bind"])
        command.workerClass = options["-k"] ?? options["--worker-class"]
        command.config = (options["-c"] ?? options["--config"]).map { text in
            text.hasPrefix("file:") ? String(text.dropFirst(5)) : text
        }
        command.appFolder = options["--chdir"] ?? options["--pythonpath"]
        command.setTarget(options.targets.first)
        return command
    }

    static func hypercorn(_ words: [String]) -> ServerCommand {
        var command = ServerCommand(.hypercorn)
        let options = CommandOptions(words, flags: ["--debug", "--reload", "--help", "--version", "-h"])
        command.take(options, host: [], port: [], workers: ["-w", "--workers"])
        command.bind(options["-b"] ?? options["--bind"])
        command.workerClass = options["-k"] ?? options["--worker-class"]
        command.config = options["-c"] ?? options["--config"]
        var target = options.targets.first
        if let plain = target, plain.hasPrefix("asgi:") || plain.hasPrefix("wsgi:") {
            target = String(plain.dropFirst(5))
        }
        command.setTarget(target)
        return command
    }

    static func granian(_ words: [String], _ environment: [String: String]) -> ServerCommand {
        var command = ServerCommand(.granian)
        let options = CommandOptions(words, flags: granianFlags)
        command.take(options, host: ["--host"], port: ["--port"], workers: ["--workers"])
        command.isFactory = options.has("--factory")
        command.appFolder = options["--working-dir"]
        command.setTarget(options.targets.first)
        command.host = command.host ?? environment["GRANIAN_HOST"]
        command.port = command.port ?? environment["GRANIAN_PORT"]
        return command
    }

    static func daphne(_ words: [String]) -> ServerCommand {
        var command = ServerCommand(.daphne)
        let options = CommandOptions(words, flags: ["--proxy-headers", "--no-server-name", "--version"])
        command.take(options, host: ["-b", "--bind"], port: ["-p", "--port"], workers: [])
        command.setTarget(options.targets.first)
        return command
    }

    static func fastapi(_ words: [String]) -> ServerCommand? {
        let options = CommandOptions(words, flags: fastapiFlags)
        guard let verb = options.plain.first, verb == "run" || verb == "dev" else { return nil }
        var command = ServerCommand(.fastapiCLI)
        command.take(options, host: ["--host"], port: ["--port"], workers: ["--workers"])
        if verb == "dev" { command.reload = !options.has("--no-reload") }
        command.setTarget(options["--entrypoint"] ?? options["-e"])
        if let path = options.plain.dropFirst().first { command.file = path }
        if let name = options["--app"] { command.flags["--app"] = name }
        return command
    }

    static func flask(_ words: [String], _ environment: [String: String], tool: String) -> ServerCommand? {
        let flags: Set<String> = [
            "--debug", "--no-debug", "--reload", "--no-reload", "--debugger", "--with-threads", "-d", "-r",
        ]
        let options = CommandOptions(words, flags: flags)
        guard options.plain.contains("run") else { return nil }
        var command = ServerCommand(tool == "flask" ? .flask : .own)
        command.take(
            options,
            host: ["-h", "--host", "-H"],
            port: ["-p", "--port"],
            workers: ["--wc", "--web-concurrency"]
        )
        if options.has("--debug") { command.reload = true }
        let variable = environment["\(tool.uppercased())_APP"]
        command.setTarget(options["--app"] ?? options["-A"] ?? variable)
        return command
    }

    static func streamlit(_ words: [String]) -> ServerCommand? {
        let options = CommandOptions(words, flags: [])
        guard options.plain.first == "run", let file = options.plain.dropFirst().first else { return nil }
        var command = ServerCommand(.streamlit)
        command.take(options, host: ["--server.address"], port: ["--server.port"], workers: [])
        command.file = file
        return command
    }

    static func django(_ words: [String], file: String) -> ServerCommand? {
        guard let verb = words.first(where: { !$0.hasPrefix("-") }), verb.hasPrefix("runserver") else { return nil }
        var command = ServerCommand(.django)
        command.file = file
        command.reload = !words.contains("--noreload")
        let address = words.drop { $0 != verb }.dropFirst().first { !$0.hasPrefix("-") }
        if let address {
            let parts = address.split(separator: ":")
            command.port = parts.last.map(String.init)
            if parts.count > 1 { command.host = parts.dropLast().joined(separator: ":") }
        }
        return command
    }

    static func python(_ words: [String], first: String) -> ServerCommand? {
        guard let head = words.first, head != "-c" else { return nil }
        if head == "-m" {
            guard words.count > 1 else { return nil }
            var command = ServerCommand(.own)
            command.module = words[1]
            command.arguments = Array(words.dropFirst(2))
            return command
        }
        if CommandWrappers.name(head) == "manage.py" { return django(Array(words.dropFirst()), file: head) }
        guard !head.hasPrefix("-"), !head.contains("$(") else { return nil }
        var command = ServerCommand(.own)
        command.file = head
        command.arguments = Array(words.dropFirst())
        return command
    }

    /// `waitress-serve`, `uwsgi`, `sanic`: servers that we only know the app of.
    static func other(_ words: [String]) -> ServerCommand? {
        let options = CommandOptions(
            words,
            flags: ["--call", "--factory", "--master", "--enable-threads", "--debug", "--fast"]
        )
        var command = ServerCommand(.own)
        command.take(options, host: ["--host", "-H"], port: ["--port", "-p"], workers: ["--workers", "--processes"])
        command.bind(options["--listen"] ?? options["--http"] ?? options["--http-socket"])
        command.setTarget(options["--module"] ?? options["-w"] ?? options.targets.first)
        command.isFactory = command.isFactory || options.has("--call") || options.has("--factory")
        guard let target = command.target, target.contains(":") || !target.contains("/") && !target.contains(".ini")
        else {
            return nil
        }
        return command
    }

    // MARK: - Private

    private static let uvicornFlags: Set<String> = [
        "--reload", "--factory", "--proxy-headers", "--no-proxy-headers", "--server-header", "--no-server-header",
        "--date-header", "--no-date-header", "--use-colors", "--no-use-colors", "--access-log", "--no-access-log",
        "--version",
        "--help", "--debug", "--reset-contextvars",
    ]

    private static let gunicornFlags: Set<String> = [
        "--reload", "--preload", "--preload-app", "-D", "--daemon", "--check-config", "--print-config",
        "--capture-output", "-R",
        "--enable-stdio-inheritance", "--no-sendfile", "--spew", "--disable-redirect-access-to-syslog",
        "--proxy-protocol",
        "--reuse-port", "--initgroups", "--suppress-ragged-eofs", "--do-handshake-on-connect", "--log-syslog",
        "--version", "-v",
        "--strip-header-spaces", "--paste-global", "--no-control-socket",
    ]

    private static let granianFlags: Set<String> = [
        "--factory", "--no-factory", "--reload", "--no-reload", "--ws", "--no-ws", "--access-log", "--no-access-log",
        "--log",
        "--no-log", "--respawn-failed-workers", "--no-respawn-failed-workers", "--reload-ignore-worker-failure",
        "--help",
    ]

    private static let fastapiFlags: Set<String> = [
        "--reload", "--no-reload", "--proxy-headers", "--no-proxy-headers", "--verbose", "--no-verbose", "--help",
    ]

    private mutating func take(_ options: CommandOptions, host: [String], port: [String], workers: [String]) {
        self.host = host.lazy.compactMap { options[$0] }.first
        self.port = port.lazy.compactMap { options[$0] }.first
        self.workers = workers.lazy.compactMap { options[$0] }.first.flatMap { Int($0) }
        reload = options.has("--reload")
        flags = options.values
    }

    /// `0.0.0.0:8000`, `:8000`, `[::]:8000`, `unix:/tmp/x.sock`.
    private mutating func bind(_ text: String?) {
        guard var text = text?.split(separator: ",").first.map(String.init) else { return }
        if text.hasPrefix("unix:") || text.hasPrefix("fd://") {
            host = text
            return
        }
        for scheme in ["http://", "tcp://"] where text.hasPrefix(scheme) { text = String(text.dropFirst(scheme.count)) }
        if let place = text.firstRange(of: ":$")?.lowerBound ?? text.lastIndex(of: ":") {
            port = String(text[text.index(after: place)...])
            host = String(text[..<place])
            if host?.isEmpty == true { host = nil }
        } else {
            // `-b $PORT` is no address, `-b 0.0.0.0` has the default port.
            if text.allSatisfy(\.isNumber) { port = text } else { host = text }
        }
    }

    /// `module:app`, `module:create_app()`, `module`.
    private mutating func setTarget(_ text: String?) {
        guard var text, !text.isEmpty else { return }
        if let open = text.firstIndex(of: "("), text.contains(":") {
            text = String(text[..<open])
            isFactory = true
        }
        target = text
    }
}
