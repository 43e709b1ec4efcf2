import Model

/// The variables by which a program that starts its own server can be told where to listen.
extension PortFacts {
    /// The variable that a call takes its port from.
    func portVariable(_ run: RunCall) -> String? {
        run.call["port"].flatMap { variable($0, in: run.file, scope: run.scope, depth: 4) }
    }

    /// The variable that a call takes its address from, when without it nobody else could reach the server.
    func hostVariable(_ run: RunCall) -> String? {
        guard let value = run.call["host"], let name = variable(value, in: run.file, scope: run.scope, depth: 4),
            let known = variables.first(where: { $0.name == name })
        else { return nil }
        let standard = known.defaultValue ?? ""
        return standard.isEmpty || Self.loopback.contains(standard.lowercased()) ? name : nil
    }

    // MARK: - Private

    private static let loopback: Set<String> = ["127.0.0.1", "localhost", "::1", "none"]

    private var variables: [Facts.Variable] {
        context.facts.environment.isEmpty ? EnvironmentDetector.variables(in: context) : context.facts.environment
    }

    private func variable(_ value: PythonValue, in file: String, scope: String, depth: Int) -> String? {
        guard depth > 0, let module = search.module(at: file) else { return nil }
        switch value {
        case .call(let call):
            if ["int", "str"].contains(call.function), let inner = call.arguments.first {
                return variable(inner, in: file, scope: scope, depth: depth - 1)
            }
            let reads = call.function.contains("environ") || call.method == "getenv" || call.function == "config"
            return reads ? call.arguments.first?.text : nil
        case .subscripted(let base, let key): return base.name?.contains("environ") == true ? key.text : nil
        case .or(let values):
            return values.lazy.compactMap { variable($0, in: file, scope: scope, depth: depth - 1) }.first
        case .conditional(let yes, let no, _):
            return variable(yes, in: file, scope: scope, depth: depth - 1)
                ?? variable(no, in: file, scope: scope, depth: depth - 1)
        default: break
        }
        guard let name = Self.name(in: value) else { return nil }
        let local = module.assigns.last { ($0.scope == scope || $0.scope.isEmpty) && $0.target == name }
        if let inner = local?.value { return variable(inner, in: file, scope: scope, depth: depth - 1) }
        let parts = name.split(separator: ".").map(String.init)
        guard parts.count > 1, let field = parts.last else {
            guard let found = search.resolver.definition(name, in: module), found.module.path != file else {
                return nil
            }
            return variable(.name(found.name), in: found.module.path, scope: "", depth: depth - 1)
        }
        guard let owner = owner(of: parts.dropLast().joined(separator: "."), from: module) else { return nil }
        let upper = field.uppercased()
        let ofField = variables.filter { $0.name.uppercased().hasSuffix(upper) }
        return ofField.first { $0.place?.file == owner.module.path }?.name ?? ofField.first { $0.name == upper }?.name
    }
}
