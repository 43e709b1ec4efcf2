/// The hosts that Starlette's `TrustedHostMiddleware` lets an app answer to.
struct AllowedHosts: Equatable {
    var names: [String]
    /// Where the code takes them from, when that is a variable.
    var setting: Facts.HostsSetting?

    /// - Returns: nil when any is allowed, and when the list can't be told.
    static func find(_ modules: [PythonModule], _ context: ScanContext) -> AllowedHosts? {
        let search = HostsSearch(context)
        for module in modules {
            for call in module.calls where isOne(call) {
                guard
                    let found = search.hosts(
                        call["allowed_hosts"],
                        in: module,
                        lines: call.line...max(call.line, call.endLine)
                    )
                else { continue }
                return found.names.contains("*") ? nil : found
            }
        }
        return nil
    }

    // MARK: - Private

    private static func isOne(_ call: PythonCall) -> Bool {
        let names = [call.function, call.arguments.first?.name, call["middleware_class"]?.name].compactMap { $0 }
        return names.contains { $0.split(separator: ".").last == "TrustedHostMiddleware" }
    }
}

/// Follows the value of `allowed_hosts` to what is written down, and to the variable behind it.
private struct HostsSearch {
    private let code: AppCode
    private let index: PythonIndex
    private let variables: [Facts.Variable]
    private let project: Project

    init(_ context: ScanContext) {
        code = context.code
        index = context.index
        variables = context.facts.environment
        project = context.project
    }

    func hosts(
        _ value: PythonValue?,
        in module: PythonModule,
        lines: ClosedRange<Int>,
        depth: Int = 3
    ) -> AllowedHosts? {
        guard let value, depth > 0 else { return nil }
        if let items = value.elements { return AllowedHosts(names: items.compactMap(\.text)) }
        if let name = value.name {
            if let found = assigned(name, in: module, depth: depth) { return found }
            return name.contains(".") ? name.split(separator: ".").last.flatMap { setting(String($0)) } : nil
        }
        // `os.getenv("HOSTS", "a,b").split(",")`, `settings.HOSTS.split(",")`, also within a list of its parts.
        let near = lines.prefix(20)
        guard let text = near.lazy.compactMap({ line($0, of: module) }).first(where: { $0.contains(".split(") }) else {
            return nil
        }
        let places = near.map { Place(module.path, $0) }
        if let variable = variables.first(where: { $0.place.map(places.contains) == true && text.contains($0.name) }) {
            return listed(variable)
        }
        guard let match = text.firstMatch(of: /\w+\.(\w+)\.split\(/) else { return nil }
        return setting(String(match.1), isSplit: true)
    }

    // MARK: - Private

    private func assigned(_ name: String, in module: PythonModule, depth: Int) -> AllowedHosts? {
        let (owner, target) =
            name.contains(".") ? index.definition(of: name, in: code.roots) ?? (module, name) : (module, name)
        guard let item = owner.assigns.last(where: { $0.scope.isEmpty && $0.target == target }) else { return nil }
        return hosts(item.value, in: owner, lines: item.line...item.line, depth: depth - 1)
    }

    /// What a field of settings holds, or a property that takes a field apart.
    private func setting(_ name: String, isSplit: Bool = false) -> AllowedHosts? {
        let fields = code.modules.flatMap { module in
            module.classes.flatMap(\.fields).filter { $0.name == name }.map { (module, $0) }
        }
        if fields.count == 1, let (module, field) = fields.first {
            let value = field.value?.call?.argument(0, "default") ?? field.value
            let variable = variables.first {
                $0.place == Place(module.path, field.line) || $0.name.uppercased() == name.uppercased()
            }
            let isText = field.type?.hasPrefix("str") == true
            if isText { return isSplit ? variable.map { listed($0, value?.text) } ?? nil : nil }
            guard let names = value?.elements?.compactMap(\.text) ?? (variable?.isRequired == true ? [] : nil) else {
                return nil
            }
            let isList = field.type?.lowercased().contains("list[") == true
            return AllowedHosts(
                names: names,
                setting: isList ? variable.map { .init(variable: $0.name, isJSON: true) } : nil
            )
        }
        guard !isSplit else { return nil }
        for module in code.modules {
            guard let function = module.functions.first(where: { $0.name.hasSuffix("." + name) }) else { continue }
            for number in (function.line...max(function.line, function.endLine)).prefix(20) {
                guard let match = line(number, of: module)?.firstMatch(of: /self\.(\w+)\.split\(/) else { continue }
                return setting(String(match.1), isSplit: true)
            }
        }
        return nil
    }

    /// The names in a variable's default, with commas between them.
    private func listed(_ variable: Facts.Variable, _ known: String? = nil) -> AllowedHosts? {
        guard let text = known ?? variable.defaultValue ?? (variable.isRequired ? "" : nil) else { return nil }
        let names = text.split(separator: ",").map { String($0.blanksTrimmed) }.filter { !$0.isEmpty }
        return AllowedHosts(names: names, setting: .init(variable: variable.name, isJSON: false))
    }

    private func line(_ number: Int, of module: PythonModule) -> Substring? {
        let lines = (project.text(module.path) ?? "").textLines
        return lines.indices.contains(number - 1) ? lines[number - 1] : nil
    }
}
