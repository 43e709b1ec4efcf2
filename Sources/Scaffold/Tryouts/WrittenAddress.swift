/// An address that code has written down, password and all: no variable leads it elsewhere.
enum WrittenAddress {
    /// Where the app's code opens a database at one of the hosts by an address of its own; nil when it does not.
    static func place(of engine: Facts.Database.Engine, at hosts: [String], in code: AppCode) -> Place? {
        for module in code.modules where code.isReached(module) {
            for text in module.strings {
                guard isFixed(text.value, engine, at: hosts), !DatabaseSignals.isDefault(text, in: module)
                else { continue }
                return Place(module.path, text.line)
            }
        }
        return nil
    }

    /// Whether an address leads to an engine at one of the hosts, and has its password.
    static func isFixed(_ text: String, _ engine: Facts.Database.Engine, at hosts: [String]) -> Bool {
        guard let url = DatabaseURL(text) else { return false }
        return url.engine == engine && hosts.contains(host(of: url)) && hasPassword(url)
    }

    // MARK: - Private

    private static func host(of url: DatabaseURL) -> String { String(url.authority.prefix { $0 != ":" }) }

    /// One that is made of variables is theirs to change.
    private static func hasPassword(_ url: DatabaseURL) -> Bool {
        let part = url.rest.prefix { $0 != "/" && $0 != "?" }
        guard let end = part.lastIndex(of: "@"), let colon = part[..<end].firstIndex(of: ":") else { return false }
        let password = part[part.index(after: colon)..<end]
        return !password.isEmpty && !password.contains("{") && !password.contains("%")
    }
}
