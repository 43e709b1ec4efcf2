import Toolkit

/// A call in the code that opens a database: an engine, a pool or a single connection.
struct DatabaseEngine: Sendable {
    enum Kind: Sendable {
        case sqlalchemy, sqlalchemyAsync, asyncpg, psycopg, databases
    }

    var kind: Kind
    var app: AppCall
    /// The text of its address, as far as the code has it: a constant, or an f-string with `{}`.
    var url: String?
    /// Where that text stands, and whether the environment can replace it.
    var urlConstant: CodeMap.Constant?
    /// The variable that it is assigned to.
    var name: String?
    /// Arguments that were unpacked from a dictionary of the code.
    private var unpacked: [String: PythonValue] = [:]

    /// An argument by its keyword, also an unpacked one.
    subscript(_ keyword: String) -> PythonValue? { app.call[keyword] ?? unpacked[keyword] }

    /// Some arguments come from where they can't be seen.
    var isOpen: Bool { app.call["**"] != nil && unpacked.isEmpty }

    var isSQLite: Bool { url?.hasPrefix("sqlite") == true }

    /// The part of SQLAlchemy's address that names the driver: `asyncpg`.
    var driver: String? {
        guard let url, let mark = url.firstRange(of: "://"), let plus = url[..<mark.lowerBound].firstIndex(of: "+")
        else {
            return nil
        }
        return String(url[url.index(after: plus)..<mark.lowerBound])
    }

    /// Its pool is `NullPool`: each session has a connection of its own.
    var hasNullPool: Bool { self["poolclass"]?.name?.hasSuffix("NullPool") == true }

    /// Its pool holds one connection for all, as tests want it.
    var hasStaticPool: Bool { self["poolclass"]?.name?.hasSuffix("StaticPool") == true }

    init(_ app: AppCall, kind: Kind, _ code: CodeMap) {
        self.app = app
        self.kind = kind
        let at = app.key
        let keywords = ["url", "dsn", "conninfo"]
        let address = app.call.arguments.first ?? keywords.lazy.compactMap { app.call[$0] }.first
        let range = app.call.line...max(app.call.line, app.call.endLine)
        let line = address?.text.map { code.text.line(having: $0.prefix(24), in: at.path, range) }
        urlConstant = code.constant(address, at: at, line: line ?? app.call.line)
        switch urlConstant?.value {
        case .string(let text), .formatted(let text): url = text
        default: url = Self.returned(address, at: at, code)
        }
        if let name = app.call["**"] {
            if case .dict(let pairs) = code.followed(name, at: at, line: app.call.line).value {
                for pair in pairs { if let key = pair.key.text { unpacked[key] = pair.value } }
            }
        }
        let assigns = code.assigns[at] ?? []
        name =
            assigns.first { $0.value?.call?.line == app.call.line && $0.value?.call?.function == app.call.function }?
            .target
    }

    /// The driver's own options, by name, with the place of the dictionary.
    func connectArguments(_ code: CodeMap) -> (pairs: [(key: PythonValue, value: PythonValue)], place: Place)? {
        guard let value = self["connect_args"] else { return nil }
        let source = code.followed(
            value,
            at: app.key,
            line: code.place(of: "connect_args", in: app).line ?? app.call.line
        )
        guard case .dict(let pairs) = source.value else { return nil }
        return (pairs, Place(source.at.path, source.line))
    }

    // MARK: - Private

    /// The text that a property or function of the project's settings gives: `str(settings.database_url)`.
    private static func returned(_ value: PythonValue?, at: CodeMap.Key, _ code: CodeMap, depth: Int = 3) -> String? {
        guard depth > 0 else { return nil }
        switch value {
        case .call(let call):
            if call.function == "str", let inner = call.arguments.first {
                return returned(inner, at: at, code, depth: depth - 1)
            }
            return code.function(call.function, at: at).flatMap { text(of: $0, code) }
        case .name(let name): return code.function(name, at: at).flatMap { text(of: $0, code) }
        default: return nil
        }
    }

    private static func text(of key: CodeMap.Key, _ code: CodeMap) -> String? {
        for result in code.functions[key]?.results ?? [] {
            switch result.value {
            case .string(let text), .formatted(let text): return text
            case .call(let call):
                // `PostgresDsn.build(scheme="postgresql+asyncpg", …)`, `MultiHostUrl.build(…)`, `URL.create("…")`
                let scheme = call["scheme"] ?? call["drivername"] ?? call.arguments.first
                if call.method == "build" || call.method == "create", let text = scheme?.text { return text + "://" }
                if let inner = call.arguments.first, call.function == "str", case .call(let build) = inner,
                    let text = build["scheme"]?.text
                {
                    return text + "://"
                }
            default: continue
            }
        }
        return nil
    }
}

extension AuditContext {
    /// Engines, pools and connections that the app opens, in the order of files and lines.
    var engines: [DatabaseEngine] {
        memo.value("engines") {
            code.modules.flatMap { module in
                module.calls.compactMap { call in
                    guard let kind = DatabaseEngine.makers[call.function], !call.inMainGuard else { return nil }
                    return DatabaseEngine(AppCall(module: module, call: call), kind: kind, code)
                }
            }
        }
    }

    /// Whether an engine speaks through asyncpg; what is not written at the engine is told by the rest of the project.
    func speaksAsyncpg(_ engine: DatabaseEngine) -> Bool {
        switch engine.kind {
        case .asyncpg: return true
        case .psycopg, .sqlalchemy: return false
        case .sqlalchemyAsync:
            if let driver = engine.driver { return driver == "asyncpg" }
            if engine.url?.hasPrefix("sqlite") == true || engine.url?.hasPrefix("mysql") == true { return false }
            if let driver = facts.database?.driver { return driver == "asyncpg" }
            return uses("asyncpg")
        case .databases: return engine.url.map { $0.hasPrefix("postgres") } ?? (facts.database?.driver == "asyncpg")
        }
    }
}

extension DatabaseEngine {
    static let makers: [String: Kind] = [
        "sqlalchemy.create_engine": .sqlalchemy, "sqlalchemy.engine.create_engine": .sqlalchemy,
        "sqlmodel.create_engine": .sqlalchemy, "sqlalchemy.future.create_engine": .sqlalchemy,
        "sqlalchemy.ext.asyncio.create_async_engine": .sqlalchemyAsync,
        "sqlalchemy.ext.asyncio.engine.create_async_engine": .sqlalchemyAsync,
        "sqlmodel.ext.asyncio.create_async_engine": .sqlalchemyAsync,
        "asyncpg.create_pool": .asyncpg, "asyncpg.connect": .asyncpg, "psycopg_pool.AsyncConnectionPool": .psycopg,
        "psycopg_pool.ConnectionPool": .psycopg, "databases.Database": .databases,
    ]
}
