import Foundation
import Model
import Toolkit

/// Builds Python projects without a Dockerfile: a base, the dependencies and the project's files, a layer each.
///
/// A deploy that changes code alone makes one small layer; the others come from the cache.
package struct PythonBuilder: Sendable {
    private let store: ImageStore
    /// Makes what images begin with.
    package let bases: PythonBaseMaker
    private let dependencies: DependencyLayer
    private let apps: AppLayer

    /// Everything that is not ours runs in the sandbox.
    package init(store: ImageStore, sources: SourceStore, sandbox: any BuildSandbox, options: PythonOptions) {
        let steps = BuildStepRunner(store: store, sandbox: sandbox, options: options)
        self.store = store
        bases = PythonBaseMaker(store: store, options: options, steps: steps, locks: KeyedLock())
        dependencies = DependencyLayer(store: store, sources: sources, options: options, steps: steps, uv: UVProgram())
        apps = AppLayer(store: store, sources: sources, steps: steps)
    }

    /// Makes images of services, by the same way to the distribution's packages.
    var services: ServiceImage { ServiceImage(store: store, bases: bases, steps: bases.steps) }

    /// Makes the base image if this host has none yet, as its setup does before the first deploy.
    package func prepare(_ report: @escaping @Sendable (BuildProgress) async throws -> Void) async throws {
        _ = try await store.withLease { try await bases.base(BuildTrace(report)) }
    }

    /// Builds it the way that the request's ``BuildRequest/python`` says.
    ///
    /// - Throws: ``Fault`` `buildFailed` for what is wrong with the project, and where the image has to tell how the app
    ///   starts and nothing tells it.
    func build(
        _ project: ManifestFiles,
        _ build: PythonBuild,
        _ request: BuildRequest,
        _ trace: BuildTrace
    ) async throws -> Image {
        try build.check()
        guard !request.needsCommand || !build.command.isEmpty else { throw Self.noCommand }
        for note in build.notes { try await trace.say("plan", note) }
        let base = try await bases.base(python: build.python?.version, packages: build.packages.run, trace)
        let installed = try await install(project, build, request, on: base, trace)
        let layer = try await apps.layer(of: project, build, app: request.app, on: base, trace)
        return try await trace.stage("image") {
            let layers = base.layers + [installed, layer]
            let command = request.needsCommand ? build.command : []
            let image = try await store.add(layers: layers, config: Self.config(base, build, command))
            return (image, cached: false)
        }
    }

    // MARK: - Private

    /// Installs on a base that has what is needed to compile, when something has to be.
    private func install(
        _ project: ManifestFiles,
        _ build: PythonBuild,
        _ request: BuildRequest,
        on base: PythonBase,
        _ trace: BuildTrace
    ) async throws -> String {
        let version = build.python?.version
        let packages = build.packages
        // Headers of a Python that is not Debian's come with it.
        let headers = base.python.hasPrefix("/usr/bin/") ? ["python3-dev"] : []
        let compiles = packages.build.contains("gcc") || packages.build.contains("g++")
        let tools = compiles ? packages.build + ["libc6-dev"] + headers : packages.build
        let full = tools.isEmpty ? base : try await bases.base(python: version, packages: packages.run + tools, trace)
        do {
            return try await dependencies.layer(build, of: project, for: request, on: full, trace)
        } catch let fault as Fault where BuildStepRunner.lacksCompiler(fault) {
            try await trace.say(
                "dependencies",
                "a dependency has no ready wheel for Python \(base.version): installing again, with a compiler"
            )
            let more = ["build-essential", "pkg-config", "libffi-dev", "libpq-dev"] + headers
            let able = try await bases.base(python: version, packages: packages.run + tools + more, trace)
            return try await dependencies.layer(build, of: project, for: request, on: able, trace)
        }
    }

    private static let noCommand = Fault(
        .buildFailed,
        "nothing says how the app starts: no [processes] in fly.toml, no web: in a Procfile, and no app that was found",
        hint: "set it in fly.toml: [processes] app = \"uvicorn package.module:app --host 0.0.0.0 --port 8080\""
    )

    private static func config(_ base: PythonBase, _ build: PythonBuild, _ command: [String]) -> Image.Config {
        var env = [
            "PATH": "\(DependencyLayer.place)/bin:\(base.path)",
            "VIRTUAL_ENV": DependencyLayer.place,
            "HOME": base.hasAppUser ? "/home/app" : "/tmp",
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONFAULTHANDLER": "1",
        ]
        env.merge(build.environment) { $1 }
        let home = PythonBuild.home
        return Image.Config(
            user: "\(BuildStepRunner.userID):\(BuildStepRunner.userID)",
            workingDirectory: build.folder.isEmpty ? home : "\(home)/\(build.folder)",
            env: env.map { "\($0.key)=\($0.value)" }.sorted(),
            cmd: command
        )
    }
}
