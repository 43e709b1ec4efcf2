import Glibc
import Model
import Toolkit

/// The project's own files, at ``PythonBuild/home``.
struct AppLayer: Sendable {
    let store: ImageStore
    let sources: SourceStore
    let steps: BuildStepRunner

    /// The layer with the files as they are, their modules compiled, and the folders that the app may write to.
    func layer(
        of project: ManifestFiles,
        _ build: PythonBuild,
        app: String,
        on base: PythonBase,
        _ trace: BuildTrace
    ) async throws -> String {
        try await trace.stage("app") {
            let key = Key(
                app: app,
                python: "\(base.version) \(base.tag)",
                files: project.manifest,
                writable: build.writable,
                folder: build.folder
            )
            let cache = BuildCache(store: store, app: app)
            if let layer = try cache.find(key, as: CachedLayer.self)?.layers.first { return (layer, cached: true) }
            let scratch = try store.makeScratch()
            defer { FileTree.discard(scratch) }
            let top = "\(scratch)/layer"
            try Durable.makeFolder("\(top)\(PythonBuild.home)")
            try await sources.checkout(project.manifest, into: "\(top)\(PythonBuild.home)", readableForAll: true)
            try await ByteCode(store: store, steps: steps, app: app, base: base)
                .compile(project.manifest, in: "\(top)\(PythonBuild.home)", trace)
            let owned = try Self.makeWritable(build, in: top)
            let layer = try await store.addLayer(from: top, form: .ownedByRoot(keepingTimes: true, but: owned))
            try cache.save(key, CachedLayer(layers: [layer]))
            return (layer, cached: false)
        }
    }

    /// Makes the folders that are to be written to, where no link of the project is in the way.
    ///
    /// - Returns: what belongs to the app's user. The folder that the code is in does so by itself, for a database beside
    ///   the code; what is in it stays root's.
    static func makeWritable(_ build: PythonBuild, in top: String) throws(Fault) -> LayerPacker.Owned {
        var owned = LayerPacker.Owned(user: BuildStepRunner.userID)
        let home = PythonBuild.home.dropFirst()
        let codeFolder = build.folder.isEmpty ? String(home) : "\(home)/\(build.folder)"
        for path in build.writable {
            let inner = path.split(separator: "/").joined(separator: "/")
            guard !inner.isEmpty, let kind = try make(inner, in: top) else { continue }
            let holdsCode = kind == S_IFDIR && (codeFolder == inner || codeFolder.hasPrefix(inner + "/"))
            if holdsCode || kind == S_IFREG { owned.single.insert(inner) } else { owned.folders.insert(inner) }
        }
        return owned
    }

    // MARK: - Private

    private struct Key: Codable {
        var kind = "app"
        /// Counted up when the way of making it changes.
        var builder = 2
        /// Compiled modules come from a cache that apps do not share.
        var app: String
        var python: String
        var files: SourceManifest
        var writable: [String]
        var folder: String
    }

    /// - Returns: what is there now, a folder or a file; nil when something else is on the way.
    private static func make(_ inner: String, in top: String) throws(Fault) -> mode_t? {
        var path = top
        var kind: mode_t = S_IFDIR
        for part in inner.split(separator: "/") {
            // A file on the way, or a link, which would lead elsewhere.
            guard kind == S_IFDIR else { return nil }
            path += "/\(part)"
            if try FileTree.status(path) == nil { try FileTree.makeFolder(path) }
            guard let status = try FileTree.status(path) else { return nil }
            kind = status.st_mode & S_IFMT
        }
        return kind == S_IFDIR || kind == S_IFREG ? kind : nil
    }
}
