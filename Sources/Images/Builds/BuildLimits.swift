/// What one build may take of the host.
package struct BuildLimits: Sendable {
    /// How long it may go on, its wait for another build of the same app not counted.
    package var time = Duration.seconds(1800)
    /// Bytes of one layer; holes count as if they were filled, for whoever packs it has to read them.
    package var layer: Int64 = 8 << 30
    /// Bytes that all layers together may take which builders keep for later.
    package var cachedLayers: Int64 = 20 << 30
    /// Bytes of each of the caches that an app's builds have for themselves.
    package var appCache: Int64 = 4 << 30
    /// Bytes of the distribution's packages that are kept for the next base image.
    package var packages: Int64 = 2 << 30

    package init() {}
}
