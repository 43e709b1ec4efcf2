import Model

extension ExportPlan {
    /// Where the app runs, as far as its own server has to know.
    enum Place {
        case compose
        case kubernetes
        case ecs
        case cloudRun
        case heroku
        case systemd
    }

    /// The app is Python's, behind uvicorn or gunicorn.
    var isPython: Bool {
        if let framework = facts.framework { return framework.isPython }
        return facts.python != nil || facts.entry != nil
    }

    /// It speaks ASGI.
    var isASGI: Bool {
        switch facts.framework {
        case .fastapi, .starlette, .litestar, .asgi: true
        case nil: facts.entry != nil && facts.server?.name != .streamlit
        default: facts.server?.name == .uvicorn || facts.server?.name == .hypercorn
        }
    }

    /// Values that depend on the place, sorted by name.
    func serverValues(for place: Place) -> [(name: String, value: Tree)] {
        var values: [(name: String, value: Tree)] = []
        if isASGI, let trusted = trustedProxies(place) { values.append((name: "FORWARDED_ALLOW_IPS", value: trusted)) }
        if facts.port?.number == nil, let port = web?.port, ![.cloudRun, .heroku].contains(place) {
            values.append((name: "PORT", value: .string(String(port))))
        }
        if isASGI {
            let (graceful, keepAlive) = (gracefulSeconds(place), keepAliveSeconds(place))
            values.append((name: "UVICORN_TIMEOUT_GRACEFUL_SHUTDOWN", value: .string(String(graceful))))
            values.append((name: "UVICORN_TIMEOUT_KEEP_ALIVE", value: .string(String(keepAlive))))
        }
        // Our images have it; elsewhere nobody else says where modules are.
        let root = LaunchFolder.relative(layout.importRoot, to: layout.project)
        if isPython, !root.isEmpty, place == .heroku || place == .systemd {
            values.append((name: "PYTHONPATH", value: .string(root)))
        }
        if isPython { values.append((name: "WEB_CONCURRENCY", value: .string(String(workers(place))))) }
        return values.sorted { $0.name < $1.name }
    }

    /// Only the platform's own proxy can reach the port on Cloud Run and Heroku; elsewhere trust goes by network.
    private func trustedProxies(_ place: Place) -> Tree? {
        switch place {
        case .compose: .string(ComposeExport.subnet)
        case .kubernetes: "10.0.0.0/8"
        case .ecs: .template("${VPC_CIDR}")
        case .cloudRun, .heroku: "*"
        case .systemd: "127.0.0.1"
        }
    }

    /// Where replicas are added by the platform, one process each.
    private func workers(_ place: Place) -> Int {
        guard singleReasons.isEmpty, place == .compose || place == .systemd, let guest = web?.guest else { return 1 }
        return WorkerCount.fitting(facts, cpus: Double(guest.cpus), memoryMiB: guest.memoryMiB)
    }

    // MARK: - Stopping

    var stopSignal: MachineConfig.Signal { config?.killSignal ?? .term }

    /// From the signal to SIGKILL.
    var graceSeconds: Int { max(config?.killTimeout?.seconds ?? ShutdownLadder(facts).killSeconds, 1) }

    /// How long the server waits for requests that go on.
    func gracefulSeconds(_ place: Place) -> Int {
        switch place {
        case .cloudRun: ShutdownLadder(facts, limitSeconds: 10).serverSeconds
        case .heroku: ShutdownLadder(facts, limitSeconds: 30).serverSeconds
        case .compose, .kubernetes, .ecs, .systemd: min(ShutdownLadder(facts).serverSeconds, max(graceSeconds - 5, 1))
        }
    }

    func keepAliveSeconds(_ place: Place) -> Int { place == .cloudRun ? 620 : ShutdownLadder(facts).keepAliveSeconds }

    // MARK: - Health

    /// A program that ends with 0 when the web process beside it is well; nil when its image may have none for it.
    var healthCommand: [String]? {
        guard let port = web?.port else { return nil }
        let path = probe.live ?? probe.ready
        if isPython {
            guard let path else {
                return ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', \(port)), 3).close()"]
            }
            let url = Quoting.python("http://127.0.0.1:\(port)\(path)")
            let headers = probeHeaders.map { "\(Quoting.python($0.name)): \(Quoting.python($0.value))" }
            let request = headers.isEmpty ? url : "u.Request(\(url), headers={\(headers.joined(separator: ", "))})"
            return ["python", "-c", "import urllib.request as u; u.urlopen(\(request), timeout=3)"]
        }
        guard facts.recipe?.language == "node", let path else { return nil }
        let url = Quoting.json("http://127.0.0.1:\(port)\(path)")
        return ["node", "-e", "fetch(\(url)).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
    }

    /// With the host name, since a check by address is refused by an app that knows its hosts.
    var probeHeaders: [(name: String, value: String)] {
        let own = probe.headers
        guard let host = hosts.first, !own.contains(where: { $0.name.lowercased() == "host" }) else { return own }
        return own + [(name: "Host", value: host)]
    }
}

extension Facts.Framework {
    var isPython: Bool {
        switch self {
        case .fastapi, .starlette, .litestar, .flask, .django, .streamlit, .asgi, .wsgi, .python: true
        case .next, .nuxt, .remix, .sveltekit, .astro, .nest, .express, .gatsby, .vite, .node, .bun, .deno, .go, .rails,
            .ruby, .phoenix, .elixir, .rust, .laravel, .php, .dotnet, .staticSite, .dockerfile:
            false
        }
    }
}
