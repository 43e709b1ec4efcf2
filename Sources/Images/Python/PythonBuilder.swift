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
        let steps = StepRunner(store: store, sandbox: sandbox, options: options)
        self.store = store
        bases = PythonBaseMaker(store: store, options: options, steps: steps, locks: KeyedLock())
        dependencies = DependencyLayer(store: store, sources: sources, options: options, steps: steps, uv: UVProgram())
        apps = AppLayer(store: store, sources: sources, steps: steps)
    }

    /// Makes images of services, by the same way to the distribution's packages.
    var services: ServiceImage { ServiceImage(store: store, bases: bases) }

    /// Makes the base image if this host has none yet, as its setup does before the first deploy.
    package func prepare(_ report: @escaping @Sendable (BuildProgress) async throws -> Void) async throws {
        _ = try await store.withLease { try await bases.base(BuildTrace(report)) }
    }

    /// Builds it.
    ///
    /// The app's name says whose caches are used. `needsCommand` is set when nothing else says how the app starts, so
    /// that the image has to.
    func build(
        _ project: ProjectFiles,
        app: String,
        needsCommand: Bool,
        _ trace: BuildTrace
    ) async throws -> Image {
        let python = try PythonProject.read(project)
        let base = try await bases.base(trace)
        guard let version = PythonVersion(base.version) else {
            throw Fault(.corrupt, "the base image has the Python \(base.version)")
        }
        try python.check(version, base: "the base image (\(base.origin))")
        let installed = try await dependencies.layer(python, of: project, app: app, on: base, trace)
        // Before the layer that takes longer: a project that can't start is told at once.
        let command = needsCommand ? try StartCommand.find(project, programs: try programs(in: installed)) : nil
        let layer = try await apps.layer(of: project, app: app, on: base, trace)
        return try await trace.stage("image") {
            let layers = base.layers + [installed, layer]
            let image = try await store.add(layers: layers, config: Self.config(base, command, project))
            return (image, cached: false)
        }
    }

    // MARK: - Private

    private func programs(in layer: String) throws(Fault) -> Set<String> {
        guard let root = try store.layerPaths([layer]).first else { return [] }
        let folder = "\(root)\(DependencyLayer.place)/bin"
        return FileTree.exists(folder) ? Set(try FileTree.names(in: folder)) : []
    }

    private static func config(_ base: PythonBase, _ command: StartCommand?, _ project: ProjectFiles) -> Image.Config {
        var env = [
            "PATH": "\(DependencyLayer.place)/bin:\(base.path)",
            "VIRTUAL_ENV": DependencyLayer.place,
            "HOME": base.hasAppUser ? "/home/app" : "/tmp",
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        ]
        // Packages below `src` are meant to be installed; since the project itself is not, they are found by path.
        if project.manifest.files.contains(where: { $0.path.hasPrefix("src/") && $0.path.hasSuffix("/__init__.py") }) {
            env["PYTHONPATH"] = "/app/src"
        }
        env.merge(command?.environment ?? [:]) { $1 }
        return Image.Config(
            user: "\(StepRunner.userID):\(StepRunner.userID)",
            workingDirectory: "/app",
            env: env.map { "\($0.key)=\($0.value)" }.sorted(),
            cmd: command?.words ?? []
        )
    }
}
