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
    let steps: BuildStepRunner
    let uv: UVProgram

    /// Where the virtual environment is, while it is made and ever after.
    static let place = PythonBuild.virtualEnvironment
    private static let cachePlace = "\(BuildStepRunner.place)/cache"

    /// The layer with the virtual environment; made only when the same inputs never led to one.
    ///
    /// The request's `[build.args]` and its secrets are variables of the installer's environment: the token of a private
    /// index. Secrets decide nothing, as in a Dockerfile. What fails is a ``Fault`` `buildFailed` with uv's own last lines.
    func layer(
        _ build: PythonBuild,
        of project: ManifestFiles,
        for request: BuildRequest,
        on base: PythonBase,
        _ trace: BuildTrace
    ) async throws -> String {
        try await trace.stage("dependencies") {
            let key = try await key(build, project, request, base)
            let cache = BuildCache(store: store, app: request.app)
            if let layer = try cache.find(key, as: CachedLayer.self)?.layers.first { return (layer, cached: true) }
            let layer = try await make(build, project, request, base, trace)
            try cache.save(key, CachedLayer(layers: [layer]))
            return (layer, cached: false)
        }
    }

    // MARK: - Private

    /// All that decides what is installed.
    private struct Key: Codable {
        var kind = "dependencies"
        /// Counted up when the way of installing changes.
        var builder = 2
        /// Code of an app's dependencies can write to the app's uv cache, and so decide what a later build installs:
        /// what came of that is for no other app.
        var app: String
        var base: [String]
        var python: String
        var uv: String
        var installs: [PythonBuild.Install]
        /// Path and SHA-256, or where a link leads.
        var files: [String: String]
        /// Hashed with the rest: what uv is told may name another index, and may hold a password.
        var environment: [String: String]
    }

    private func key(
        _ build: PythonBuild,
        _ project: ManifestFiles,
        _ request: BuildRequest,
        _ base: PythonBase
    ) async throws -> Key {
        var files: [String: String] = [:]
        for install in build.installs {
            let decisive = (install.decisive ?? install.files).map { $0.compactMap { project.entry($0) } }
            for file in decisive ?? project.manifest.files { files[file.path] = file.target ?? file.sha256 }
        }
        return Key(
            app: request.app,
            base: base.layers,
            python: base.version,
            uv: try await uv.version(at: options.uv),
            installs: build.installs,
            files: files,
            environment: options.environment.filter { $0.key.hasPrefix("UV_") }.merging(request.build.args) { $1 }
        )
    }

    /// The files that uv gets to see.
    private func context(_ build: PythonBuild, _ project: ManifestFiles) -> SourceManifest {
        guard build.installs.allSatisfy({ $0.files != nil }) else { return project.manifest }
        let paths = Set(build.installs.flatMap { $0.files ?? [] })
        return SourceManifest(files: paths.sorted().compactMap { project.entry($0) })
    }

    private func make(
        _ build: PythonBuild,
        _ project: ManifestFiles,
        _ request: BuildRequest,
        _ base: PythonBase,
        _ trace: BuildTrace
    ) async throws -> String {
        let scratch = try store.makeScratch()
        defer { FileTree.discard(scratch) }
        let venv = "\(scratch)/layer\(Self.place)"
        let cache = try AppCache(store: store, app: request.app).folder("uv")
        for folder in ["\(scratch)/app", "\(scratch)/lists", venv] { try Durable.makeFolder(folder) }
        try await sources.checkout(context(build, project), into: "\(scratch)/app", readableForAll: true)
        for (number, install) in build.installs.enumerated() {
            guard let list = install.list else { continue }
            try Durable.write(Data(list.utf8), to: "\(scratch)/lists/\(number).txt")
        }
        for folder in ["app", "lists"] { try FileTree.give("\(scratch)/\(folder)", to: BuildStepRunner.userID) }
        try FileTree.give(venv, to: BuildStepRunner.userID)
        var step = try step(build, request, base)
        step.mounts += [
            .init(source: cache, destination: Self.cachePlace),
            .init(source: venv, destination: Self.place),
            .init(source: "\(scratch)/app", destination: PythonBuild.home),
            .init(source: "\(scratch)/lists", destination: InstallScript.lists, readOnly: true),
        ]
        try await run(step, trace)
        unlink("\(venv)/.lock")
        try await SecretScan(secrets: request.secrets).check("\(scratch)/layer")
        // The time is fixed, which loses nothing here: compiled files carry the hash of their source.
        return try await store.addLayer(from: "\(scratch)/layer", form: .ownedByRoot(keepingTimes: false))
    }

    /// All of the step but the folders that differ from one build to the next.
    private func step(_ build: PythonBuild, _ request: BuildRequest, _ base: PythonBase) throws(Fault) -> BuildStep {
        let script = InstallScript.text(build.installs, uv: BuildStepRunner.uv, python: base.python)
        let environment = request.build.args.merging(request.secrets.values) { $1 }
            .merging(Self.environment(base)) { $1 }
        var step = try steps.installing(on: base, script: script, environment)
        step.workingDirectory = PythonBuild.home
        return step
    }

    private func run(_ step: BuildStep, _ trace: BuildTrace) async throws {
        let last = LastLines()
        let trouble = Mutex(InstallTrouble())
        let code = try await steps.run(step) { line in
            last.add(line)
            trouble.withLock { $0.hear(line) }
            try await trace.say("dependencies", line)
        }
        guard code != 0 else { return }
        var fault = BuildStepRunner.fault("the dependencies could not be installed", code, last)
        fault.hint = trouble.withLock { $0.advice(beside: fault.hint) }
        throw fault
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
            // Build backends that ask git for the version find none in a build.
            "SETUPTOOLS_SCM_PRETEND_VERSION": "0.0.0",
            "PDM_BUILD_SCM_VERSION": "0.0.0",
            "POETRY_DYNAMIC_VERSIONING_BYPASS": "0.0.0",
        ]
    }
}
