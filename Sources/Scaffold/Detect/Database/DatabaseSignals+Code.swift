extension DatabaseSignals {
    /// Adds what Python code says.
    mutating func addCode(_ code: AppCode) {
        for module in code.modules {
            // What the entry point does not import is migrations, scripts or left over.
            let trust = code.isReached(module) ? 1.0 : 0.4
            addImports(module, trust)
            addStrings(module, trust)
            addConstants(module, trust)
            for call in module.calls { addCall(call, module, trust * (call.inMainGuard ? 0.2 : 1), code) }
        }
        // SQLite may be the format of somebody else's file; one that the code names is its own.
        if opensFiles, !files.isEmpty {
            hasConfiguredCall.insert(.sqlite)
            urls += files
        }
    }

    /// Whether a string stands behind a variable, and so is what is used when nobody sets that.
    static func isDefault(_ text: PythonModule.Text, in module: PythonModule) -> Bool {
        let reads: Set<String> = ["getenv", "get", "config", "str", "Field", "setdefault", "dj_db_url", "url"]
        if module.classes.contains(where: { $0.fields.contains { $0.type != nil && $0.line == text.line } }) {
            return true
        }
        return module.calls.contains { call in
            reads.contains(call.method) && call.line <= text.line && text.line - call.line < 4
        }
    }

    // MARK: - Private

    private mutating func addImports(_ module: PythonModule, _ trust: Double) {
        for item in module.imports {
            let parts = item.target.split(separator: ".")
            guard let first = parts.first.map(String.init), item.level ?? 0 == 0 else { continue }
            let place = Place(module.path, item.line)
            if let driver = DatabaseLibraries.drivers[first] {
                let weight = first == "sqlite3" ? 1 : 2.0
                add(.driverImport, driver.engine, weight * trust, at: place, "import of \(first)")
                addDriver(driver.name, of: driver.engine, .driverImport, weight * trust)
                backed.insert(driver.engine)
            }
            if let mapper = DatabaseLibraries.mappers[first] {
                if let engine = mapper.engine {
                    add(.mapper, engine, 3 * trust, at: place, "import of \(first)")
                    backed.insert(engine)
                } else if first != "django" || parts.count > 2 && parts[1] == "db" {
                    hasMapper = true
                }
            }
            if item.target.hasPrefix("sqlalchemy.dialects."), parts.count > 2, let known = DatabaseURL.dialect(parts[2])
            {
                add(.dialectImport, known.engine, 3 * trust, at: place, "import of \(item.target)")
            }
            addType(String(parts.last ?? ""), trust, place)
        }
    }

    /// pydantic's types, and types of columns that one engine has.
    private mutating func addType(_ name: String, _ trust: Double, _ place: Place) {
        switch name {
        case "PostgresDsn", "CockroachDsn": add(.type, .postgresql, 4 * trust, at: place, name)
        case "MySQLDsn", "MariaDBDsn": add(.type, .mysql, 4 * trust, at: place, name)
        case "MongoDsn": add(.type, .mongodb, 4 * trust, at: place, name)
        case "PostgresEngine", "PostgresqlDatabase", "PostgresqlExtDatabase", "PooledPostgresqlDatabase":
            add(.mapper, .postgresql, 5 * trust, at: place, name)
        case "SQLiteEngine", "SqliteDatabase", "SqliteExtDatabase": add(.mapper, .sqlite, 5 * trust, at: place, name)
        case "MySQLDatabase", "PooledMySQLDatabase": add(.mapper, .mysql, 5 * trust, at: place, name)
        default: break
        }
    }

    private mutating func addStrings(_ module: PythonModule, _ trust: Double) {
        let guarded = Self.guardedLines(module)
        for text in module.strings {
            // What a module does as a program of its own is not what it does in the app.
            let trust = text.scope.isEmpty && guarded.contains(text.line) ? trust * 0.2 : trust
            guard let url = DatabaseURL(Self.filled(text.value, module)) else { continue }
            let isDefault = Self.isDefault(text, in: module)
            let isSQLite = url.engine == .sqlite
            let weight = url.isWhole ? (isSQLite && isDefault ? 4.0 : 6) : isSQLite ? 1 : 3
            add(url, url.isWhole ? .url : .mention, weight * trust, at: Place(module.path, text.line))
        }
    }

    /// The lines of `if __name__ == "__main__":`, as far as its calls and assignments tell.
    private static func guardedLines(_ module: PythonModule) -> ClosedRange<Int> {
        let lines =
            module.calls.filter { $0.inMainGuard && $0.scope.isEmpty }.map(\.line)
            + module.assigns.filter { $0.inMainGuard == true && $0.scope.isEmpty }.map(\.line)
        guard let first = lines.min(), let last = lines.max() else { return 0...0 }
        return first...last
    }

    /// `sqlite:///{FOLDER}/app.db` with what the module says that `FOLDER` is.
    private static func filled(_ text: String, _ module: PythonModule) -> String {
        guard text.hasPrefix("sqlite"), text.contains("{") else { return text }
        return text.replacing(/\{([A-Za-z_]\w*)\}/) { match in
            let set = module.assigns.filter { $0.scope.isEmpty && $0.target == match.1 }
            guard set.count == 1, case .string(let value)? = set.first?.value else { return String(match.0) }
            return value
        }
    }

    /// Constants such as `"postgresql+asyncpg"` and `"django.db.backends.mysql"` in assignments and fields.
    private mutating func addConstants(_ module: PythonModule, _ trust: Double) {
        let times = module.assigns.reduce(into: [String: Int]()) { $0["\($1.scope) \($1.target)", default: 0] += 1 }
        for assign in module.assigns {
            let trust = assign.inMainGuard == true ? trust * 0.2 : trust
            for text in Self.texts(assign.value) { addDialect(text, 4 * trust, Place(module.path, assign.line)) }
            addFile(assign.value, trust, Place(module.path, assign.line))
            addTable(assign.value, trust, Place(module.path, assign.line))
            // One that is set in several branches is found out, not chosen.
            if times["\(assign.scope) \(assign.target)"] == 1 {
                addSelector(assign.target, assign.value, trust, Place(module.path, assign.line))
            }
        }
        for function in module.functions {
            for parameter in function.parameters { addFile(parameter.value, trust, Place(module.path, function.line)) }
        }
    }

    /// A constant that names a file of SQLite's, which code opens by another name.
    private mutating func addFile(_ value: PythonValue?, _ trust: Double, _ place: Place) {
        for text in Self.texts(value) where [".db", ".sqlite", ".sqlite3", ".db3"].contains(where: text.hasSuffix) {
            guard !text.contains("://"), let url = DatabaseURL("sqlite:///\(text)") else { continue }
            files.append((url, place, 2 * trust))
        }
    }

    /// Tables that a connection is made from: `{"drivername": "sqlite", "database": "app.db"}`, also within others.
    private mutating func addTable(_ value: PythonValue?, _ trust: Double, _ place: Place, depth: Int = 6) {
        guard case .dict(let pairs)? = value, depth > 0 else { return }
        let parts = pairs.compactMap { pair in pair.key.text.map { (name: $0.lowercased(), value: pair.value) } }
        // Django's own table has more than one way to be overruled; what it names is a mention as all strings are.
        if !parts.contains(where: { $0.value.text?.hasPrefix("django.") == true }) { addParts(parts, trust, place) }
        for pair in pairs { addTable(pair.value, trust, place, depth: depth - 1) }
    }

    /// What a connection is made of, by the names of its parts in lower case.
    private mutating func addParts(_ parts: [(name: String, value: PythonValue)], _ trust: Double, _ place: Place) {
        for part in parts where ["scheme", "drivername", "engine", "dialect", "driver"].contains(part.name) {
            guard let text = part.value.text, let known = DatabaseURL.dialect(text) else { continue }
            add(.dialect, known.engine, 6 * trust, at: place, text)
            addDialect(text, 6 * trust, place)
            guard known.engine == .sqlite else { continue }
            let file = parts.first { ["database", "name"].contains($0.name) }?.value.text
            if let file, file != ":memory:", let url = DatabaseURL("sqlite:///\(file)") {
                urls.append((url, place, 6 * trust))
            }
        }
    }

    /// The default of a setting that chooses among engines: `DB_ENGINE: str = "sqlite"`, `db_type = DBType.MYSQL`.
    private mutating func addSelector(_ name: String, _ value: PythonValue?, _ trust: Double, _ place: Place) {
        guard Self.isSelector(name) else { return }
        let plain: PythonValue? =
            switch value {
            case .call(let call): call.method == "Field" ? call.argument(0, "default") : call.argument(1, "default")
            case .or(let items): items.last
            default: value
            }
        let text = plain?.text ?? plain?.name?.split(separator: ".").last { $0 != "value" }.map(String.init)
        guard let known = text.flatMap({ DatabaseURL.dialect($0) }) else { return }
        // A default of SQLite often is for a start without a server.
        add(
            .selector,
            known.engine,
            (known.engine == .sqlite ? 8 : 12) * trust,
            at: place,
            "\(name) is \(known.engine.rawValue)"
        )
        if let driver = known.driver { addDriver(driver, of: known.engine, .selector, 4 * trust) }
    }

    /// Whether a name stands for the choice of an engine: `DATABASE_TYPE`.
    static func isSelector(_ name: String) -> Bool {
        let last = name.uppercased().split { !$0.isLetter && !$0.isNumber }.last
        let words: Set<Substring> = ["ENGINE", "TYPE", "DIALECT", "BACKEND", "DRIVER", "VENDOR", "KIND", "PROVIDER"]
        return last.map(words.contains) == true && isDatabaseName(name)
    }

    private mutating func addDialect(_ text: String, _ weight: Double, _ place: Place) {
        guard text.count < 60, let known = DatabaseURL.dialect(text) else { return }
        let isPlain = known.driver == nil && !text.contains(".")
        // The bare word may be a label; with a driver or a path it is a choice.
        add(isPlain ? .mention : .dialect, known.engine, isPlain ? weight / 2 : weight, at: place, text)
        if let driver = known.driver {
            addDriver(driver, of: known.engine, .dialect, weight)
            explicit.insert(known.engine)
        }
    }

    /// All strings in a value of lists, dicts and conditions.
    private static func texts(_ value: PythonValue?, depth: Int = 6) -> [String] {
        guard let value, depth > 0 else { return [] }
        switch value {
        case .string(let text): return [text]
        case .list(let items), .tuple(let items), .or(let items), .and(let items):
            return items.flatMap { texts($0, depth: depth - 1) }
        case .dict(let pairs): return pairs.flatMap { texts($0.value, depth: depth - 1) }
        case .conditional(let first, let second, _):
            return texts(first, depth: depth - 1) + texts(second, depth: depth - 1)
        case .call(let call):
            let values = call.keywords.map(\.value) + (["join", "Path"].contains(call.method) ? call.arguments : [])
            return values.flatMap { texts($0, depth: depth - 1) }
        case .binary(let left, "Div", let right): return texts(left, depth: depth - 1) + texts(right, depth: depth - 1)
        default: return []
        }
    }

    private mutating func addCall(_ call: PythonCall, _ module: PythonModule, _ trust: Double, _ code: AppCode) {
        let place = Place(module.path, call.line)
        for (index, value) in call.arguments.enumerated() where index < 3 {
            guard let text = value.text, DatabaseURL.dialect(text) != nil else { continue }
            let builds = ["URL", "create", "build", "make_url", "from_config"].contains(call.method)
            let isQuestion = ["startswith", "endswith", "with_variant", "replace"].contains(call.method)
            addDialect(text, (builds ? 6 : isQuestion ? 1 : 2) * trust, place)
        }
        if let name = call.argument(0, "key")?.text { addSelector(name, .call(call), trust, place) }
        addParts(call.keywords.map { ($0.name, $0.value) }, trust, place)
        // An option that no other engine has, left from an example as often: it counts where nothing else does.
        if case .dict(let options)? = call["connect_args"],
            options.contains(where: { $0.key.text == "check_same_thread" })
        {
            add(.document, .sqlite, 0.1 * trust, at: place, "check_same_thread")
        }
        if call.function.hasPrefix("tortoise."), call.method == "register_tortoise" || call.method == "init" {
            hasMapper = true
        }
        addOpener(call, place, trust, code, module)
    }

    private mutating func addOpener(
        _ call: PythonCall,
        _ place: Place,
        _ trust: Double,
        _ code: AppCode,
        _ module: PythonModule
    ) {
        let parts = call.function.split(separator: ".")
        guard let first = parts.first, let driver = DatabaseLibraries.drivers[String(first)] else { return }
        guard driver.openers.contains(call.method) || parts.contains("AsyncConnection") else { return }
        let values = call.arguments + call.keywords.map(\.value)
        let isConfigured = values.contains { Self.isConfiguration($0, code, module) }
        if isConfigured { hasConfiguredCall.insert(driver.engine) }
        if driver.engine == .sqlite {
            guard let file = values.first, file.text != ":memory:" else { return }
            if let text = file.text, let url = DatabaseURL("sqlite:///\(text)") { urls.append((url, place, 4 * trust)) }
            opensFiles = true
        }
        add(.driverCall, driver.engine, (isConfigured ? 4 : 3) * trust, at: place, "\(call.function)(…)")
        addDriver(driver.name, of: driver.engine, .driverCall, 4 * trust)
        if driver.engine == .mongodb { backed.insert(.mongodb) }
    }

    /// Whether a value is a constant, a variable of the environment, or a setting that is named for a database.
    private static func isConfiguration(
        _ value: PythonValue,
        _ code: AppCode,
        _ module: PythonModule,
        depth: Int = 4
    ) -> Bool {
        guard depth > 0 else { return false }
        switch value {
        case .string(let text): return !text.isEmpty && text != "utf8mb4"
        case .formatted(let text): return text.contains("://") || isDatabaseName(text)
        case .call(let call):
            if call.function.hasPrefix("os.") || call.method == "getenv" { return true }
            return (call.arguments + call.keywords.map(\.value)).contains {
                isConfiguration($0, code, module, depth: depth - 1)
            }
        case .name(let name):
            guard let last = name.split(separator: ".").last, !name.hasPrefix("self."),
                name.contains(".") || isUpper(last)
            else {
                return false
            }
            return isDatabaseName(String(last))
        case .subscripted(let base, let key):
            return base.name == "os.environ"
                || (key.text.map(isDatabaseName) ?? false) && base.name?.contains(".") == true
        case .or(let items): return items.contains { isConfiguration($0, code, module, depth: depth - 1) }
        default: return false
        }
    }

    private static func isUpper(_ name: Substring) -> Bool {
        name.contains(where: \.isLetter) && name == name.uppercased()[...]
    }

    /// Whether a name has a part such as `DATABASE`, `DB` or `MONGO`.
    static func isDatabaseName(_ name: String) -> Bool {
        let parts = name.uppercased().split { !$0.isLetter && !$0.isNumber }
        let words: Set<Substring> = [
            "DATABASE", "DB", "SQLALCHEMY", "SQL", "POSTGRES", "POSTGRESQL", "PG", "PSQL", "MYSQL", "MARIADB", "MONGO",
            "MONGODB",
            "DSN", "SQLITE", "MSSQL", "ORACLE", "DBURL", "DBNAME",
        ]
        let others: Set<Substring> = ["REDIS", "CACHE", "CELERY", "BROKER", "VECTOR", "CHROMA"]
        return parts.contains(where: words.contains) && !parts.contains(where: others.contains)
    }
}
