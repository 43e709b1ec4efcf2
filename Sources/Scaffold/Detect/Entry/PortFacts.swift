import Model
import Toolkit

/// Finds the port that an app listens on: its command says it best, then the files around it.
struct PortFacts {
    let context: ScanContext
    let search: EntrySearch
    /// Of gunicorn, when it starts the app with a file of them.
    var settings: GunicornFile?

    init(context: ScanContext, search: EntrySearch) {
        self.context = context
        self.search = search
    }

    /// The settings file that a server of a command reads, with the command's own variables.
    func gunicorn(_ server: Facts.Server?, _ environment: [String: String]) -> GunicornFile? {
        guard server?.name == .gunicorn, let path = server?.config, let module = search.module(at: path) else {
            return nil
        }
        return GunicornFile(module, environment: environment) { name in
            switch number(of: .name(name), in: path, scope: "", depth: 4) {
            case .found(let number): String(number)
            case .variable, .unknown: nil
            }
        }
    }

    func port(_ chosen: EntryCandidate, same: [EntryCandidate]) -> Facts.Port? {
        let starters =
            same.filter { $0.server != nil && !$0.isDevelopment } + same.filter { $0.server != nil && $0.isDevelopment }
        let best = starters.first
        if let best, let port = ofCommand(best) { return port }
        // gunicorn has files and variables that move it, so what the image declares says more than its default.
        if let best, best.server?.server == .gunicorn || best.server?.config != nil,
            let port = exposed(chosen, same)
        {
            return port
        }
        if let best, best.isDeclared || best.rank < 2, let port = usual(best) { return port }
        if let port = exposed(chosen, same) ?? fly() ?? compose(same) { return port }
        if let best, let run = best.run, let port = ofCall(run, best.command) { return port }
        if let port = same.lazy.compactMap({ one in one.run.flatMap { ofCall($0, one.command) } }).first { return port }
        if let best, let port = usual(best) { return port }
        if chosen.framework == .python { return nil }
        var port = Facts.Port(Self.defaults[context.facts.server?.name ?? .uvicorn] ?? 8000)
        port.evidence = []
        return port
    }

    // MARK: - Private

    private static let defaults: [Facts.Server.Name: Int] = [
        .uvicorn: 8000, .gunicorn: 8000, .hypercorn: 8000, .granian: 8000, .daphne: 8000, .fastapiCLI: 8000,
        .django: 8000,
        .flask: 5000, .streamlit: 8501,
    ]

    /// Where tools for pages and debuggers listen, and a second port for TLS: Vite, Node's servers, debugpy.
    private static let besides: Set<Int> = [3_000, 4_200, 5_173, 5_678, 8_443, 9_229]

    private func made(_ number: Int?, _ place: Place, _ what: String) -> Facts.Port {
        var port = Facts.Port(number)
        port.evidence = [Facts.Evidence(place, what)]
        return port
    }

    private func ofCommand(_ candidate: EntryCandidate) -> Facts.Port? {
        guard let server = candidate.server, let command = candidate.command else { return nil }
        let text = search.shown(command.words.joined(separator: " "))
        let options = CommandOptions(server.arguments, flags: [])
        if let port = server.port ?? options["--port"] ?? options["-p"] {
            if let number = Int(port), (1...65_535).contains(number) { return made(number, command.place, text) }
            if port.contains("$") { return made(nil, command.place, text) }
        }
        if server.server == .gunicorn, let port = settings?.port { return port }
        // A number in the call is as good as one in the command; what is only a default may be set from outside.
        guard let run = candidate.run, case .integer = run.call["port"] else { return nil }
        return ofCall(run, command)
    }

    /// What a server does when nothing says a port.
    private func usual(_ candidate: EntryCandidate) -> Facts.Port? {
        guard let server = candidate.server, let command = candidate.command, server.server != .own else { return nil }
        guard server.host?.hasPrefix("unix:") != true, let number = Self.defaults[server.server] else { return nil }
        if server.server == .gunicorn, let text = command.environment["PORT"], let number = Int(text) {
            return made(number, command.place, "gunicorn listens on PORT=\(number)")
        }
        return made(number, command.place, "\(server.server.rawValue) listens there unless told otherwise")
    }

    /// `uvicorn.run(…, port=…)`, through settings when they have a default.
    private func ofCall(_ run: RunCall, _ command: FoundCommand?) -> Facts.Port? {
        guard let value = run.call["port"] else {
            guard let bind = run.call["bind"]?.text ?? run.call["listen"]?.text else { return nil }
            return bind.split(separator: ":").last.flatMap { Int($0) }.map {
                made($0, Place(run.file, run.call.line), bind)
            }
        }
        switch number(of: value, in: run.file, scope: run.scope, depth: 4) {
        case .found(let number): return made(number, Place(run.file, run.call.line), "port=\(number)")
        case .variable(let name):
            let number = command?.environment[name].flatMap { Int($0) }
            return made(number, Place(run.file, run.call.line), "port=$\(name)")
        case .unknown: return nil
        }
    }

    private func number(of value: PythonValue, in file: String, scope: String, depth: Int) -> PythonValue.PortValue {
        let direct = value.portValue
        guard case .unknown = direct else { return direct }
        guard depth > 0, let module = search.module(at: file), let name = Self.name(in: value) else { return .unknown }
        if let local = module.assigns.last(where: { ($0.scope == scope || $0.scope.isEmpty) && $0.target == name })?
            .value
        {
            return number(of: local, in: file, scope: scope, depth: depth - 1)
        }
        // An option of the command line, with a default.
        if let option = option(name, module: module, scope: scope) { return option }
        let parts = name.split(separator: ".").map(String.init)
        guard parts.count > 1, let last = parts.last else { return .unknown }
        return field(last, of: parts.dropLast().joined(separator: "."), from: module)
    }

    static func name(in value: PythonValue) -> String? {
        switch value {
        case .name(let name): name
        case .call(let call) where call.function == "int": call.arguments.first.flatMap(name(in:))
        case .or(let values): values.lazy.compactMap(name(in:)).first
        default: nil
        }
    }

    /// `--port` of argparse, click or typer.
    private func option(_ name: String, module: PythonModule, scope: String) -> PythonValue.PortValue? {
        let last = name.split(separator: ".").last.map(String.init) ?? name
        for call in module.calls where call.method == "add_argument" || call.method == "option" {
            guard call.arguments.contains(where: { $0.text == "--\(last)" || $0.text == last }) else { continue }
            guard let value = call["default"] else { return nil }
            return number(of: value, in: module.path, scope: "", depth: 2)
        }
        let function = module.functions.first { $0.name == scope }
        guard let value = function?.parameters.first(where: { $0.name == last })?.value else { return nil }
        if let call = value.call, ["Option", "Argument"].contains(call.method) {
            return call.arguments.first?.portValue
        }
        return value.portValue
    }

    /// A field of the class whose object `settings` is: by its default.
    private func field(_ name: String, of object: String, from module: PythonModule) -> PythonValue.PortValue {
        guard let owner = owner(of: object, from: module) else { return .unknown }
        return fieldDefault(name, of: owner.name, in: owner.module, depth: 4)
    }

    /// The class whose object `settings` is.
    func owner(of object: String, from module: PythonModule) -> (module: PythonModule, name: String)? {
        let first = String(object.prefix { $0 != "." })
        let own = module.assigns.last { $0.scope.isEmpty && $0.target == first }.map { (module, $0.target) }
        let found =
            own ?? search.resolver.definition(object, in: module).map { ($0.module, $0.name) }
            ?? context.index.definition(of: object, in: search.roots.roots(for: module.path)).map {
                ($0.module, $0.name)
            }
        guard let (place, target) = found else { return nil }
        let value = place.assigns.last { $0.scope.isEmpty && $0.target == String(target.prefix { $0 != "." }) }?.value
        let maker = value?.call?.function ?? target
        let type = search.resolver.definition(maker, in: place)
        // A function that gives the object: the class that it names as its result.
        let function = type.flatMap { found in found.module.functions.first { $0.name == found.name } }
        return function.flatMap { function in
            (function.returns ?? function.results.first?.value.call?.function).flatMap { name in
                type.flatMap { search.resolver.definition(name, in: $0.module) }
            }
        } ?? type
    }

    private func fieldDefault(
        _ name: String,
        of owner: String,
        in module: PythonModule,
        depth: Int
    ) -> PythonValue.PortValue {
        guard depth > 0, let type = module.classes.first(where: { $0.name == owner }) else { return .unknown }
        if let field = type.fields.first(where: { $0.name.lowercased() == name.lowercased() }) {
            guard let value = field.value else { return .variable(name.uppercased()) }
            if let call = value.call, call.method == "Field" {
                return (call.argument(0, "default") ?? call["default"])?.portValue ?? .unknown
            }
            return value.portValue
        }
        for base in type.bases {
            guard let found = search.resolver.definition(base, in: module) else { continue }
            let value = fieldDefault(name, of: found.name, in: found.module, depth: depth - 1)
            if case .unknown = value { continue }
            return value
        }
        return .unknown
    }

    private func exposed(_ chosen: EntryCandidate, _ same: [EntryCandidate]) -> Facts.Port? {
        let paths = same.compactMap { $0.command?.dockerfile } + [context.facts.existing.dockerfile].compactMap { $0 }
        for path in paths {
            guard let file = context.dockerfiles.first(where: { $0.path == path }) else { continue }
            let target =
                same.first { $0.command?.dockerfile == path }?.command?.stage ?? context.facts.existing.dockerTarget
            guard let stage = file.stage(target: target) else { continue }
            if let port = file.image(of: stage).ports.first {
                return made(port.number, Place(path, port.line), "EXPOSE \(port.number)")
            }
        }
        return nil
    }

    private func fly() -> Facts.Port? {
        guard let path = context.facts.existing.flyConfig, let root = context.document(path) else { return nil }
        let node = root.at("http_service", "internal_port") ?? root["services"]?.items.first?["internal_port"]
        guard let node, let number = node.scalar.flatMap({ Int($0) }) else { return nil }
        return made(number, Place(path, node.position.line), "internal_port = \(number)")
    }

    /// The right side of `ports: ["80:8000"]` of the service that starts the app, or that builds its image.
    private func compose(_ same: [EntryCandidate]) -> Facts.Port? {
        let names = Set(same.compactMap { $0.command }.filter { $0.source == .compose }.compactMap(\.name))
        for path in context.facts.existing.compose {
            guard let root = context.document(path) else { continue }
            for service in Compose(root, path: path).services {
                let build = service.build
                let isOwn = build != nil && build?.dockerfile == context.facts.existing.dockerfile
                guard names.contains(service.name) || isOwn else { continue }
                let ports = service.ports.compactMap { port -> (number: Int, line: Int)? in
                    guard let number = port.target, (1...65_535).contains(number), !port.isRange else { return nil }
                    return (number, port.line)
                }
                // Beside the app a container for development serves pages, or lets a debugger in.
                guard let best = ports.first(where: { !Self.besides.contains($0.number) }) ?? ports.first else {
                    continue
                }
                return made(best.number, Place(path, best.line), "ports of \(service.name)")
            }
        }
        return nil
    }
}

extension PythonValue {
    enum PortValue {
        case found(Int)
        /// A variable of the environment without a default.
        case variable(String)
        case unknown
    }

    /// A number, text of one, or a variable's default.
    var portValue: PortValue {
        switch self {
        case .integer(let number) where (1...65_535).contains(number): return .found(Int(number))
        case .string(let text): return Int(text).flatMap { (1...65_535).contains($0) ? .found($0) : nil } ?? .unknown
        case .call(let call):
            if ["int", "str", "typer.Option", "Option", "click.option"].contains(call.function) {
                return call.arguments.first?.portValue ?? .unknown
            }
            guard call.function.contains("environ") || call.method == "getenv" || call.function == "config" else {
                return .unknown
            }
            if let value = call.argument(1, "default") { return value.portValue }
            return call.arguments.first?.text.map { .variable($0) } ?? .unknown
        case .subscripted(let base, let key):
            guard base.name?.contains("environ") == true, let name = key.text else { return .unknown }
            return .variable(name)
        case .or(let values):
            for value in values.reversed() {
                if case .found(let number) = value.portValue { return .found(number) }
            }
            return values.first?.portValue ?? .unknown
        case .conditional(let yes, let no, _):
            if case .found(let number) = yes.portValue { return .found(number) }
            return no.portValue
        default: return .unknown
        }
    }
}
