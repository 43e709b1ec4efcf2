/// Which mappers an app's code uses, and whether it waits for them.
struct DatabaseUsage: Sendable {
    /// Names of mappers as ``DatabaseLibraries/mapperOrder`` has them.
    private(set) var mappers: Set<String> = []
    /// Modules that use SQLAlchemy's asynchronous half, and those that use the other.
    private var awaiting = 0
    private var blocking = 0
    private var awaitsOther = false

    init(_ code: AppCode) {
        for trusted in [true, false] where mappers.isEmpty || trusted {
            for module in code.modules where code.isReached(module) || !trusted { add(module) }
        }
    }

    /// Whether SQLAlchemy or its like is used with `await`; nil when it is used in neither way.
    var isAsync: Bool? {
        if awaiting == 0 && blocking == 0 { return awaitsOther ? true : nil }
        // An app that waits often has a blocking engine beside it, for migrations and workers.
        return awaiting * 2 >= blocking && awaiting > 0
    }

    /// The mapper that models are written with.
    func mapper(for engine: Facts.Database.Engine) -> String? {
        DatabaseLibraries.mapperOrder.first { name in
            guard mappers.contains(name) else { return false }
            let own = DatabaseLibraries.mappers.values.filter { $0.name == name }
            return own.contains {
                $0.engine == engine || ($0.engine == nil && engine != .mongodb && engine != .elasticsearch)
            }
        }
    }

    // MARK: - Private

    private mutating func add(_ module: PythonModule) {
        var awaits = false
        var blocks = false
        for item in module.imports where item.level ?? 0 == 0 {
            let target = item.target
            if let first = target.split(separator: ".").first, let mapper = DatabaseLibraries.mappers[String(first)] {
                if first != "django" || target.hasPrefix("django.db") { mappers.insert(mapper.name) }
            }
            if target.hasPrefix("sqlalchemy.ext.asyncio") || target.hasPrefix("sqlmodel.ext.asyncio") { awaits = true }
            if [
                "sqlalchemy.orm.Session", "sqlalchemy.orm.sessionmaker", "sqlmodel.Session", "sqlalchemy.create_engine",
                "sqlmodel.create_engine", "sqlalchemy.orm.scoped_session", "flask_sqlalchemy.SQLAlchemy",
            ].contains(target) {
                blocks = true
            }
            if ["AsyncConnectionPool", "AsyncMongoClient", "AsyncElasticsearch", "AsyncConnection", "AsyncOpenSearch"]
                .contains(where: target.hasSuffix) || target.hasPrefix("tortoise") || target.hasPrefix("databases")
            {
                awaitsOther = true
            }
        }
        for call in module.calls {
            if call.method == "create_async_engine" || call.method == "AsyncEngine" { awaits = true }
            if call.function == "sqlalchemy.create_engine" || call.function == "sqlmodel.create_engine" {
                blocks = true
            }
            if ["connect", "open"].contains(call.method), call.function.contains("AsyncConnection") {
                awaitsOther = true
            }
        }
        // `AsyncEngine(create_engine(url))` waits.
        if awaits { awaiting += 1 } else if blocks { blocking += 1 }
    }
}
