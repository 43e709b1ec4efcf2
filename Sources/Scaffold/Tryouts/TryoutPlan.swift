package import Model

/// The throw-aways that a project is tried out with: which, under which names, and which variables lead to them.
package struct TryoutPlan: Sendable {
    package private(set) var wishes: [TryoutWish] = []
    /// What the user should know, in sentences.
    package private(set) var notes: [String] = []

    /// Users and databases are named after the app when the project names none.
    ///
    /// - Throws: ``Fault`` `unsupported` when nothing was found that could be started.
    package init(_ selection: TryoutSelection, _ context: ScanContext, facts: Facts, app: String) throws(Fault) {
        let examples = ConnectionExamples(context, facts)
        let choices: [TryoutSelection.Choice]
        switch selection {
        case .named(let named): choices = named
        case .auto:
            let (kinds, others) = Self.needed(facts)
            choices = kinds.map { .init($0) }
            notes += others.map { "there is no throw-away for \($0): say where it is by the variable that leads to it" }
        case .compose: choices = examples.kinds.map { .init($0) }
        }
        guard !choices.isEmpty else {
            throw Fault(
                .unsupported,
                selection == .compose
                    ? "no Compose file of the project starts a service that there is a throw-away of"
                    : "the project needs no service that there is a throw-away of",
                hint: "name it: --with postgres (there are: \(Self.names))"
            )
        }
        for choice in choices {
            var wish = Self.wish(choice, facts, examples, app)
            wish.hosts = Array(
                Set(wish.hosts + WrittenAddress.hosts(of: choice.kind, in: context.code)).sorted().prefix(16)
            )
            if let engine = choice.kind.engine, let place = Self.fixed(engine, wish.hosts, context, facts) {
                wish.isOpen = true
                notes.append("\(place) has the database's address with its password: the throw-away takes any password")
            }
            if choice.kind == .postgres {
                for (name, place) in DatabaseExtensions.wanted(context, image: examples.image(.postgres))
                where !wish.extras.contains(where: { $0 == name || $0 == "pg\(name)" }) {
                    wish.extras.append(name)
                    notes.append(
                        "\(Quoting.comment(place.description)) wants the extension \(name) of PostgreSQL: the throw-away has it"
                    )
                }
            }
            wishes.append(wish)
        }
        leaveBroker()
    }

    /// The throw-aways that would do for what a project needs, for a hint: `postgres,redis`; nil when there are none.
    package static func hint(_ facts: Facts) -> String? {
        let kinds = needed(facts).kinds
        return kinds.isEmpty ? nil : kinds.map(\.rawValue).joined(separator: ",")
    }

    /// Whether a selection gives a project the database that it wants.
    package static func givesDatabase(_ selection: TryoutSelection, _ scan: ScanResult) -> Bool {
        guard let engine = scan.facts.database?.engine, let kind = TryoutKind(engine) else { return false }
        switch selection {
        case .named(let choices): return choices.contains { $0.kind == kind }
        case .auto: return needed(scan.facts).kinds.contains(kind)
        case .compose: return ConnectionExamples(scan.context, scan.facts).kinds.contains(kind)
        }
    }

    // MARK: - Private

    /// Where the project has its database's address with a password that is not the throw-away's.
    private static func fixed(
        _ engine: Facts.Database.Engine,
        _ hosts: [String],
        _ context: ScanContext,
        _ facts: Facts
    ) -> Place? {
        WrittenAddress.place(of: engine, at: hosts, in: context.code)
            ?? MigrationAddress.place(of: engine, at: hosts, facts, context.project)
            ?? ConfiguredAddresses.all(context).first { $0.hasPassword && hosts.contains($0.host) }?.place
    }

    /// One variable leads to one service: where there is RabbitMQ beside Redis, that is whose queues are meant.
    private mutating func leaveBroker() {
        guard let broker = wishes.first(where: { $0.kind == .rabbitmq }) else { return }
        let names = Set(broker.connections.map(\.variable))
        for index in wishes.indices where wishes[index].kind != .rabbitmq {
            wishes[index].connections.removeAll { names.contains($0.variable) }
        }
    }

    private static var names: String { TryoutKind.allCases.map(\.rawValue).joined(separator: ", ") }

    /// What the facts say, and the names of what there is no throw-away of.
    private static func needed(_ facts: Facts) -> (kinds: [TryoutKind], others: [String]) {
        var kinds: [TryoutKind] = []
        var others: [String] = []
        func add(_ kind: TryoutKind?, _ name: String) {
            if let kind { if !kinds.contains(kind) { kinds.append(kind) } } else { others.append(name) }
        }
        // A pooled address means that somebody else runs the database.
        if let database = facts.database, database.engine != .sqlite, database.pooler == nil {
            add(TryoutKind(database.engine), database.engine.rawValue)
        }
        for service in facts.services { add(TryoutKind(service.kind), service.kind.rawValue) }
        for process in facts.processes {
            switch process.broker {
            case "redis": add(.redis, "redis")
            case "amqp": add(.rabbitmq, "amqp")
            default: break
            }
        }
        return (kinds, others)
    }

    private static func wish(
        _ choice: TryoutSelection.Choice,
        _ facts: Facts,
        _ examples: ConnectionExamples,
        _ app: String
    ) -> TryoutWish {
        let kind = choice.kind
        let found = connections(kind, facts, examples)
        let names = examples.names(kind, facts, connections: found, app: app)
        return TryoutWish(
            kind,
            extras: choice.extras,
            user: names.user,
            database: names.database,
            connections: found.isEmpty ? usual(kind, facts) : found,
            hosts: examples.hostNames(kind)
        )
    }

    /// Each variable that leads to a service, in the form that the project itself shows or that its name tells.
    private static func connections(
        _ kind: TryoutKind,
        _ facts: Facts,
        _ examples: ConnectionExamples
    ) -> [Tryout.Connection] {
        var facts = facts
        // The user knows which database it is to be, whatever the code says first.
        if let engine = kind.engine, facts.database?.engine != engine {
            let variable = facts.database?.variable
            facts.database = Facts.Database(engine)
            facts.database?.variable = variable
        }
        if let service = kind.service, !facts.services.contains(where: { $0.kind == service }) {
            facts.services.append(Facts.BackingService(service))
        }
        let forms = ConnectionForms(facts)
        var names = Set(facts.environment.map(\.name)).union(examples.values.keys)
        if let variable = facts.database?.variable { names.insert(variable) }
        for service in facts.services { if let variable = service.variable { names.insert(variable) } }
        let hasParts = kind.engine != nil && names.contains { DatabasePart($0) == .host }
        return names.sorted().compactMap { name in
            // A tests' own database is nobody's business here, unless the app can't be imported without it.
            let isWanted = facts.environment.contains { $0.name == name && $0.stopsImport == true }
            guard Quoting.isVariableName(name), isWanted || !isOfTests(name) else { return nil }
            let isNumber = facts.environment.contains { $0.name == name && $0.isNumber == true }
            // An address that the code makes of its parts is right once they are.
            if hasParts, ConnectionForms.isDatabaseURL(name), isMadeByCode(name, facts) { return nil }
            switch examples.use(of: name) {
            case .leads(let other, let form):
                return other == kind && (!isNumber || form.isNumber) ? .init(name, form) : nil
            case .elsewhere: return nil
            case .unknown: break
            }
            let purpose = forms.purpose(of: name)
            guard purpose.kind(forms.facts) == kind, var form = forms.form(of: name, for: purpose) else { return nil }
            // Beside `REDIS_PORT`, what `REDIS_ADDR` holds is the host.
            if form == .authority, names.contains(Self.port(beside: name)) { form = .host }
            // Code that makes a number of it would end at a host's name.
            guard !isNumber || form.isNumber else { return nil }
            // What names no part of the service is as good as what the code has.
            let isOwn = facts.environment.contains { $0.name == name && !$0.isRequired }
            return isOwn && !form.text.contains("{") ? nil : .init(name, form)
        }
    }

    private static func port(beside name: String) -> String {
        name.split(separator: "_", omittingEmptySubsequences: false).dropLast().joined(separator: "_") + "_PORT"
    }

    private static func isMadeByCode(_ name: String, _ facts: Facts) -> Bool {
        guard let variable = facts.environment.first(where: { $0.name == name }) else { return false }
        return !variable.isRequired && variable.defaultValue == nil && variable.absent == nil
    }

    private static func isOfTests(_ name: String) -> Bool {
        name.uppercased().split { !$0.isLetter }.contains { $0 == "TEST" || $0 == "TESTS" || $0 == "TESTING" }
    }

    /// Where nothing says it, the variables that most programs look into.
    private static func usual(_ kind: TryoutKind, _ facts: Facts) -> [Tryout.Connection] {
        let isCelery = facts.dependencies.contains { $0.name == "celery" }
        let names =
            switch kind {
            case .postgres, .mysql: ["DATABASE_URL"]
            case .mongodb: ["MONGODB_URL"]
            // Celery itself reads these before all settings (`celery/app/utils.py`).
            case .redis: isCelery ? ["CELERY_BROKER_URL", "CELERY_RESULT_BACKEND", "REDIS_URL"] : ["REDIS_URL"]
            case .memcached: ["MEMCACHED_SERVERS"]
            case .rabbitmq: isCelery ? ["AMQP_URL", "CELERY_BROKER_URL"] : ["AMQP_URL"]
            }
        var own = Facts()
        own.database = kind.engine.map { engine in
            facts.database.flatMap { $0.engine == engine ? $0 : nil } ?? Facts.Database(engine)
        }
        let purpose = kind.service.map { ExportPlan.Variable.Purpose.service($0) } ?? .database
        return names.map { .init($0, ConnectionForms(own).form(of: $0, for: purpose) ?? .authority) }
    }
}

extension TryoutKind {
    /// The database that it is; nil for another service.
    var engine: Facts.Database.Engine? {
        switch self {
        case .postgres: .postgresql
        case .mysql: .mysql
        case .mongodb: .mongodb
        case .redis, .memcached, .rabbitmq: nil
        }
    }

    /// The service that it is; nil for a database.
    var service: Facts.BackingService.Kind? {
        switch self {
        case .redis: .redis
        case .memcached: .memcached
        case .rabbitmq: .rabbitmq
        case .postgres, .mysql, .mongodb: nil
        }
    }

    init?(_ engine: Facts.Database.Engine) {
        guard let kind = Self.allCases.first(where: { $0.engine == engine }) else { return nil }
        self = kind
    }

    /// The service that an address is one of, by its scheme.
    init?(ofAddress text: String) {
        if let url = DatabaseURL(text), url.isWhole {
            self.init(url.engine)
        } else if let kind = BackingServices.kind(ofAddress: text) {
            self.init(kind)
        } else {
            return nil
        }
    }

    init?(_ service: Facts.BackingService.Kind) {
        guard let kind = Self.allCases.first(where: { $0.service == service }) else { return nil }
        self = kind
    }
}

extension ExportPlan.Variable.Purpose {
    /// The throw-away that a variable of this purpose leads to.
    fileprivate func kind(_ facts: Facts) -> TryoutKind? {
        switch self {
        case .app: nil
        case .database: facts.database.flatMap { TryoutKind($0.engine) }
        case .service(let kind): TryoutKind(kind)
        }
    }
}

extension ConnectionForm {
    /// Whether what it makes is a number.
    fileprivate var isNumber: Bool { self == .port || Int(text) != nil }
}
