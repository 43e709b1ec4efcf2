import Foundation
import Glibc
import Model
import Synchronization
import Toolkit

/// Installs a project's dependencies into a virtual environment, by uv in a sandbox.
struct DependencyLayer: Sendable {
    let store: ImageStore
    let sources: SourceStore
    let options: PythonOptions
    let steps: StepRunner
    let uv: UVProgram

    /// Where the virtual environment is, while it is made and ever after.
    static let place = "/opt/venv"
    private static let cachePlace = "\(StepRunner.place)/cache"

    /// The layer with the virtual environment; made only when the same inputs never led to one.
    ///
    /// - Throws: ``Fault`` `buildFailed` with uv's own last lines.
    func layer(
        _ python: PythonProject,
        of project: ProjectFiles,
        app: String,
        on base: PythonBase,
        _ trace: BuildTrace
    ) async throws -> String {
        try await trace.stage("dependencies") {
            let key = try await key(python, project, app: app, base)
            let cache = BuildCache(store: store)
            if let layer = try cache.find(key, as: CachedLayer.self)?.layers.first { return (layer, cached: true) }
            for note in python.notes { try await trace.say("dependencies", note) }
            let layer = try await make(python, project, app: app, base, trace)
            try cache.save(key, CachedLayer(layers: [layer]))
            return (layer, cached: false)
        }
    }

    // MARK: - Private

    /// All that decides what is installed.
    private struct Key: Codable {
        var kind = "dependencies"
        /// Counted up when the way of installing changes.
        var builder = 1
        /// Code of an app's dependencies can write to the app's uv cache, and so decide what a later build installs:
        /// what came of that is for no other app.
        var app: String
        var base: [String]
        var python: String
        var uv: String
        var source: String
        /// Path and SHA-256, or where a link leads.
        var files: [String: String]
        var environment: [String: String]
    }

    private func key(
        _ python: PythonProject,
        _ project: ProjectFiles,
        app: String,
        _ base: PythonBase
    ) async throws -> Key {
        let files = context(python, project).files.map { ($0.path, $0.target ?? $0.sha256) }
        return Key(
            app: app,
            base: base.layers,
            python: base.version,
            uv: try await uv.version(at: options.uv),
            source: "\(python.dependencies)",
            files: Dictionary(files) { first, _ in first },
            // Hashed with the rest: what uv is told may name another index, and may hold a password.
            environment: options.environment.filter { $0.key.hasPrefix("UV_") }
        )
    }

    /// The files that uv gets to see.
    private func context(_ python: PythonProject, _ project: ProjectFiles) -> SourceManifest {
        if python.needsAllFiles { return project.manifest }
        return SourceManifest(files: python.files.compactMap { project.file($0) })
    }

    private func make(
        _ python: PythonProject,
        _ project: ProjectFiles,
        app: String,
        _ base: PythonBase,
        _ trace: BuildTrace
    ) async throws -> String {
        let scratch = try store.makeScratch()
        defer { FileTree.discard(scratch) }
        let venv = "\(scratch)/layer\(Self.place)"
        let cache = try AppCache(store: store, app: app).folder("uv")
        for folder in ["\(scratch)/app", venv] { try Durable.makeFolder(folder) }
        try await sources.checkout(context(python, project), into: "\(scratch)/app", readableForAll: true)
        try FileTree.give("\(scratch)/app", to: StepRunner.userID)
        try FileTree.give(venv, to: StepRunner.userID)
        var step = try step(python, base)
        step.mounts += [
            .init(source: cache, destination: Self.cachePlace),
            .init(source: venv, destination: Self.place),
            .init(source: "\(scratch)/app", destination: "/app"),
        ]
        try await run(step, trace)
        unlink("\(venv)/.lock")
        // The time is fixed, which loses nothing here: compiled files carry the hash of their source.
        return try await store.addLayer(from: "\(scratch)/layer", form: .ownedByRoot(keepingTimes: false))
    }

    /// All of the step but the folders that differ from one build to the next.
    private func step(_ python: PythonProject, _ base: PythonBase) throws(Fault) -> BuildStep {
        let uv = "\(StepRunner.place)/uv"
        let script = "\(uv) venv --quiet --allow-existing --python \(base.python) \(Self.place) && exec \"$@\""
        var step = try steps.step(on: base, command: ["/bin/sh", "-c", script, "sh"] + Self.command(python, uv))
        step.mounts = [.init(source: try realPath(options.uv), destination: uv, readOnly: true)]
        step.environment.merge(options.environment) { $1 }
        step.environment.merge(Self.environment(base)) { $1 }
        if let authorities = options.authorities, access(authorities, R_OK) == 0 {
            let place = "\(StepRunner.place)/authorities.crt"
            step.mounts.append(.init(source: try realPath(authorities), destination: place, readOnly: true))
            step.environment["SSL_CERT_FILE"] = place
        }
        step.workingDirectory = "/app"
        step.network = true
        return step
    }

    private func run(_ step: BuildStep, _ trace: BuildTrace) async throws {
        let last = LastLines()
        let code = try await steps.run(step) { line in
            last.add(line)
            try await trace.say("dependencies", line)
        }
        guard code == 0 else { throw StepRunner.fault("the dependencies could not be installed", code, last) }
    }

    private static func command(_ python: PythonProject, _ uv: String) -> [String] {
        switch python.dependencies {
        case .lock: [uv, "sync", "--frozen", "--no-dev", "--no-install-project"]
        case .file(let file): [uv, "pip", "install", "--python", "\(place)/bin/python", "-r", file]
        case .none: ["true"]
        }
    }

    private static func environment(_ base: PythonBase) -> [String: String] {
        [
            "UV_CACHE_DIR": cachePlace,
            "UV_PROJECT_ENVIRONMENT": place,
            "UV_PYTHON": base.python,
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_LINK_MODE": "copy",
            "UV_COMPILE_BYTECODE": "1",
            "UV_NO_PROGRESS": "1",
            // Times of files are set anew below, so a compiled file must not be judged by its source's.
            "PYC_INVALIDATION_MODE": "UNCHECKED_HASH",
            "VIRTUAL_ENV": place,
        ]
    }

    private func realPath(_ path: String) throws(Fault) -> String {
        guard let resolved = realpath(path, nil) else { throw Durable.fault(errno, "find", path) }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
