import Model
import Toolkit

/// The project's own files, at `/app`.
struct AppLayer: Sendable {
    let store: ImageStore
    let sources: SourceStore
    let steps: StepRunner

    /// The layer with the files as they are and their modules compiled.
    func layer(
        of project: ProjectFiles,
        app: String,
        on base: PythonBase,
        _ trace: BuildTrace
    ) async throws -> String {
        try await trace.stage("app") {
            let key = Key(app: app, python: "\(base.version) \(base.tag)", files: project.manifest)
            let cache = BuildCache(store: store)
            if let layer = try cache.find(key, as: CachedLayer.self)?.layers.first { return (layer, cached: true) }
            let scratch = try store.makeScratch()
            defer { FileTree.discard(scratch) }
            let folder = "\(scratch)/layer/app"
            try Durable.makeFolder(folder)
            try await sources.checkout(project.manifest, into: folder, readableForAll: true)
            try await ByteCode(store: store, steps: steps, app: app, base: base)
                .compile(project.manifest, in: folder, trace)
            let layer = try await store.addLayer(from: "\(scratch)/layer", form: .ownedByRoot(keepingTimes: true))
            try cache.save(key, CachedLayer(layers: [layer]))
            return (layer, cached: false)
        }
    }

    // MARK: - Private

    private struct Key: Codable {
        var kind = "app"
        /// Counted up when the way of making it changes.
        var builder = 1
        /// Compiled modules come from a cache that apps do not share.
        var app: String
        var python: String
        var files: SourceManifest
    }
}
