import Model
import Toolkit

/// A server that production starts: its command, the variables it sees, gunicorn's file of settings.
struct StartedServer: Sendable {
    var server: ServerCommand
    var command: FoundCommand
    /// gunicorn's settings; nil for other servers and without a file.
    var settings: GunicornSettings?

    /// Where its options are written.
    var place: Place

    /// An option of the command by any of its names, or a variable.
    func option(_ names: [String], variable: String? = nil) -> String? {
        names.lazy.compactMap { server.flags[$0] }.first { !$0.isEmpty } ?? variable.flatMap { command.environment[$0] }
    }

    func number(_ names: [String], variable: String? = nil) -> Int? {
        option(names, variable: variable).flatMap { Int($0.prefix(while: \.isNumber)) }
    }

    /// gunicorn's class of workers, where it is set.
    var workerClass: (name: String, place: Place)? {
        if let name = server.workerClass { return (name, place) }
        guard let setting = settings?["worker_class"], let name = setting.value.text else { return nil }
        return (name, setting.place)
    }

    /// gunicorn with uvicorn's workers.
    var runsUvicornWorkers: Bool {
        server.server == .gunicorn && workerClass.map { $0.name.lowercased().contains("uvicorn") } == true
    }

    /// Worker processes, and where that is set; a variable that is set counts.
    var workers: (count: Int, place: Place)? {
        if let count = server.workers { return (count, place) }
        if let setting = settings?["workers"], let count = setting.value.integer { return (Int(count), setting.place) }
        return option([], variable: "WEB_CONCURRENCY").flatMap { Int($0) }.map { ($0, place) }
    }

    /// Seconds that it lets requests end in; nil is for ever.
    var graceSeconds: Int? {
        switch server.server {
        case .gunicorn:
            number(["--graceful-timeout"]) ?? settings?["graceful_timeout"]?.value.integer.map { Int($0) } ?? 30
        case .uvicorn: number(["--timeout-graceful-shutdown"], variable: "UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN")
        case .hypercorn: number(["--graceful-timeout"]) ?? 3
        default: nil
        }
    }

    /// Seconds that it keeps idle connections for.
    var keepAliveSeconds: Int {
        switch server.server {
        case .gunicorn: number(["--keep-alive"]) ?? settings?["keepalive"]?.value.integer.map { Int($0) } ?? 2
        default: number(["--timeout-keep-alive", "--keep-alive"], variable: "UVICORN_TIMEOUT_KEEP_ALIVE") ?? 5
        }
    }

    /// The addresses whose forwarded headers it believes, and where they are set.
    var forwarded: (value: String, place: Place)? {
        if let value = option(["--forwarded-allow-ips"]) { return (value, place) }
        if let setting = settings?["forwarded_allow_ips"], let value = setting.value.text {
            return (value, setting.place)
        }
        return option([], variable: "FORWARDED_ALLOW_IPS").map { ($0, place) }
    }
}

/// Module-level names of a `gunicorn.conf.py`.
struct GunicornSettings: Sendable {
    let path: String
    private var values: [String: (value: PythonValue, place: Place)] = [:]

    init(_ module: PythonModule, _ code: CodeMap) {
        path = module.path
        for item in module.assigns where item.scope.isEmpty {
            guard let value = item.value else { continue }
            let place = Place(module.path, item.line)
            let known = code.constant(value, at: CodeMap.Key(path: module.path, name: ""), line: item.line)
            values[item.target] = (known?.value ?? value, place)
        }
    }

    subscript(_ name: String) -> (value: PythonValue, place: Place)? { values[name] }
}

extension AuditContext {
    /// The servers that production starts, in the order of their places; each place once.
    var starts: [StartedServer] {
        memo.value("starts") {
            let known: Set<Facts.Server.Name> = [.uvicorn, .gunicorn, .hypercorn, .granian, .daphne, .fastapiCLI]
            let own = commands.filter { command in
                guard !command.isDevelopment, command.source != .workflow, command.source != .makefile,
                    command.source != .pyproject
                else {
                    return false
                }
                guard !isAside(command.place.file), concernsApp(command) else { return false }
                return !stacks.contains { $0.path == command.place.file && $0.nature == .development }
            }
            let production = own.filter(\.isProduction)
            var seen: Set<Place> = []
            return
                (production.isEmpty
                ? own : production + own.filter { $0.source == .compose || $0.source == .kubernetes })
                .compactMap { command -> StartedServer? in
                    guard let server = ServerCommand.parse(command.words, environment: command.environment) else {
                        return nil
                    }
                    guard known.contains(server.server), !server.reload else { return nil }
                    let settings = server.server == .gunicorn ? gunicornSettings(server, command) : nil
                    // `exec "$@"` in a script says nothing: what runs the script does.
                    let isTold = Vocabulary.starters.contains { code.found(command.place).contains($0) }
                    let place = isTold ? command.place : command.runBy ?? command.place
                    return StartedServer(server: server, command: command, settings: settings, place: place)
                }
                .filter { seen.insert($0.place).inserted }
                .sorted { $0.place < $1.place }
        }
    }

    // MARK: - Private

    /// Commands of other apps of the tree are those apps' own.
    private func concernsApp(_ command: FoundCommand) -> Bool {
        guard !facts.root.isEmpty else { return true }
        if let image = command.dockerfile, let own = dockerfile?.path { return image == own }
        return TreePath.lies(command.place.file, in: facts.root)
            || TreePath.lies(command.folder, in: facts.root) && !command.folder.isEmpty
            || TreePath.lies(facts.root, in: TreePath.folder(of: command.place.file)) && facts.roots.count <= 1
    }

    private func gunicornSettings(_ server: ServerCommand, _ command: FoundCommand) -> GunicornSettings? {
        var paths: [String] = []
        if let config = server.config {
            let name = config.hasPrefix("python:") ? config.dropFirst(7).replacing(".", with: "/") + ".py" : config
            paths = [
                TreePath.joined(command.folder, name), TreePath.joined(facts.root, name),
                TreePath.joined(TreePath.folder(of: command.place.file), name),
            ]
            // The path in the image is not that in the project.
            let last = TreePath.name(of: name)
            paths += project.files.filter { TreePath.name(of: $0) == last && TreePath.lies($0, in: facts.root) }
        } else {
            paths = [
                TreePath.joined(command.folder, "gunicorn.conf.py"), TreePath.joined(facts.root, "gunicorn.conf.py"),
            ]
        }
        return paths.lazy.compactMap(code.module).first.map { GunicornSettings($0, code) }
    }
}
