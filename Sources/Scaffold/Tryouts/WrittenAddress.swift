import Model

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

    /// Names of a network that the app's code has written down in addresses of a kind of service: `db` of
    /// `f"postgresql://{user}:{password}@db/shop"`, whose Compose file may lie elsewhere.
    static func hosts(of kind: TryoutKind, in code: AppCode) -> [String] {
        var found: Set<String> = []
        for module in code.modules where code.isReached(module) {
            for text in module.strings where TryoutKind(ofAddress: text.value) == kind {
                guard let mark = text.value.firstRange(of: "://") else { continue }
                let part = text.value[mark.upperBound...].prefix { $0 != "/" && $0 != "?" }
                let authority = part.lastIndex(of: "@").map { part[part.index(after: $0)...] } ?? part
                let host = String(authority.prefix { $0 != ":" })
                // A name with a point is one of the whole world.
                if HostAlias.isName(host) { found.insert(host) }
            }
        }
        return found.sorted()
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
