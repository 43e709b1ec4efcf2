/// An address that code has written down, password and all: no variable leads it elsewhere.
enum WrittenAddress {
    /// Where the app's code opens a database at one of the hosts by an address of its own; nil when it does not.
    static func place(of engine: Facts.Database.Engine, at hosts: [String], in code: AppCode) -> Place? {
        for module in code.modules where code.isReached(module) {
            for text in module.strings {
                guard let url = DatabaseURL(text.value), url.engine == engine, hosts.contains(host(of: url)),
                    hasPassword(url), !DatabaseSignals.isDefault(text, in: module)
                else { continue }
                return Place(module.path, text.line)
            }
        }
        return nil
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
