import Model
import Toolkit

extension EntrySearch {
    /// `[tool.fastapi] entrypoint`, which FastAPI's own command line reads.
    func readDeclarations() {
        for path in tree.files(named: "pyproject.toml") {
            guard let node = context.document(path)?.at("tool", "fastapi", "entrypoint"), let target = node.string
            else { continue }
            let place = Place(path, node.position.line)
            let search = TargetSearch(folder: TreePath.folder(of: path))
            guard let found = resolve(target, search) else {
                note("[tool.fastapi] names \(shown(target)), which is not there", at: place)
                continue
            }
            let what = "[tool.fastapi] entrypoint = \(shown(target))"
            add(candidate(found, rank: 0, at: place, what: what))
        }
    }

    /// Every command that starts a server or a program that may.
    func readCommands() {
        for command in context.commands {
            guard let server = ServerCommand.parse(command.words, environment: command.environment) else {
                readConsoleScript(command)
                continue
            }
            switch server.server {
            case .fastapiCLI: readFastAPICommand(command, server)
            case .django: readDjango(command, server)
            case .streamlit: readStreamlit(command, server)
            case .own where server.target == nil: readProgram(command, server)
            case .flask where server.target == nil: readFlask(command, server)
            default: readTarget(command, server)
            }
        }
        readImageVariables()
    }

    func rank(of command: FoundCommand) -> Double {
        let base: Double
        switch command.source {
        case .dockerfile: base = command.isImplied ? 1.3 : command.isProduction ? 1 : 1.6
        case .railway, .render, .appYAML, .fly, .cloudbuild, .kubernetes, .heroku:
            base = command.isProduction ? 1.1 : 1.5
        case .procfile: base = command.isProduction ? 1.2 : 1.7
        case .compose: base = 2
        case .script, .makefile, .supervisor: base = 3
        case .pyproject: base = 3.5
        case .workflow: base = 3.8
        }
        return command.isDevelopment ? base + (command.source == .dockerfile ? 0.8 : 0.3) : base
    }

    func candidate(_ found: FoundTarget, rank: Double, at place: Place, what: String) -> EntryCandidate {
        var entry = Facts.Entry(kind: found.isFactory ? .factory : .app, target: found.target, importRoot: found.root)
        entry.evidence = [Facts.Evidence(place, what)]
        var result = EntryCandidate(
            entry: entry,
            rank: rank,
            framework: found.framework ?? .asgi,
            file: found.file,
            key: found.key
        )
        result.isVerified = found.isVerified
        return result
    }

    /// Words as evidence shows them: one line, not too long.
    func shown(_ text: String) -> String {
        let plain = text.map { $0.isNewline ? " " : String($0) }.joined()
        return plain.count > 120 ? plain.prefix(117) + "…" : plain
    }

    func evidence(_ command: FoundCommand) -> [Facts.Evidence] {
        let text = shown(command.words.joined(separator: " "))
        var result = [Facts.Evidence(command.place, text)]
        if let place = command.runBy { result.append(Facts.Evidence(place, "runs \(command.place.file)")) }
        return result
    }

    // MARK: - Private

    private func search(for command: FoundCommand, _ server: ServerCommand?) -> TargetSearch {
        var search = TargetSearch(folder: command.folder)
        if let folder = server?.appFolder { search.extra.append(folder) }
        for path in (command.environment["PYTHONPATH"] ?? "").split(separator: ":") where !path.contains("$") {
            if path.hasPrefix("/") { search.later.append(String(path)) } else { search.extra.append(String(path)) }
        }
        search.places = [command.dockerfile, command.place.file].compactMap { $0 }.map(TreePath.folder(of:))
        return search
    }

    private func readTarget(_ command: FoundCommand, _ server: ServerCommand) {
        guard let target = server.target else { return }
        guard !target.contains("$") else { return }
        let full = withAttribute(target, of: server)
        guard var found = resolve(full, search(for: command, server)) else { return noteStale(command, target: full) }
        if let reason = unimportable(command, server, found) {
            found.isVerified = false
            note("it names \(shown(target)), \(reason): not taken as it is", at: command.place, isStale: true)
        }
        add(command, server, found)
    }

    private func add(_ command: FoundCommand, _ server: ServerCommand, _ found: FoundTarget, run: RunCall? = nil) {
        var result = candidate(found, rank: rank(of: command), at: command.place, what: "")
        result.entry.evidence = evidence(command)
        result.command = command
        result.server = server
        result.run = run
        if server.isFactory { result.entry.kind = .factory }
        add(result)
    }

    /// Servers for WSGI take a module alone.
    private func withAttribute(_ target: String, of server: ServerCommand) -> String {
        guard !target.contains(":") else { return target }
        if target.hasSuffix(".py") {
            return String(target.dropLast(3)).split(separator: "/").joined(separator: ".") + ":app"
        }
        switch server.server {
        case .gunicorn: return target + ":application"
        default: return target + ":app"
        }
    }

    private func readFastAPICommand(_ command: FoundCommand, _ server: ServerCommand) {
        let search = search(for: command, server)
        if server.target != nil { return readTarget(command, server) }
        if server.file == nil {
            for folder in TreePath.ancestors(of: command.folder) {
                let path = TreePath.joined(folder, "pyproject.toml")
                guard let target = context.document(path)?.at("tool", "fastapi", "entrypoint")?.string else { continue }
                if let found = resolve(target, search) { return add(command, server, found) }
            }
        }
        let usual = ["main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py"]
        for name in server.file.map({ [$0] }) ?? usual {
            guard let path = file(name, search) else { continue }
            guard let found = appInFile(path, name: server.flags["--app"]) else { continue }
            return add(command, server, found)
        }
        guard let name = server.file else { return }
        noteStale(command, shown(name), "which is not in the project or holds no app")
    }

    private func readFlask(_ command: FoundCommand, _ server: ServerCommand) {
        for name in ["wsgi.py", "app.py"] {
            guard let path = file(name, search(for: command, server)), let found = appInFile(path, name: nil) else {
                continue
            }
            return add(command, server, found)
        }
    }

    private func readStreamlit(_ command: FoundCommand, _ server: ServerCommand) {
        guard let name = server.file, let path = file(name, search(for: command, server)) else { return }
        let target = ImportRoots.module(of: path, in: command.folder)
        var entry = Facts.Entry(kind: .script, target: target, importRoot: command.folder)
        entry.command = command.words
        entry.evidence = evidence(command)
        var result = EntryCandidate(
            entry: entry,
            rank: rank(of: command),
            framework: .streamlit,
            file: path,
            key: "\(path):streamlit"
        )
        result.command = command
        result.server = server
        add(result)
    }

    private func readDjango(_ command: FoundCommand, _ server: ServerCommand) {
        guard let name = server.file, let path = file(name, search(for: command, server)) else { return }
        guard let found = djangoTarget(manage: path) else { return }
        add(command, server, found)
    }

    /// A program of the project: `python web.py`, `python -m package`.
    private func readProgram(_ command: FoundCommand, _ server: ServerCommand) {
        let search = search(for: command, server)
        let path: String?
        if let name = server.module {
            path = moduleFile(name + ".__main__", search) ?? moduleFile(name, search)
        } else {
            path = server.file.flatMap { file($0, search) }
        }
        guard let path, let module = module(at: path) else {
            if path == nil { noteStale(command, program: server) }
            return
        }
        guard let run = finder.run(in: module, start: .file, arguments: server.arguments) else {
            return addPlainProgram(command, server, path)
        }
        addProgram(command, server, run, search)
    }

    /// A word that is a console script of the project: `lnbits`, `ralph runserver`.
    private func readConsoleScript(_ command: FoundCommand) {
        guard let word = command.words.first, !word.contains("/"), !word.contains("$") else { return }
        guard let script = consoleScripts[word] else { return }
        let search = TargetSearch(folder: script.folder)
        let parts = script.target.split(separator: ":").map(String.init)
        guard parts.count == 2, let path = moduleFile(parts[0], search), let module = module(at: path) else { return }
        let arguments = Array(command.words.dropFirst())
        guard let run = finder.run(in: module, start: .function(parts[1]), arguments: arguments) else { return }
        var server = ServerCommand(.own)
        server.arguments = arguments
        server.port = CommandOptions(arguments, flags: [])["--port"]
        addProgram(command, server, run, search)
    }

    private func addProgram(_ command: FoundCommand, _ server: ServerCommand, _ run: RunCall, _ search: TargetSearch) {
        var search = search
        search.extra.append("/" + TreePath.folder(of: run.file))
        search.extra.append("/" + roots.root(of: run.file))
        guard let result = runTarget(run, search, isDeclared: true) else {
            return addPlainProgram(command, server, run.file, run: run)
        }
        var one = candidate(result.found, rank: rank(of: command), at: command.place, what: "")
        one.entry.evidence = evidence(command) + [runEvidence(run)]
        one.command = command
        one.server = server
        one.run = run
        if result.isScript {
            one.entry.kind = .script
            one.entry.command = command.words
        }
        add(one)
    }

    /// A program of the project that starts no server we know: it only counts when nothing else is found.
    private func addPlainProgram(_ command: FoundCommand, _ server: ServerCommand, _ path: String, run: RunCall? = nil)
    {
        guard command.isProduction || command.source == .compose else { return }
        var entry = Facts.Entry(
            kind: .script,
            target: ImportRoots.module(of: path, in: command.folder),
            importRoot: command.folder
        )
        entry.command = command.words
        entry.evidence = evidence(command)
        let rank = 8 + rank(of: command) / 10
        var result = EntryCandidate(entry: entry, rank: rank, framework: .python, file: path, key: "\(path):script")
        result.command = command
        result.server = server
        result.run = run
        add(result)
    }

    /// `ENV APP_MODULE=…` and the like, which scripts of base images read.
    private func readImageVariables() {
        for file in context.dockerfiles {
            guard let stage = ProductionStage.choose(in: file) else { continue }
            let known = file.image(of: stage).environment
            let module = known["MODULE_NAME"].map { "\($0):\(known["VARIABLE_NAME"] ?? "app")" }
            guard let target = known["APP_MODULE"] ?? known["UVICORN_ASGI_APP"] ?? known["UVICORN_APP"] ?? module else {
                continue
            }
            let image = images.image(of: file, stage: stage)
            var search = TargetSearch(folder: image.folder ?? image.context)
            search.places = [image.context]
            guard let found = resolve(target, search) else { continue }
            let line = stage.instructions.first { $0.word == "ENV" }?.line
            var result = candidate(found, rank: 1.4, at: Place(file.path, line), what: "ENV names \(shown(target))")
            var command = FoundCommand(.dockerfile, words: [], place: Place(file.path, line), folder: search.folder)
            command.dockerfile = file.path
            command.stage = stage.name
            command.isImplied = true
            command.isDevelopment = image.isDevelopment
            result.command = command
            add(result)
        }
    }
}
