package import Model

/// What can be done about sandboxes that no record knows of; the agent of the host knows them.
package struct StrangerDesk: Sendable {
    var list: @Sendable () async -> [Stranger]
    var adopt: @Sendable (Machine.ID) async throws -> Machine
    var destroy: @Sendable (Machine.ID) async throws -> Void

    package init(
        list: @escaping @Sendable () async -> [Stranger],
        adopt: @escaping @Sendable (Machine.ID) async throws -> Machine,
        destroy: @escaping @Sendable (Machine.ID) async throws -> Void
    ) {
        self.list = list
        self.adopt = adopt
        self.destroy = destroy
    }
}
