import Model

extension DatabaseRules {
    static let environmentURL = Rule(
        "B15",
        .warning,
        "Alembic's env.py and the driver do not fit",
        why:
            "A plain `env.py` with an asynchronous address fails with MissingGreenlet, an asynchronous one with a plain "
            + "address with InvalidRequestError.",
        fix: "Use Alembic's `async` template, or take the driver off the address in env.py.",
        reference: "https://alembic.sqlalchemy.org/en/latest/cookbook.html#using-asyncio-with-alembic",
        exceptions: "Scripts that rewrite the address.",
        bad: [
            "alembic/env.py": """
            from alembic import context
            from sqlalchemy import engine_from_config

            config = context.config
            config.set_main_option("sqlalchemy.url", "postgresql+asyncpg://shop@db/shop")
            engine = engine_from_config(config.get_section(config.config_ini_section))
            """
        ],
        good: [
            "alembic/env.py": """
            from alembic import context
            from sqlalchemy import engine_from_config

            config = context.config
            config.set_main_option("sqlalchemy.url", "postgresql+psycopg://shop@db/shop")
            engine = engine_from_config(config.get_section(config.config_ini_section))
            """
        ],
        at: ["alembic/env.py:5"]
    ) { context in
        let code = context.code
        let scripts = code.all.filter { module in
            TreePath.name(of: module.path) == "env.py" && module.imports.contains { $0.target == "alembic.context" }
                && TreePath.lies(module.path, in: context.facts.root)
                && ![.test, .example].contains(CodeRole.of(module.path, root: code.root))
        }
        return scripts.compactMap { module in
            let makers = Set(module.calls.map(\.method))
            let isAsync = !makers.isDisjoint(with: [
                "async_engine_from_config", "create_async_engine", "AsyncEngine", "run_sync",
            ])
            let isPlain = !makers.isDisjoint(with: ["engine_from_config", "create_engine"])
            guard isAsync || isPlain else { return nil }
            // Whatever changes the text may change the driver.
            guard makers.isDisjoint(with: ["replace", "sub", "removeprefix", "set", "render_as_string"]) else {
                return nil
            }
            guard let (text, place) = address(module, context), let scheme = text.split(separator: ":").first else {
                return nil
            }
            let drivers = ["asyncpg", "aiomysql", "asyncmy", "aiosqlite"]
            let wantsAsync = drivers.contains { scheme.hasSuffix("+" + $0) }
            let isOld =
                !scheme.contains("+") && ["postgresql", "mysql", "sqlite"].contains(scheme)
                || scheme.hasSuffix("+psycopg2") || scheme.hasSuffix("+pymysql")
            guard isAsync ? isOld : wantsAsync else { return nil }
            return Finding(
                "B15",
                .warning,
                at: place,
                found: masked(place, code),
                isAsync
                    ? "env.py makes an asynchronous engine from \(scheme)://"
                    : "env.py makes a plain engine from \(scheme)://",
                fix: isAsync ? "postgresql+asyncpg://" : "take the driver off the address, or use the async template"
            )
        }
    }

    static let sqliteFile = Rule(
        "B16",
        .error,
        "The SQLite file does not survive, or is not shared",
        why: "Without a volume the file is gone with the next deploy; with two machines each has its own; LiteFS and "
            + "autostop together lose data.",
        fix: "A volume and one machine, or PostgreSQL.",
        reference: "https://fly.io/docs/litefs/",
        exceptions:
            "Databases in memory, caches, defaults of settings in projects that have a driver for another database.",
        bad: [
            "fly.toml": "app = \"shop\"\n\n[http_service]\ninternal_port = 8000\n",
            "db.py": """
            from sqlmodel import create_engine

            engine = create_engine(
                "sqlite:///./shop.db",
            )
            """,
        ],
        good: [
            "fly.toml": """
            app = "shop"

            [http_service]
            internal_port = 8000

            [[mounts]]
            source = "data"
            destination = "/data"
            """,
            "db.py": """
            from sqlmodel import create_engine

            engine = create_engine("sqlite:////data/shop.db")
            cache = create_engine("sqlite://")
            """,
        ],
        at: ["db.py:4"]
    ) { context in
        let code = context.code
        if let litefs = litefs(context) { return [litefs] }
        guard let config = context.config, let (path, place) = file(context) else { return [] }
        let message: String
        if config.mounts.isEmpty {
            message = "\(path) lies on a disk that the next deploy throws away: fly.toml mounts no volume"
        } else if path.hasPrefix("/"), !config.mounts.contains(where: { path.hasPrefix($0.destination) }) {
            message = "\(path) is on none of the volumes (\(config.mounts.map(\.destination).joined(separator: ", ")))"
        } else if context.machines > 1 {
            message = "\(context.machines) machines have a \(path) each"
        } else {
            return []
        }
        return [
            Finding(
                "B16",
                .error,
                at: place,
                found: code.found(place),
                message,
                fix: "[[mounts]] and an address below its destination; one machine"
            )
        ]
    }

    // MARK: - Private

    /// The address that an `env.py` works with: what it sets, or else what `alembic.ini` says.
    private static func address(_ module: PythonModule, _ context: AuditContext) -> (text: String, place: Place)? {
        let code = context.code
        for call in module.calls
        where call.method == "set_main_option" && call.arguments.first?.text == "sqlalchemy.url" {
            let at = CodeMap.Key(path: module.path, name: call.scope)
            guard call.arguments.count > 1 else { continue }
            switch code.constant(call.arguments[1], at: at, line: call.line)?.value {
            case .string(let text), .formatted(let text): return (text, Place(module.path, call.line))
            default: return nil
            }
        }
        // Another address than that of the file may be handed over.
        guard !module.calls.contains(where: { $0.method == "set_section_option" || $0["url"] != nil }) else {
            return nil
        }
        guard !module.assigns.contains(where: { $0.index == "sqlalchemy.url" }) else { return nil }
        let inis = TreePath.ancestors(of: TreePath.folder(of: module.path)).map { TreePath.joined($0, "alembic.ini") }
        guard let path = inis.first(where: context.project.has) else { return nil }
        for (index, line) in code.text.lines(path).enumerated() where line.hasPrefix("sqlalchemy.url") {
            let text = line.drop { $0 != "=" }.dropFirst().blanksTrimmed
            return text.isEmpty || text.hasPrefix("driver:") ? nil : (String(text), Place(path, index + 1))
        }
        return nil
    }

    /// The file that the app works on, when SQLite is its database for sure.
    private static func file(_ context: AuditContext) -> (path: String, place: Place)? {
        let others = [
            "asyncpg", "psycopg", "psycopg2", "psycopg2-binary", "aiomysql", "pymysql", "mysqlclient", "asyncmy",
            "motor",
        ]
        for engine in context.engines {
            guard let url = engine.url, let place = engine.urlConstant?.place, let path = DatabaseURL(url)?.file else {
                continue
            }
            guard !path.contains("{"), !path.contains("cache"), !path.contains("tmp") else { continue }
            let isReplaceable = engine.urlConstant?.origin != .literal
            let hasOther = context.facts.dependencies.contains { others.contains($0.name) }
            if isReplaceable, hasOther || setsAddress(context) { continue }
            return (path, place)
        }
        return nil
    }

    /// Whether `fly.toml` names the database itself.
    private static func setsAddress(_ context: AuditContext) -> Bool {
        context.config?.env.contains {
            $0.key.uppercased().contains("DATABASE") || $0.key.uppercased().hasPrefix("DB_")
        } ?? false
    }

    private static func litefs(_ context: AuditContext) -> Finding? {
        guard let config = context.config,
            let path = context.project.files.first(where: { TreePath.name(of: $0).hasPrefix("litefs.y") })
        else {
            return nil
        }
        let services = config.services + [config.httpService].compactMap { $0 }
        guard services.contains(where: { $0.settings.autostop != .off }) else { return nil }
        let place = Place(path, 1)
        return Finding(
            "B16",
            .error,
            at: place,
            found: context.code.found(place),
            "LiteFS with autostop: a machine that is stopped loses what it has not passed on",
            fix: "auto_stop_machines = \"off\""
        )
    }
}
