import Model
import Toolkit

/// Where a production server listens, as its command and its variables say.
struct ServedPort: Sendable {
    /// Nil when a variable that nobody sets says it, or a file of settings.
    var number: Int?
    /// As written; nil when nothing says it.
    var host: String?
    var server: ServerCommand
    var command: FoundCommand
    private let known: [String: String]

    /// Nil when the command starts no known server; `environment` is what the platform sets beside the command's own.
    init?(_ command: FoundCommand, environment: [String: String], context: AuditContext) {
        let known = command.environment.merging(environment) { _, new in new }
        guard let server = ServerCommand.parse(command.words, environment: known) else { return nil }
        self.server = server
        self.command = command
        self.known = known
        host = server.host.map { Variables.expand($0) { known[$0] } }
        guard !context.mayChange(command, by: environment) else { return }
        if let text = server.port {
            number = Int(Variables.expand(text) { known[$0] })
            return
        }
        switch server.server {
        case .uvicorn: number = 8000
        case .hypercorn, .granian, .daphne: number = server.config == nil ? 8000 : nil
        case .fastapiCLI: number = known["PORT"].flatMap { Int($0) } ?? 8000
        case .flask: number = known["FLASK_RUN_PORT"].flatMap { Int($0) } ?? 5000
        case .gunicorn:
            // `gunicorn.conf.py` is read without being named.
            guard server.config == nil, !context.hasGunicornFile else { return }
            number = known["PORT"].flatMap { Int($0) } ?? 8000
        case .streamlit: number = 8501
        case .django, .own: number = nil
        }
    }

    /// Only the machine itself reaches it; nil when that can't be told.
    func isLoopback(_ context: AuditContext) -> Bool? {
        if server.flags["--uds"] != nil || server.flags["--fd"] != nil || host?.hasPrefix("unix:") == true {
            return false
        }
        if let host {
            if host.contains("$") || host.hasPrefix("fd:") { return nil }
            return ["127.0.0.1", "localhost", "::1", "[::1]"].contains(host)
        }
        switch server.server {
        case .uvicorn, .daphne, .flask: return server.flags["--config"] == nil
        case .hypercorn, .granian:
            return server.config == nil && server.flags["--bind"] == nil && server.flags["-b"] == nil
        case .django: return server.port == nil || server.host == nil
        case .gunicorn:
            // Platforms set PORT, and gunicorn listens on all addresses then.
            let isSet = server.config != nil || context.hasGunicornFile || known["PORT"] != nil
            let platforms: Set<FoundCommand.Source> = [.procfile, .render, .railway, .heroku, .appYAML, .cloudbuild]
            return isSet || platforms.contains(command.source) || server.flags["-b"] != nil
                || server.flags["--bind"] != nil ? nil : true
        case .fastapiCLI: return command.words.contains("dev")
        case .streamlit: return false
        case .own: return nil
        }
    }
}

extension AuditContext {
    /// The server of the production image, when its command is one that is known.
    var servedPort: ServedPort? {
        memo.value("servedPort") { servedPort(with: [:]) }
    }

    /// The same with a platform's variables.
    func servedPort(with environment: [String: String]) -> ServedPort? {
        let served = imageCommands.compactMap { ServedPort($0, environment: environment, context: self) }
            .filter { $0.server.server != .own }
        // Two servers in one image: nobody can say which is meant.
        return served.count == 1 ? served.first : nil
    }

    /// What the production image starts.
    var imageCommands: [FoundCommand] {
        guard let image else { return [] }
        return commands.filter { $0.source == .dockerfile && $0.dockerfile == image.path && $0.isProduction }
    }

    var hasGunicornFile: Bool { project.files.contains { TreePath.name(of: $0) == "gunicorn.conf.py" } }

    /// Whether a variable that a platform sets occurs where the command is written: its default no longer counts.
    fileprivate func mayChange(_ command: FoundCommand, by environment: [String: String]) -> Bool {
        guard !environment.isEmpty else { return false }
        let paths = Set([command.place.file, command.runBy?.file].compactMap { $0 })
        return environment.keys.contains { name in
            paths.contains { path in
                guard let text = project.text(path) else { return false }
                return TextSearch.contains(text, "$\(name)") || TextSearch.contains(text, "${\(name)")
            }
        }
    }
}

extension FoundCommand {
    /// One of several servers of the same script: which of them runs is decided by its arguments.
    func isOneOfMany(in context: AuditContext) -> Bool {
        runBy != nil && context.scriptsOfServers.contains(Script(self))
    }

    fileprivate struct Script: Hashable {
        let source: Source
        let file: String
        let runBy: Place?

        init(_ command: FoundCommand) {
            source = command.source
            file = command.place.file
            runBy = command.runBy
        }
    }
}

extension AuditContext {
    /// Scripts that start more than one server.
    fileprivate var scriptsOfServers: Set<FoundCommand.Script> {
        memo.value("scriptsOfServers") {
            var lines: [FoundCommand.Script: Set<Int>] = [:]
            for command in commands where command.runBy != nil {
                guard let line = command.place.line,
                    ServerCommand.parse(command.words, environment: command.environment) != nil
                else { continue }
                lines[FoundCommand.Script(command), default: []].insert(line)
            }
            return Set(lines.filter { $0.value.count > 1 }.keys)
        }
    }
}
