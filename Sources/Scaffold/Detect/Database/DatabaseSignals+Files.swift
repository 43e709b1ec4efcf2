import Model
import Toolkit

extension DatabaseSignals {
    /// Adds what files other than Python's say: dependencies, Compose, examples of the environment, settings.
    mutating func addFiles(_ context: ScanContext) {
        for dependency in context.facts.dependencies {
            let weight = dependency.group == nil ? 2 : 0.3
            for (engine, driver) in DatabaseLibraries.brought(by: dependency) {
                let place = Place(context.facts.manager?.manifest ?? context.facts.manager?.lock ?? "")
                add(
                    .dependency,
                    engine,
                    engine == .sqlite ? weight / 2 : weight,
                    at: place,
                    "depends on \(dependency.name)"
                )
                addDriver(driver, of: engine, .dependency, weight)
            }
            if ["geoalchemy2", "pgvector", "sqlalchemy-searchable"].contains(dependency.name), dependency.group == nil {
                add(
                    .dialectImport,
                    .postgresql,
                    2,
                    at: Place(context.facts.manager?.manifest ?? ""),
                    "depends on \(dependency.name)"
                )
            }
        }
        addCompose(ComposeFiles(context))
        addImage(context)
        addExamples(context)
        addConfiguration(context)
        addPlatforms(context)
        addReadme(context)
    }

    /// Adds what the names of variables say.
    mutating func addNames(_ variables: [Facts.Variable]) {
        for variable in variables {
            let parts = variable.name.uppercased().split { !$0.isLetter && !$0.isNumber }
            let place = variable.place ?? Place("")
            if parts.contains("TEST") { continue }
            let known: [(Set<Substring>, Engine)] = [
                (
                    ["POSTGRES", "POSTGRESQL", "PG", "PSQL", "PGHOST", "PGUSER", "PGPASSWORD", "PGDATABASE"],
                    .postgresql
                ),
                (["MYSQL", "MARIADB"], .mysql), (["MONGO", "MONGODB"], .mongodb), (["MSSQL"], .mssql),
                (["ORACLE"], .oracle),
                (["ELASTICSEARCH", "ELASTIC", "OPENSEARCH"], .elasticsearch), (["SQLITE"], .sqlite),
            ]
            for (words, engine) in known where parts.contains(where: words.contains) {
                add(.name, engine, engine == .sqlite ? 2 : 3, at: place, variable.name)
            }
            if Self.isDatabaseName(variable.name) { hasGenericName = true }
        }
    }

    /// The engine and version of a database image; nil for other images.
    static func image(_ name: String) -> (engine: Engine, major: Int?)? {
        let plain = name.prefix { $0 != "@" }
        let parts = TreePath.name(of: String(plain)).split(separator: ":", maxSplits: 1)
        guard let repository = parts.first?.lowercased() else { return nil }
        let tag = parts.dropFirst().first ?? ""
        let engines: [(String, Engine)] = [
            ("postgres", .postgresql), ("postgis", .postgresql), ("timescale", .postgresql), ("pgvector", .postgresql),
            ("mysql", .mysql), ("mariadb", .mysql), ("percona", .mysql), ("mongo", .mongodb),
            ("elasticsearch", .elasticsearch),
            ("opensearch", .elasticsearch), ("mssql", .mssql), ("oracle", .oracle),
        ]
        let tools = ["admin", "express", "exporter", "backup", "dashboards", "bouncer", "client"]
        guard !tools.contains(where: repository.contains) else { return nil }
        guard let engine = engines.first(where: { repository.contains($0.0) })?.1 else { return nil }
        // `2.14-pg16` and `pg16` name PostgreSQL's version behind another one.
        let start = tag.firstRange(of: "pg").map { tag[$0.upperBound...] } ?? tag[...]
        let digits = start.prefix(while: \.isNumber)
        return (engine, digits.count < 5 ? Int(digits) : nil)
    }

    // MARK: - Private

    private mutating func addCompose(_ compose: ComposeFiles) {
        let files = Set(compose.apps.map(\.file))
        for service in compose.services {
            let place = Place(service.file, service.line)
            if let image = Self.image(service.image) {
                // Beside the app it is there for the app.
                let weight = files.contains(service.file) ? 8.0 : 4
                add(.composeImage, image.engine, weight, at: place, "image \(service.image.withoutControls)")
            }
            guard service.isApp else { continue }
            for variable in service.environment {
                addSetting(variable.name, Self.defaulted(variable.value ?? ""), at: Place(service.file, variable.line))
            }
        }
    }

    /// What the app is told where it runs.
    private mutating func addSetting(_ name: String, _ value: String, at place: Place) {
        guard !name.uppercased().contains("TEST") else { return }
        if let url = DatabaseURL(value), url.isWhole {
            add(url, .composeURL, 10, at: place)
        } else if Self.isSelector(name), let known = DatabaseURL.dialect(value) {
            add(.composeURL, known.engine, 14, at: place, "\(name) is \(known.engine.rawValue)")
        }
    }

    /// Variables that the production image sets.
    private mutating func addImage(_ context: ScanContext) {
        guard let image = ProductionDockerfile.choose(in: context) else { return }
        let place = Place(image.file.path, image.target.line)
        for (name, value) in image.file.image(of: image.target).environment.sorted(by: { $0.key < $1.key }) {
            addSetting(name, value, at: place)
        }
    }

    /// `${DB_URL:-postgresql://db/shop}` is what stands behind `:-`.
    private static func defaulted(_ value: String) -> String {
        guard value.hasPrefix("${"), value.hasSuffix("}"), let mark = value.firstRange(of: ":-") else { return value }
        return String(value[mark.upperBound...].dropLast())
    }

    private mutating func addExamples(_ context: ScanContext) {
        for path in EnvironmentFiles.examples(in: context) {
            for (name, value, line) in EnvironmentFiles.assignments(context.project.text(path) ?? "") {
                let upper = name.uppercased()
                guard !upper.contains("TEST"), !upper.contains("BROKER"), !upper.contains("RESULT") else { continue }
                if let url = DatabaseURL(value), url.isWhole {
                    add(url, .exampleURL, 5, at: Place(path, line))
                } else if let known = DatabaseURL.dialect(value), Self.isDatabaseName(name) {
                    let weight = Self.isSelector(name) ? 6.0 : 4
                    add(.exampleURL, known.engine, weight, at: Place(path, line), "\(name) is \(known.engine.rawValue)")
                    if let driver = known.driver { addDriver(driver, of: known.engine, .exampleURL, 4) }
                }
            }
        }
    }

    /// Addresses in the app's own settings files, by names; not those in lists, which are data.
    private mutating func addConfiguration(_ context: ScanContext) {
        for path in context.project.files(under: context.root) where Self.isSettings(path, context.root) {
            if path.hasSuffix(".ini") || path.hasSuffix(".cfg") {
                for section in INIFile(context.project.text(path) ?? "").sections.values {
                    for (key, value) in section where key.contains("url") || key.contains("uri") {
                        guard let url = DatabaseURL(value.text), url.isWhole else { continue }
                        add(url, .configuration, 2, at: Place(path, value.line))
                    }
                }
            } else if let tree = context.tree(path) {
                addTree(tree, path, depth: 8)
            }
        }
    }

    private static func isSettings(_ path: String, _ root: String) -> Bool {
        let name = TreePath.name(of: path).lowercased()
        if name.hasSuffix(".ini") || name == "setup.cfg" { return name != "pytest.ini" && name != "tox.ini" }
        guard [".yml", ".yaml", ".toml"].contains(where: name.hasSuffix), !AppCode.isAside(path, root) else {
            return false
        }
        let words = name.split { !$0.isLetter }
        let telling: Set<Substring> = [
            "config", "settings", "default", "defaults", "application", "app", "database", "db", "prod",
            "production", "development", "local", "secrets", "conf", "configuration",
        ]
        return words.contains(where: telling.contains) && !ComposeFiles.isCompose(path) && !path.contains("k8s/")
    }

    private mutating func addTree(_ node: ConfigNode, _ path: String, depth: Int) {
        guard depth > 0 else { return }
        for entry in node.entries {
            if let text = entry.node.string, let url = DatabaseURL(text), url.isWhole {
                add(url, .configuration, url.engine == .sqlite ? 4 : 5, at: Place(path, entry.node.position.line))
            } else {
                addTree(entry.node, path, depth: depth - 1)
            }
        }
    }

    /// Databases that platforms are asked for.
    private mutating func addPlatforms(_ context: ScanContext) {
        for path in context.documents.keys.sorted() where TreePath.lies(context.root, in: TreePath.folder(of: path)) {
            guard let root = context.document(path) else { continue }
            switch TreePath.name(of: path) {
            case "render.yaml":
                if let first = root["databases"]?.items.first {
                    add(.platform, .postgresql, 5, at: Place(path, first.position.line), "databases")
                }
            case "app.json":
                for addon in root["addons"]?.items ?? [] {
                    let plan = addon.string ?? addon["plan"]?.string ?? ""
                    let place = Place(path, addon.position.line)
                    if plan.hasPrefix("heroku-postgresql") { add(.platform, .postgresql, 5, at: place, plan) }
                    if plan.hasPrefix("jawsdb") || plan.hasPrefix("cleardb") {
                        add(.platform, .mysql, 5, at: place, plan)
                    }
                }
            default: break
            }
        }
    }

    /// What the README tells to set, for want of anything better.
    private mutating func addReadme(_ context: ScanContext) {
        for folder in [context.root, ""] {
            let path = TreePath.joined(folder, "README.md")
            for (name, value, line) in EnvironmentFiles.assignments(context.project.text(path) ?? "") {
                guard Self.isDatabaseName(name), let url = DatabaseURL(value), url.isWhole else { continue }
                add(.document, url.engine, 3, at: Place(path, line), "\(name)=\(url.engine.rawValue)://…")
            }
        }
    }
}
