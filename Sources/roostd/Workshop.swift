import Agent
import ControlPlane
import Foundation
import Images
import Logging
import Model
import Runtime
import Store
import Toolkit

/// The image side of a host, as its roles use it: uploads, builds, layers.
struct Workshop: Sendable {
    private let store: ImageStore
    private let uploads: SourceStore
    private let builder: ImageBuilder
    private let python: PythonBuilder
    private let dockerfiles: DockerfileBuilder
    private let paths: HostPaths
    private let logger: Logger
    /// Uploaded files that no build has used for so long are forgotten.
    private static let sourceAge = Duration.seconds(7 * 86_400)

    init(config: HostConfig, runtime: OCIRuntime, logger: Logger) async throws {
        paths = config.paths
        self.logger = logger
        store = try ImageStore(images: paths.images)
        uploads = try SourceStore(images: paths.images)
        var options = PythonOptions(uv: Command.find("uv") ?? "/usr/local/bin/uv")
        options.baseImage = config.baseImage
        options.environment = config.buildEnvironment
        options.pythons = config.pythons
        python = PythonBuilder(
            store: store,
            sources: uploads,
            sandbox: RuntimeSandbox(runtime: runtime),
            options: options
        )
        dockerfiles = DockerfileBuilder(
            store: store,
            sources: uploads,
            options: try Self.dockerfileOptions(config, runtime),
            bases: python.bases
        )
        if FileManager.default.fileExists(atPath: "\(paths.images)/buildah") { try await dockerfiles.sweep() }
        builder = ImageBuilder(
            store: store,
            sources: uploads,
            python: python,
            dockerfile: dockerfiles,
            environment: config.buildEnvironment
        )
    }

    private static func dockerfileOptions(_ config: HostConfig, _ runtime: OCIRuntime) throws -> DockerfileOptions {
        var options = DockerfileOptions(
            storage: "\(config.paths.images)/buildah",
            run: "\(config.paths.run)/buildah"
        )
        options.environment = config.buildEnvironment
        options.network = try runtime.makeBuildNamespace()
        options.cgroups = try runtime.makeBuildGroup(MachineConfig.Guest(cpus: 2, memoryMiB: 2048))
        return options
    }

    /// The image of a digest and where its layers lie.
    func unpacked(_ digest: String) async throws -> (image: Image, layers: [String]) {
        let image = try store.image(digest)
        return (image, try store.layerPaths(of: image))
    }

    /// The version of the service in an image; nil when it does not say.
    var version: @Sendable (_ digest: String) -> String? {
        { [store] digest in (try? store.image(digest)).flatMap { ServiceImage.version(of: $0) } }
    }

    var build: Rollouts.Build {
        { app, request, progress in
            var wanted = BuildRequest(
                app: app,
                manifest: request.manifest ?? SourceManifest(files: []),
                build: request.config.build,
                needsCommand: request.config.needsImageCommand
            )
            wanted.python = request.python
            let result = try await builder.build(wanted) { line in
                await progress(.line("\(line.stage): \(line.line)"))
            }
            return result.image
        }
    }

    var sources: Sources {
        Sources(
            folder: "\(paths.images)/uploads",
            missing: { try await uploads.missing(of: $0) },
            adopt: { try await uploads.put($0, file: $1) }
        )
    }

    /// What this host builds with.
    var workbench: Workbench {
        Workbench(
            pythons: { try await python.bases.offers() },
            bases: { try await dockerfiles.bases($0) }
        )
    }

    /// Deploys, which have their images from here.
    func rollouts(_ store: SQLiteStore, _ fleet: LocalAgent, _ edges: EdgeLink, _ config: HostConfig) -> Rollouts {
        Rollouts(
            store: store,
            fleet: fleet,
            edges: edges,
            settings: rolloutSettings(config),
            journal: RolloutJournal(folder: config.paths.rollouts),
            logger: logger,
            build: build
        )
    }

    /// Throw-aways, which are deployed as apps are.
    func tryouts(_ rollouts: Rollouts, _ environment: AppEnvironment) -> Tryouts {
        Tryouts(rollouts: rollouts, environment: environment, logger: logger, version: version)
    }

    private func rolloutSettings(_ config: HostConfig) -> Rollouts.Settings {
        let port = config.urlPort == 80 ? "" : ":\(config.urlPort)"
        return Rollouts.Settings(
            region: config.region,
            domain: config.domain,
            url: { "http://\($0).\(config.domain)\(port)" },
            forgetApp: { try await builder.forget(app: $0) },
            collectImages: { keep in
                _ = try await store.collect(keep: keep)
                _ = try await uploads.collect(unusedFor: Self.sourceAge)
                guard FileManager.default.fileExists(atPath: "\(paths.images)/buildah") else { return }
                try await dockerfiles.collect()
            }
        )
    }
}

/// Runs the steps of builds in sandboxes of the host's own runtime.
struct RuntimeSandbox: BuildSandbox {
    let runtime: OCIRuntime

    func run(_ step: BuildStep, onLine: @escaping @Sendable (String) async throws -> Void) async throws -> Int32 {
        var sandbox = Sandbox(
            id: .random(),
            hostname: "build",
            layers: step.layers,
            image: Image.Config(user: step.user, workingDirectory: step.workingDirectory),
            command: step.command,
            env: step.environment,
            guest: MachineConfig.Guest(cpus: max(1, Int(step.cpus.rounded(.up))), memoryMiB: step.memoryMiB),
            address: Machine.Address(ipv4: "", ipv6: "")
        )
        sandbox.network = step.network
        sandbox.mounts = step.mounts.map {
            Sandbox.Mount(source: $0.source, destination: $0.destination, readOnly: $0.readOnly)
        }
        return try await runtime.runToEnd(sandbox, onLine: onLine)
    }
}
