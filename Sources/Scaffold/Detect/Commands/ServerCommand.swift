import Model

/// A command line that starts a web server, or a program that may start one itself.
package struct ServerCommand: Equatable, Sendable {
    /// ``Facts/Server/Name/own`` for `python file.py` and `python -m package`.
    package var server: Facts.Server.Name
    /// `app.main:app`, `app.main`, `app.main:create_app`; nil when the command leaves it to a default.
    package var target: String?
    package var isFactory = false
    /// What is put on `sys.path`: `--app-dir`, `--chdir`, `--pythonpath`.
    package var appFolder: String?
    package var host: String?
    /// As written: `8000`, `$PORT`.
    package var port: String?
    package var workers: Int?
    package var workerClass: String?
    package var reload = false
    /// The file of gunicorn's or hypercorn's settings.
    package var config: String?
    /// A Python file: of `python web.py`, `fastapi run app/main.py`, `streamlit run page.py`.
    package var file: String?
    /// Of `python -m package`.
    package var module: String?
    /// Words behind the file or module.
    package var arguments: [String] = []
    /// All other options, names as written.
    package var flags: [String: String] = [:]

    init(_ server: Facts.Server.Name) {
        self.server = server
    }

    /// The port as a number, when it is one.
    package var portNumber: Int? {
        port.flatMap { Int($0) }.flatMap { (1...65_535).contains($0) ? $0 : nil }
    }

    /// Reads the words of a simple command; wrappers such as `uv run` may stand before it.
    ///
    /// - Parameters:
    ///   - words: as ``FoundCommand/words``.
    ///   - environment: of the command, for `FLASK_APP` and the like.
    /// - Returns: nil when the command starts no server and no Python program.
    package static func parse(_ words: [String], environment: [String: String] = [:]) -> ServerCommand? {
        let stripped = CommandWrappers.strip(words)
        if let text = stripped.text {
            return ShellScript.lines(of: text, environment: environment).lazy
                .compactMap { parse($0.words, environment: environment.merging($0.environment) { _, new in new }) }
                .last { $0.server != .own } ?? nil
        }
        let environment = environment.merging(stripped.environment) { _, new in new }
        guard let first = stripped.words.first else { return nil }
        let rest = Array(stripped.words.dropFirst())
        switch CommandWrappers.name(first) {
        case "uvicorn": return uvicorn(rest, environment)
        case "gunicorn": return gunicorn(rest, environment)
        case "hypercorn": return hypercorn(rest)
        case "granian": return granian(rest, environment)
        case "daphne": return daphne(rest)
        case "fastapi": return fastapi(rest)
        case "flask", "quart", "litestar": return flask(rest, environment, tool: CommandWrappers.name(first))
        case "streamlit": return streamlit(rest)
        case "waitress-serve", "waitress", "sanic", "uwsgi": return other(rest)
        case "manage.py", "django-admin": return django(rest, file: first)
        case _ where CommandWrappers.isPython(first): return python(rest, first: first)
        case let name where name.hasSuffix(".py"):
            var command = ServerCommand(.own)
            command.file = first
            command.arguments = rest
            return command
        default: return nil
        }
    }
}
