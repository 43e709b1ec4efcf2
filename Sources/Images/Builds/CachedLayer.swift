/// A result of a build that stands or falls with its layers.
protocol CachedLayers {
    /// Diff IDs, bottom first.
    var layers: [String] { get }
}

/// A layer that depends on its inputs alone.
struct CachedLayer: Codable, CachedLayers, Sendable {
    var layers: [String]
}
