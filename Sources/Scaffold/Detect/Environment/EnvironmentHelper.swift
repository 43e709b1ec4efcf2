import Model

/// A function of the project that reads the variable whose name it is given: `get_str_env("SECRET_KEY")`.
struct EnvironmentHelper {
    /// Where it stands.
    private let path: String
    private let name: String
    /// The place of the variable's name among its parameters, and that parameter's own name.
    private let place: Int
    private let parameter: String
    /// The parameter that holds what is taken where the variable is not set; nil when there is none.
    private let fallback: (place: Int, name: String)?
    /// It has something to take by itself.
    private let isOptional: Bool

    static func all(in code: AppCode) -> [EnvironmentHelper] {
        code.modules.flatMap { module in
            module.calls.compactMap { EnvironmentHelper($0, in: module) }
        }
    }

    /// The variable that a call of the function reads; nil for another call, and for a name that only a run knows.
    func use(_ call: PythonCall, in module: PythonModule) -> EnvironmentDetector.Use? {
        guard call.method == name, call.scope != name, isKnown(in: module),
            let variable = call.argument(place, parameter)?.text, EnvironmentNames.isName(variable)
        else { return nil }
        let value = fallback.flatMap { call.argument($0.place, $0.name) }
        var use = EnvironmentDetector.Use(
            name: variable,
            isRequired: value == nil && !isOptional,
            place: Place(module.path, call.line)
        )
        use.defaultValue = value.flatMap { PythonText.constant($0) }
        return use
    }

    // MARK: - Private

    /// From the call within it that reads the environment.
    private init?(_ call: PythonCall, in module: PythonModule) {
        guard ["os.getenv", "os.environ.get"].contains(call.function), case .name(let key)? = call.arguments.first,
            let function = module.functions.first(where: { $0.name == call.scope }),
            let place = function.parameters.firstIndex(where: { $0.name == key })
        else { return nil }
        path = module.path
        name = String(function.name.split(separator: ".").last ?? "")
        // `self` is not among what a call hands over.
        let own = function.parameters.first.map { ["self", "cls"].contains($0.name) ? 1 : 0 } ?? 0
        self.place = place - own
        parameter = key
        let second = call.argument(1, "default")
        if case .name(let given)? = second, let index = function.parameters.firstIndex(where: { $0.name == given }) {
            fallback = (index - own, given)
            isOptional = function.parameters[index].value.map { $0 != .none } ?? false
        } else {
            fallback = nil
            isOptional = second.map { $0 != .none } ?? false
        }
        guard self.place >= 0, !name.isEmpty else { return nil }
    }

    /// In its own file, or where it is imported.
    private func isKnown(in module: PythonModule) -> Bool {
        if module.path == path { return true }
        let own = path.split(separator: "/").last.map { $0.hasSuffix(".py") ? $0.dropLast(3) : $0 } ?? ""
        return module.imports.contains { item in
            let parts = item.target.split(separator: ".")
            return parts.last == name[...] || parts.last == own
        }
    }
}
