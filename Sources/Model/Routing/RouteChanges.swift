/// What has become different from one route table to the next.
package struct RouteChanges: Equatable, Sendable {
    /// The revision that it changes; an edge with another one needs the whole table.
    package var base: Int64
    package var revision: Int64
    /// New routes, and those that replace the one with their ``Route/key``.
    package var routes: [Route]
    /// Keys of routes that are no more.
    package var removed: [String]

    package init(base: Int64, revision: Int64, routes: [Route], removed: [String] = []) {
        self.base = base
        self.revision = revision
        self.routes = routes
        self.removed = removed
    }

    /// Takes in the changes that came after these, as if both had come at once.
    ///
    /// When something is missing between the two, the base is 0: only a whole table helps.
    package mutating func add(_ next: RouteChanges) {
        if next.base != revision { base = 0 }
        let again = Set(next.routes.map(\.key))
        let gone = Set(next.removed)
        routes = routes.filter { !again.contains($0.key) && !gone.contains($0.key) } + next.routes
        removed = removed.filter { !again.contains($0) && !gone.contains($0) } + next.removed
        revision = next.revision
    }
}

extension RouteTable {
    /// The table after some changes to it.
    package mutating func apply(_ changes: RouteChanges) {
        let gone = Set(changes.removed + changes.routes.map(\.key))
        apps = (apps.filter { !gone.contains($0.key) } + changes.routes).sorted { $0.key < $1.key }
        revision = changes.revision
    }
}
