import Foundation
import Images
import Model
import Scaffold
import Toolkit

/// All that a build needs, in a folder of its own.
struct BuildBench {
    let folder: TemporaryFolder
    let images: String
    let store: ImageStore
    let sources: SourceStore
    let python: PythonBuilder
    let dockerfile: DockerfileBuilder
    let builder: ImageBuilder
    let lines = Lines()

    /// The state is a folder that outlives the test; nil for one of its own.
    init(
        state: String? = nil,
        sandbox: any BuildSandbox = ChrootSandbox(),
        baseImage: String? = nil,
        pythons: String? = nil,
        environment: [String: String] = [:],
        limits: BuildLimits = BuildLimits()
    ) throws {
        folder = try TemporaryFolder()
        images = "\(state ?? folder.path)/images"
        store = try ImageStore(images: images, limits: limits)
        sources = try SourceStore(images: images)
        var options = PythonOptions(uv: Requirements.uv)
        (options.baseImage, options.pythons, options.environment) = (baseImage, pythons, environment)
        python = PythonBuilder(store: store, sources: sources, sandbox: sandbox, options: options)
        var buildah = DockerfileOptions(storage: "\(images)/buildah", run: "\(images)/buildah-run")
        buildah.environment = environment
        dockerfile = DockerfileBuilder(store: store, sources: sources, options: buildah, bases: python.bases)
        builder = ImageBuilder(
            store: store,
            sources: sources,
            python: python,
            dockerfile: dockerfile,
            environment: environment
        )
    }

    /// Uploads a folder and builds it: by its Dockerfile when it has one, else as the reader of projects says.
    func build(
        _ path: String,
        app: String = "app",
        without: [String] = [],
        needsCommand: Bool = true,
        instead: Bool = false,
        programs: [String] = [],
        secrets: BuildSecrets = BuildSecrets(),
        _ change: (inout AppConfig.Build) -> Void = { _ in }
    ) async throws -> BuildResult {
        var manifest = try SourceFolder.scan(path)
        manifest.files.removeAll { without.contains($0.path) }
        let missing = Set(try await sources.missing(of: manifest))
        for file in manifest.files where missing.contains(file.sha256) {
            try await sources.put(file.sha256, file: "\(path)/\(file.path)")
        }
        var build = AppConfig.Build()
        change(&build)
        var request = BuildRequest(app: app, manifest: manifest, build: build, needsCommand: needsCommand)
        request.secrets = secrets
        request.programs = programs
        let scan = try await Scan.run(folder: path)
        if case .native? = try? BuildWay.decide(build, dockerfile: build.dockerfile, scan, native: false) {
            request.python = try await plan(scan, needsCommand)
        } else if request.python == nil, instead {
            request.instead = try await plan(scan, needsCommand)
        }
        let lines = lines
        return try await builder.build(request) { lines.add($0) }
    }

    /// The way to build a project of Python, for the Pythons of this host.
    private func plan(_ scan: ScanResult, _ needsCommand: Bool) async throws -> PythonBuild {
        var options = PythonBuildOptions()
        options.needsCommand = needsCommand
        options.port = 8080
        options.minor = try PythonFit.choose(scan, offered: try await python.bases.offers()).minor
        return PythonBuildReader.read(scan, options)
    }
}
