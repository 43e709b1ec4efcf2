import Model

/// What a project shows of its addresses: `environment:` of its Compose files, and `.env.example`.
///
/// The way in which a value is written is the way in which the code wants it: scheme, path and query are kept.
struct ConnectionExamples: Sendable {
    /// Values by the names of their variables, those of the app's service in Compose first.
    private(set) var values: [String: String] = [:]
    /// In the order of the Compose files.
    private(set) var kinds: [TryoutKind] = []
    /// The first service of each kind.
    private var services: [TryoutKind: ComposeFiles.Service] = [:]
    /// Names under which services reach each other.
    private var hosts: [String: TryoutKind] = [:]
    private var examples: [String: String] = [:]

    init(_ context: ScanContext, _ facts: Facts) {
        for path in EnvironmentFiles.examples(in: context) {
            for (name, value, _) in EnvironmentFiles.assignments(context.project.text(path) ?? "")
            where examples[name] == nil {
                examples[name] = value
            }
        }
        let compose = ComposeFiles(context)
        for service in compose.services {
            guard let kind = Self.kind(of: service.image) else { continue }
            for name in [service.name] + service.aliases { hosts[name] = kind }
            if services[kind] == nil {
                services[kind] = service
                kinds.append(kind)
            }
        }
        for service in compose.apps {
            // In a list, a name alone passes on what is set outside.
            for variable in service.environment where values[variable.name] == nil {
                guard let value = variable.value, !value.isEmpty else { continue }
                values[variable.name] = filled(value)
            }
        }
        for path in CommittedEnvironment.files(facts, context.project) {
            for (name, value, _) in EnvironmentFiles.assignments(context.project.text(path) ?? "")
            where values[name] == nil && !value.isEmpty {
                values[name] = filled(value)
            }
        }
        for (name, value) in examples where values[name] == nil { values[name] = filled(value) }
    }

    /// What a variable's value says.
    enum Use: Equatable, Sendable {
        case leads(TryoutKind, ConnectionForm)
        /// To something that no throw-away stands for.
        case elsewhere
        /// Its name has to tell.
        case unknown
    }

    func use(of name: String) -> Use {
        guard let value = values[name], value.utf8.count <= 1000, value.withoutControls == value else {
            return .unknown
        }
        // `mongodb://[user:password@]host[:port]` says what an address is like, and is none.
        let isPattern = value.contains { "<>[]".contains($0) } && !value.contains("::")
        if let kind = TryoutKind(ofAddress: value) { return isPattern ? .unknown : .leads(kind, Self.form(value)) }
        // `postgres` is a user's name and an engine's as well as a host's.
        if let kind = hosts[value], Self.isAddress(name) { return .leads(kind, .host) }
        let parts = value.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 2, let kind = hosts[String(parts[0])], Int(parts[1]) != nil {
            return .leads(kind, .authority)
        }
        // `sqlite:///dev.db` in an example is what is used without a server.
        if let url = DatabaseURL(value), url.engine != .sqlite { return .elsewhere }
        return .unknown
    }

    /// The names under which the project's own programs look for a service: those of its Compose files.
    func hostNames(_ kind: TryoutKind) -> [String] {
        hosts.filter { $0.value == kind && HostAlias.isName($0.key) }.keys.sorted()
    }

    /// User and database as the project names them, so that what it has written down elsewhere fits.
    func names(
        _ kind: TryoutKind,
        _ facts: Facts,
        connections: [Tryout.Connection],
        app: String
    ) -> (user: String, database: String) {
        let own = app.replacing("-", with: "_")
        let plain = TryoutWish.isName(own) ? own : "app"
        guard let named = named(kind, facts, connections) else { return (plain, plain) }
        let user = [named.user, plain].compactMap { $0 }.first(where: TryoutWish.isName) ?? "app"
        let database = [named.database, plain].compactMap { $0 }.first(where: TryoutWish.isName) ?? "app"
        return (user, database)
    }

    /// The image that the project itself starts for a service.
    func image(_ kind: TryoutKind) -> (name: String, place: Place)? {
        services[kind].map { ($0.image, Place($0.file, $0.line)) }
    }

    // MARK: - Private

    /// Whether a name is that of an address: `CACHE_HOST`, `QUEUE_SERVER`.
    private static func isAddress(_ name: String) -> Bool {
        let telling = Vocabulary.addresses.union(["PGHOST"])
        return name.uppercased().split { !$0.isLetter }.contains { telling.contains(String($0)) }
    }

    private typealias Names = (user: String?, database: String?)

    private static func kind(of image: String) -> TryoutKind? {
        if let database = DatabaseSignals.image(image) { return TryoutKind(database.engine) }
        return BackingServices.kind(ofImage: image).flatMap { TryoutKind($0) }
    }

    /// A Compose value with its variables in the place of their defaults, or of what the example says.
    private func filled(_ text: String) -> String {
        var result = ""
        var rest = text[...]
        // Each variable once: an example that names itself must not go on for ever.
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[dollar...]
            guard let match = rest.prefixMatch(of: /\$(?:\{([A-Za-z_][A-Za-z0-9_]*)([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*))/)
            else {
                result.append("$")
                rest = rest.dropFirst()
                continue
            }
            let name = String(match.output.1 ?? match.output.3 ?? "")
            let standard = ComposeText.value(String(match.output.0)).text
            let example = examples[name].flatMap { $0.contains("$") ? nil : $0 }
            result += example ?? standard ?? "x"
            rest = rest[match.range.upperBound...]
        }
        return result + rest
    }

    /// A whole address with its parts taken out, all else as it is.
    private static func form(_ address: String) -> ConnectionForm {
        guard let mark = address.firstRange(of: "://") else { return .authority }
        let scheme = address[..<mark.upperBound]
        let rest = address[mark.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let tail = rest[authority.endIndex...]
        let path = tail.prefix { $0 != "?" }
        let query = tail[path.endIndex...]
        let userInfo = authority.lastIndex(of: "@").map { authority[..<$0] }
        var text = String(scheme)
        guard DatabaseURL(address) != nil else {
            let kind = BackingServices.kind(ofAddress: address)
            // A virtual host of the project's own is not there: `//` is the one that always is.
            let space = kind == .rabbitmq && path.contains(where: { $0 != "/" }) ? "//" : path
            // Redis has no user, unless one is named.
            if let userInfo {
                let user = userInfo.prefix { $0 != ":" }
                text +=
                    user.isEmpty
                    ? ":{password}@"
                    : kind == .redis
                        ? "default:{password}@" : "{user}:{password}@"
            }
            return ConnectionForm(text + "{host}:{port}" + space + query)
        }
        let name = path.isEmpty || path == "/" ? "/{database}" : "/{database}" + path.dropFirst().drop { $0 != "/" }
        return ConnectionForm(text + "{user}:{password}@{host}:{port}" + name + query)
    }

    private func named(_ kind: TryoutKind, _ facts: Facts, _ connections: [Tryout.Connection]) -> Names? {
        if let service = services[kind], let names = imageNames(kind, service) { return names }
        for connection in connections {
            guard let value = values[connection.variable], let mark = value.firstRange(of: "://") else { continue }
            let rest = value[mark.upperBound...]
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            let user = authority.lastIndex(of: "@").map { authority[..<$0].prefix { $0 != ":" } }
            let path = rest[authority.endIndex...].dropFirst().prefix { $0 != "?" && $0 != "/" }
            return (user.map(String.init), path.isEmpty ? nil : String(path))
        }
        func told(_ form: ConnectionForm) -> String? {
            guard let name = connections.first(where: { $0.form == form })?.variable else { return nil }
            return values[name] ?? facts.environment.first { $0.name == name }?.defaultValue
        }
        let (user, database) = (told(.user), told(.database))
        return user == nil && database == nil ? nil : (user, database)
    }

    /// As the image of a service makes them at its first start.
    private func imageNames(_ kind: TryoutKind, _ service: ComposeFiles.Service) -> Names? {
        func value(_ names: String...) -> String? {
            for name in names {
                let text = service.environment.first { $0.name == name }?.value ?? ""
                if !text.isEmpty { return filled(text) }
                // Passed on from outside, or by a file of variables.
                if let example = examples[name], !example.isEmpty { return example }
            }
            return nil
        }
        switch kind {
        case .postgres:
            let user = value("POSTGRES_USER", "POSTGRESQL_USERNAME") ?? "postgres"
            return (user, value("POSTGRES_DB", "POSTGRESQL_DATABASE") ?? user)
        case .mysql:
            let user = value("MYSQL_USER", "MARIADB_USER") ?? "root"
            return (user, value("MYSQL_DATABASE", "MARIADB_DATABASE"))
        case .rabbitmq: return (value("RABBITMQ_DEFAULT_USER") ?? "guest", nil)
        case .mongodb:
            // Its image makes nobody when it is not told whom.
            guard let user = value("MONGO_INITDB_ROOT_USERNAME", "MONGODB_ROOT_USER") else { return nil }
            return (user, value("MONGO_INITDB_DATABASE", "MONGODB_DATABASE"))
        case .redis, .memcached: return nil
        }
    }
}
