/// The hosts that Starlette's `TrustedHostMiddleware` lets an app answer to.
enum AllowedHosts {
    /// - Returns: nil when any is allowed, and when the list can't be told.
    static func find(_ modules: [PythonModule], _ code: AppCode) -> [String]? {
        for module in modules {
            for call in module.calls where isOne(call) {
                guard let hosts = texts(call["allowed_hosts"], in: module, code), !hosts.isEmpty else { continue }
                return hosts.contains("*") ? nil : hosts
            }
        }
        return nil
    }

    // MARK: - Private

    private static func isOne(_ call: PythonCall) -> Bool {
        let names = [call.function, call.arguments.first?.name, call["middleware_class"]?.name].compactMap { $0 }
        return names.contains { $0.split(separator: ".").last == "TrustedHostMiddleware" }
    }

    /// A list that is written down, behind a name, or the default of a setting: `settings.ALLOWED_HOSTS`.
    private static func texts(_ value: PythonValue?, in module: PythonModule, _ code: AppCode) -> [String]? {
        if let items = value?.elements { return items.compactMap(\.text) }
        guard let name = value?.name else { return nil }
        if let known = code.value(of: name, from: module)?.elements { return known.compactMap(\.text) }
        guard name.contains("."), let last = name.split(separator: ".").last else { return nil }
        let fields = code.modules.flatMap(\.classes).flatMap(\.fields).filter { $0.name == last }
        guard fields.count == 1, let field = fields.first?.value else { return nil }
        return (field.call?.argument(0, "default") ?? field).elements?.compactMap(\.text)
    }
}
