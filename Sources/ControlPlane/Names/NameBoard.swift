import Model

/// What the resolvers know of each app, kept up to date beside the routes.
struct NameBoard {
    /// The same as the resolvers have.
    private(set) var index = NameIndex()
    private let home: NameHome

    init(home: NameHome) {
        self.home = home
    }

    /// All of it.
    var table: NameChanges { index.table }

    /// Looks at some apps anew.
    ///
    /// - Returns: what that changes; nil when no name does. The first change replaces all that a resolver knew.
    mutating func update(_ names: some Sequence<String>, from board: RouteBoard) -> NameChanges? {
        var changes = NameChanges(base: index.revision, revision: index.revision + 1, home: home)
        for name in Set(names).sorted() {
            let new = board.app(name).flatMap { app in
                app.destroying
                    ? nil
                    : NamedApp(
                        app: name,
                        network: app.network.number,
                        machines: board.machines(of: name).sorted { $0.id < $1.id }.compactMap { NamedMachine($0) },
                        flycast: (app.privateAddresses ?? []).map { .init(address: $0.address, network: $0.network) }
                    )
            }
            guard new != index.app(name) else { continue }
            if let new { changes.apps.append(new) } else { changes.removed.append(name) }
        }
        guard index.isEmpty || !changes.apps.isEmpty || !changes.removed.isEmpty else { return nil }
        guard index.apply(changes) else { preconditionFailure("changes are made from what the index has") }
        return changes
    }
}
