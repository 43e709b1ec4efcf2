/// The pool that an app keeps of connections, and the one that stands before its database.
struct DatabasePool: Sendable {
    private(set) var size: Int?
    private(set) var overflow: Int?

    /// Reads the options of engines and pools; the entry point's own count before others.
    init(_ code: AppCode) {
        let openers: Set<String> = [
            "create_engine", "create_async_engine", "create_pool", "ConnectionPool", "AsyncConnectionPool", "Database",
            "AsyncIOMotorClient", "MongoClient", "AsyncMongoClient", "async_engine_from_config", "SimpleConnectionPool",
            "ThreadedConnectionPool",
        ]
        let ordered = code.modules.filter(code.isReached) + code.modules.filter { !code.isReached($0) }
        for module in ordered {
            for call in module.calls where openers.contains(call.method) {
                for name in ["pool_size", "max_size", "maxsize", "maxPoolSize", "maxconn"] where size == nil {
                    size = Self.number(call[name], module, code)
                }
                if overflow == nil { overflow = Self.number(call["max_overflow"], module, code) }
            }
        }
    }

    /// The mode of a pooler that an address names: by its host, or by the ports that poolers listen on.
    static func pooler(_ signals: DatabaseSignals, _ code: AppCode, _ context: ScanContext) -> Facts.Database.Pooler? {
        var authorities = signals.urls.map(\.url.authority)
        var ports: [String] = []
        for path in EnvironmentFiles.examples(in: context) {
            for (name, value, _) in EnvironmentFiles.assignments(context.project.text(path) ?? "") {
                if DatabaseSignals.isDatabaseName(name), name.uppercased().hasSuffix("HOST") {
                    authorities.append(value)
                }
                if DatabaseSignals.isDatabaseName(name), name.uppercased().hasSuffix("PORT") { ports.append(value) }
            }
        }
        for variable in context.facts.environment where DatabaseSignals.isDatabaseName(variable.name) {
            if variable.name.uppercased().hasSuffix("PORT"), let value = variable.defaultValue { ports.append(value) }
        }
        let isTransaction =
            authorities.contains { $0.hasSuffix(":6543") || $0.hasSuffix(":6432") }
            || ports.contains { $0 == "6543" || $0 == "6432" }
        if isTransaction { return .transaction }
        let names = ["pooler.supabase.com", "pgbouncer", "-pooler.", "flympg"]
        return authorities.contains { authority in names.contains { authority.contains($0) } } ? .session : nil
    }

    // MARK: - Private

    /// A number, or the default of the setting that a name stands for.
    private static func number(_ value: PythonValue?, _ module: PythonModule, _ code: AppCode) -> Int? {
        switch value {
        case .integer(let number): return Int(exactly: number)
        case .name(let name):
            if let number = code.value(of: name, from: module)?.integer { return Int(exactly: number) }
            guard let last = name.split(separator: ".").last else { return nil }
            for other in code.modules {
                for field in other.classes.flatMap(\.fields) where field.name == last {
                    let fallback = field.value?.call.flatMap { $0.argument(0, "default") } ?? field.value
                    if let number = fallback?.integer { return Int(exactly: number) }
                }
            }
            return nil
        case .call(let call):
            if call.function == "int", let text = call.arguments.first?.call?.argument(1, "default")?.text {
                return Int(text)
            }
            return call.argument(1, "default")?.integer.flatMap { Int(exactly: $0) }
        default: return nil
        }
    }
}
