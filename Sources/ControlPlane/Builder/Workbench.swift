package import Model

/// What this host builds with; `Images` knows it.
package struct Workbench: Sendable {
    /// The Pythons that a base can be made with.
    var pythons: @Sendable () async throws -> [PythonOffer]
    /// How images that a Dockerfile names are come by.
    var bases: @Sendable (_ names: [String]) async throws -> [BaseImageView]

    package init(
        pythons: @escaping @Sendable () async throws -> [PythonOffer],
        bases: @escaping @Sendable ([String]) async throws -> [BaseImageView]
    ) {
        self.pythons = pythons
        self.bases = bases
    }
}
