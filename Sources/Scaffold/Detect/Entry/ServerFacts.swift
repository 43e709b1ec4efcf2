import Model

/// Sets the server and the port by what starts the chosen app.
enum ServerFacts {
    /// Fills ``Facts/server`` and ``Facts/port``.
    ///
    /// - Parameters:
    ///   - context: with the entry chosen.
    ///   - chosen: the candidate that was taken.
    ///   - same: all candidates that lead to the same app, the best first.
    ///   - search: what was found.
    static func fill(
        _ context: inout ScanContext,
        chosen: EntryCandidate,
        same: [EntryCandidate],
        search: EntrySearch
    ) {
        var server = server(chosen, same: same, context, search)
        let pinned = server.flatMap { version($0.name, context)?.text }
        server?.version = pinned
        context.facts.server = server
        var ports = PortFacts(context: context, search: search)
        let environment = starters(same).first?.command?.environment ?? [:]
        ports.settings = ports.gunicorn(server, environment)
        if let settings = ports.settings { server = server.map { with(settings, $0) } }
        context.facts.server = server
        context.facts.port = ports.port(chosen, same: same)
        addVariables(&context, ports, starters(same).first ?? chosen, isScript: chosen.entry.kind == .script)
    }

    // MARK: - Private

    /// Of a program that calls its server itself, which takes no words of ours.
    private static func addVariables(
        _ context: inout ScanContext,
        _ ports: PortFacts,
        _ starter: EntryCandidate,
        isScript: Bool
    ) {
        guard let run = starter.run, isScript || starter.server?.server == .own else { return }
        context.facts.port?.variable = ports.portVariable(run)
        context.facts.server?.hostVariable = ports.hostVariable(run)
    }

    /// What production starts goes before what stands in the code.
    private static func starters(_ same: [EntryCandidate]) -> [EntryCandidate] {
        same.filter { $0.server != nil }.sorted {
            ($0.isDevelopment ? 1 : 0, $0.rank) < ($1.isDevelopment ? 1 : 0, $1.rank)
        }
    }

    /// What the command itself says goes before its file.
    private static func with(_ settings: GunicornFile, _ server: Facts.Server) -> Facts.Server {
        var server = server
        server.workers = server.workers ?? settings.workers
        server.workerClass = server.workerClass ?? settings.workerClass
        server.gracefulSeconds = settings.gracefulSeconds
        return server
    }

    /// What the project gets of the server's package: a pin goes before a lock, for requirements are locks as well.
    private static func version(_ server: Facts.Server.Name, _ context: ScanContext) -> PackageVersion? {
        let package: String
        switch server {
        case .gunicorn, .hypercorn, .granian, .daphne: package = server.rawValue
        // What runs inside `fastapi run` and `uvicorn.run`, and what our images start.
        case .uvicorn, .fastapiCLI, .own: package = "uvicorn"
        case .flask, .django, .streamlit: return nil
        }
        let wanted = context.facts.dependencies.first { $0.name == package && !$0.version.hasPrefix("@") }
        let bound = wanted.flatMap { PackageVersion.ofSpecifier($0.version) }
        guard let lock = context.facts.manager?.lock, let text = context.project.text(lock) else { return bound }
        return PackageVersion.locked(package, in: text) ?? bound
    }

    private static func server(
        _ chosen: EntryCandidate,
        same: [EntryCandidate],
        _ context: ScanContext,
        _ search: EntrySearch
    ) -> Facts.Server? {
        guard let one = starters(same).first, let command = one.server else {
            guard let run = same.lazy.compactMap(\.run).first else { return usual(chosen.framework, context) }
            var server = Facts.Server(run.server)
            server.workers = run.call["workers"]?.integer.map { Int($0) }
            server.evidence = [search.runEvidence(run)]
            return server
        }
        var server = Facts.Server(command.server == .own ? one.run?.server ?? .own : command.server)
        server.workerClass = command.workerClass
        if !one.isDevelopment {
            server.workers = command.workers ?? one.command?.environment["WEB_CONCURRENCY"].flatMap { Int($0) }
        }
        server.config = command.config.flatMap { config($0, one, search) } ?? ownConfig(server.name, context)
        server.evidence = Array(one.entry.evidence.prefix(1))
        return server
    }

    /// The settings file as the project has it.
    private static func config(_ name: String, _ candidate: EntryCandidate, _ search: EntrySearch) -> String? {
        var name = name
        if name.hasPrefix("python:") { name = name.dropFirst(7).replacing(".", with: "/") + ".py" }
        let folder = candidate.command?.folder ?? candidate.root
        let near = TreePath.joined(folder, name)
        if !name.hasPrefix("/"), search.tree.project.has(near) { return near }
        let files = search.tree.files(named: TreePath.name(of: name)).sorted { left, right in
            let common = (name.commonSuffix(left).count, name.commonSuffix(right).count)
            return common.0 != common.1 ? common.0 > common.1 : left < right
        }
        return files.first
    }

    /// gunicorn reads `gunicorn.conf.py` of the folder it is started in without being told.
    private static func ownConfig(_ server: Facts.Server.Name, _ context: ScanContext) -> String? {
        guard server == .gunicorn else { return nil }
        let path = context.path("gunicorn.conf.py")
        return context.project.has(path) ? path : nil
    }

    private static func usual(_ framework: Facts.Framework, _ context: ScanContext) -> Facts.Server? {
        switch framework {
        case .fastapi, .starlette, .litestar, .asgi:
            let isHypercorn = context.depends(on: "hypercorn") && !context.depends(on: "uvicorn")
            return Facts.Server(isHypercorn ? .hypercorn : .uvicorn)
        case .flask, .wsgi, .django: return Facts.Server(.gunicorn)
        case .streamlit: return Facts.Server(.streamlit)
        default: return nil
        }
    }
}

extension String {
    /// The characters that both texts end in.
    fileprivate func commonSuffix(_ other: String) -> String {
        String(zip(reversed(), other.reversed()).prefix { $0.0 == $0.1 }.map(\.0).reversed())
    }
}
