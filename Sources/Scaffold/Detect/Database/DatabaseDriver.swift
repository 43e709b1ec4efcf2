/// Decides which driver connects to the database.
enum DatabaseDriver {
    static func choose(
        _ engine: Facts.Database.Engine,
        _ signals: DatabaseSignals,
        _ usage: DatabaseUsage,
        _ dependencies: [Facts.Dependency]
    ) -> String? {
        let mapper = usage.mapper(for: engine)
        var scores: [String: Double] = [:]
        for driver in (signals.drivers[engine] ?? [:]).keys { scores[driver] = signals.driverScore(driver, of: engine) }
        // An address without a driver means the mapper's own; where another address names one, code rewrites it.
        if let mapper, !signals.explicit.contains(engine), let own = standard(mapper, engine, usage, dependencies) {
            scores[own, default: 0] += 6
        }
        if mapper == "prisma" { return "prisma" }
        if let isAsync = usage.isAsync, mapper != nil {
            let fitting = scores.filter { DatabaseLibraries.isAsync($0.key) ?? isAsync == isAsync }
            if !fitting.isEmpty { scores = fitting }
        }
        // Of equal ones the name decides, so that the answer does not change.
        return scores.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
    }

    // MARK: - Private

    /// What a mapper takes when nothing names a driver.
    private static func standard(
        _ mapper: String,
        _ engine: Facts.Database.Engine,
        _ usage: DatabaseUsage,
        _ dependencies: [Facts.Dependency]
    ) -> String? {
        let brought = Set(
            dependencies.flatMap { DatabaseLibraries.brought(by: $0) }.filter { $0.engine == engine }.map(\.driver)
        )
        let own = DatabaseLibraries.mappers.values.first {
            $0.name == mapper && ($0.engine == nil || $0.engine == engine)
        }
        guard let first = own?.drivers[engine] else { return nil }
        if ["sqlalchemy", "sqlmodel"].contains(mapper) {
            if usage.isAsync == true { return brought.filter { DatabaseLibraries.isAsync($0) != false }.sorted().first }
            // SQLAlchemy 2.1 takes psycopg 3 for a plain `postgresql://`; before that, code has to put it in.
            if engine == .postgresql, isPsycopg3(dependencies), !brought.contains("psycopg2") { return "psycopg" }
            return first
        }
        // Tortoise takes asyncmy when it is there, else aiomysql; the others go by what is installed as well.
        if brought.contains(first) || brought.isEmpty { return first }
        return brought.sorted().first { driver in
            // psycopg 3 does both.
            DatabaseLibraries.isAsync(driver).map { $0 == DatabaseLibraries.isAsync(first) } ?? true
        } ?? first
    }

    private static func isPsycopg3(_ dependencies: [Facts.Dependency]) -> Bool {
        dependencies.contains { $0.name == "psycopg" }
    }
}
