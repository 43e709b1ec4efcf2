package import Model

/// What this host builds with; `Images` knows it.
package struct Workbench: Sendable {
    /// The Pythons that a base can be made with.
    var pythons: @Sendable () async throws -> [PythonOffer]

    package init(pythons: @escaping @Sendable () async throws -> [PythonOffer]) {
        self.pythons = pythons
    }
}
