/// Finds the database that an app keeps its data in, and the services beside it.
package enum DatabaseDetector {
    /// Sets ``Facts/database`` and ``Facts/services``.
    package static func detect(_ context: inout ScanContext) {
        let code = context.code
        let variables =
            context.facts.environment.isEmpty ? EnvironmentDetector.variables(in: context) : context.facts.environment
        var signals = DatabaseSignals()
        signals.addCode(code)
        signals.addFiles(context)
        signals.addNames(variables)
        if code.modules.isEmpty { signals.trustDependencies(context.facts.dependencies) }
        let engine = choose(signals)
        if let engine {
            context.facts.database = database(engine, signals, code, variables, context)
        }
        context.facts.services = BackingServices.find(code, variables, context, database: engine)
    }

    // MARK: - Private

    /// Of equal ones the first; Elasticsearch is a database only where there is no other.
    private static let order: [Facts.Database.Engine] = [
        .postgresql, .mysql, .mssql, .oracle, .mongodb, .sqlite, .elasticsearch,
    ]

    private static func candidates(_ signals: DatabaseSignals) -> [(engine: Facts.Database.Engine, score: Double)] {
        let usable = order.filter { signals.isBacked($0) && signals.isConfigured($0) }
            .map { (engine: $0, score: signals.score($0)) }.filter { $0.score >= 2 }
        return usable.enumerated().sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }.map(
            \.element
        )
    }

    private static func choose(_ signals: DatabaseSignals) -> Facts.Database.Engine? {
        let all = candidates(signals)
        if let best = all.first(where: { $0.engine != .elasticsearch }) ?? all.first { return best.engine }
        // A mapper whose address comes from outside: documents tell which.
        let told = order.filter {
            signals.weights[$0]?[.document] != nil && signals.isBacked($0) && signals.isConfigured($0)
        }
        return told.max { signals.score($0) < signals.score($1) }
    }

    private static func database(
        _ engine: Facts.Database.Engine,
        _ signals: DatabaseSignals,
        _ code: AppCode,
        _ variables: [Facts.Variable],
        _ context: ScanContext
    ) -> Facts.Database {
        let usage = DatabaseUsage(code)
        var database = Facts.Database(engine)
        database.orm = usage.mapper(for: engine)
        database.driver = DatabaseDriver.choose(engine, signals, usage, context.facts.dependencies)
        database.isAsync = database.driver.flatMap { DatabaseLibraries.isAsync($0) } ?? usage.isAsync
        if engine == .sqlite {
            database.file =
                signals.urls.filter { $0.url.engine == .sqlite && $0.url.file != nil }
                .max { $0.weight < $1.weight }?.url.file
        }
        database.variable = variable(for: engine, variables, isAsync: database.isAsync)
        if engine != .sqlite {
            database.fallback = DatabaseFallback.find(database.variable, variables, signals, code, context.project)
        }
        database.majorVersion = version(of: engine, context)
        let pool = DatabasePool(code)
        database.poolSize = pool.size
        database.maxOverflow = pool.overflow
        database.pooler = DatabasePool.pooler(signals, code, context)
        database.alternatives = candidates(signals).map(\.engine).filter { $0 != engine }
        database.evidence = signals.best(engine)
        return database
    }

    /// The variable that holds the address: one named for the engine, or for databases in general.
    private static func variable(
        for engine: Facts.Database.Engine,
        _ variables: [Facts.Variable],
        isAsync: Bool?
    ) -> String? {
        let words: [Facts.Database.Engine: Set<Substring>] = [
            .postgresql: ["POSTGRES", "POSTGRESQL", "PG", "PSQL"], .mysql: ["MYSQL", "MARIADB"],
            .mongodb: ["MONGO", "MONGODB"],
            .elasticsearch: ["ELASTICSEARCH", "ELASTIC", "ES", "OPENSEARCH"], .sqlite: ["SQLITE"], .mssql: ["MSSQL"],
            .oracle: ["ORACLE"],
        ]
        let generic: Set<Substring> = ["DATABASE", "DB", "SQLALCHEMY", "SQL", "DBURL"]
        let own = words[engine] ?? []
        let others = words.filter { $0.key != engine }.values.reduce(into: Set<Substring>()) { $0.formUnion($1) }
        let ranked = variables.compactMap { variable -> (rank: Int, name: String)? in
            let parts = variable.name.uppercased().split { !$0.isLetter && !$0.isNumber }
            guard let last = parts.last,
                ["URL", "URI", "DSN", "CONNECTION", "STRING", "DBURL", "CONNSTR"].contains(last)
            else { return nil }
            let aside: Set<Substring> = [
                "TEST", "READ", "READONLY", "REPLICA", "READER", "BROKER", "RESULT", "DIRECT", "SYNC", "MIGRATION",
            ]
            guard parts.contains(where: { own.contains($0) || generic.contains($0) }) else { return nil }
            var rank = variable.name.uppercased() == "DATABASE_URL" ? 0 : parts.contains(where: own.contains) ? 1 : 2
            if parts.contains(where: aside.contains) { rank += 10 }
            // Beside a plain one that migrations use.
            if isAsync == true, parts.contains("ASYNC") { rank -= 5 }
            if parts.contains(where: others.contains) { rank += 20 }
            return rank >= 20 ? nil : (rank, variable.name)
        }
        return ranked.min { ($0.rank, $0.name.count, $0.name) < ($1.rank, $1.name.count, $1.name) }?.name
    }

    private static func version(of engine: Facts.Database.Engine, _ context: ScanContext) -> Int? {
        ComposeFiles(context).services.compactMap { service -> Int? in
            guard let image = DatabaseSignals.image(service.image), image.engine == engine else { return nil }
            return image.major
        }.first
    }
}

extension DatabaseSignals {
    /// Without code to look at, the dependencies have to be believed.
    mutating func trustDependencies(_ dependencies: [Facts.Dependency]) {
        for dependency in dependencies where dependency.group == nil {
            for (engine, _) in DatabaseLibraries.brought(by: dependency) { backed.insert(engine) }
            if ["sqlalchemy", "sqlmodel", "tortoise-orm", "databases", "django", "peewee"].contains(dependency.name) {
                hasMapper = true
            }
        }
    }
}
