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
    private let room: DiskGuard
    private let logger: Logger

    init(config: HostConfig, runtime: OCIRuntime, room: DiskGuard, logger: Logger) async throws {
        paths = config.paths
        self.room = room
        self.logger = logger
        store = try ImageStore(images: paths.images, limits: config.build.limits)
        uploads = try SourceStore(images: paths.images)
        var options = PythonOptions(uv: Command.find("uv") ?? "/usr/local/bin/uv")
        options.baseImage = config.baseImage
        options.environment = config.buildEnvironment
        options.pythons = config.build.pythons
        let isolation = try Isolation.make(config, runtime)
        options.isolation = isolation
        python = PythonBuilder(
            store: store,
            sources: uploads,
            sandbox: RuntimeSandbox(runtime: runtime),
            options: options
        )
        dockerfiles = DockerfileBuilder(
            store: store,
            sources: uploads,
            options: Self.dockerfileOptions(config, isolation),
            bases: python.bases
        )
        if FileManager.default.fileExists(atPath: "\(paths.images)/buildah") { try await dockerfiles.sweep() }
        builder = ImageBuilder(
            store: store,
            sources: uploads,
            python: python,
            dockerfile: dockerfiles,
            environment: config.buildEnvironment,
            isolation: isolation
        )
    }

    private static func dockerfileOptions(_ config: HostConfig, _ isolation: BuildIsolation) -> DockerfileOptions {
        var options = DockerfileOptions(
            storage: "\(config.paths.images)/buildah",
            run: "\(config.paths.run)/buildah"
        )
        options.environment = config.buildEnvironment
        options.isolation = isolation
        return options
    }

    /// The image of a digest and where its layers lie.
    func unpacked(_ digest: String) async throws -> (image: Image, layers: [String]) {
        let image = try store.image(digest)
        return (image, try store.layerPaths(of: image))
    }

    /// Lays images out for a backup.
    func layOut(
        _ digests: [String],
        to folder: String
    ) async throws -> (images: [BackupManifest.Image], files: [BackupManifest.File]) {
        try await store.layOut(digests, to: folder)
    }

    /// Lays out files of an image for the edge.
    func publishStatics(_ digest: String, _ folders: [String]) async throws {
        try await store.publish(digest, folders: folders)
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
            wanted.instead = request.instead
            wanted.programs = request.config.processes.values.compactMap(\.first).sorted()
            wanted.secrets = request.buildSecrets ?? BuildSecrets()
            wanted.ignoresCache = request.options.noCache == true
            let result = try await builder.build(wanted) { line in
                let isNotice = line.stage == BuildProgress.notice
                await progress(isNotice ? .stage(line.line) : .line("\(line.stage): \(line.line)"))
            }
            return result.image
        }
    }

    /// Where Machines that nobody deploys have their images from.
    func machines(_ config: HostConfig) -> Machines.Settings {
        var settings = Machines.Settings(
            region: config.region,
            holds: { [store] digest in (try? store.image(digest)) != nil },
            pull: { try await pull($0, $1) }
        )
        settings.extraRegions = config.extraRegions
        return settings
    }

    /// Brings in an image of a registry for an app.
    private func pull(_ app: String, _ name: String) async throws -> String {
        try await room.admit()
        var build = AppConfig.Build()
        build.image = name
        let wanted = BuildRequest(app: app, manifest: SourceManifest(files: []), build: build, needsCommand: false)
        return try await builder.build(wanted) { _ in }.image.digest
    }

    var sources: SourceDesk {
        SourceDesk(
            missing: { manifest in
                try await room.admit()
                return try await uploads.missing(of: manifest)
            },
            begin: { sha256, size in
                try await room.admit()
                let upload = try uploads.begin(sha256, size: size)
                return SourceDesk.Sink(append: { try await upload.append($0) }, finish: { try await upload.finish() })
            }
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
    func rollouts(
        _ store: SQLiteStore,
        _ fleet: LocalAgent,
        _ edges: EdgeLink,
        _ secrets: SecretLedger,
        _ config: HostConfig
    ) -> Rollouts {
        var settings = rolloutSettings(config)
        let collect = settings.collectImages
        settings.collectImages = { keep, level in
            let strangers = await fleet.strangers
            // What runs without a record needs its layers all the same; where nobody knows which, all stay.
            guard strangers.allSatisfy({ $0.machine != nil }) else { return 0 }
            let theirs = strangers.compactMap { $0.machine.flatMap { Image.digest(in: $0.spec.config.image) } }
            return try await collect(keep.union(theirs), level)
        }
        return Rollouts(
            store: store,
            fleet: fleet,
            edges: edges,
            secrets: secrets,
            settings: settings,
            journal: RolloutJournal(folder: config.paths.rollouts),
            logger: logger,
            build: build
        )
    }

    /// Throw-aways, which are deployed as apps are.
    func tryouts(_ rollouts: Rollouts) -> Tryouts {
        Tryouts(rollouts: rollouts, logger: logger, version: version)
    }

    private func rolloutSettings(_ config: HostConfig) -> Rollouts.Settings {
        let frame = config.urlFrame
        var settings = Rollouts.Settings(
            region: config.region,
            domain: config.domain,
            url: { "\(frame.scheme)://\($0).\(config.domain)\(frame.port)" },
            forgetApp: { try await builder.forget(app: $0) },
            collectImages: { try await collect(keep: $0, $1) }
        )
        settings.admit = { try await room.admit() }
        settings.keepReleases = config.keepReleases
        settings.ask = Self.question(config)
        settings.pull = { try await pull($0, $1) }
        settings.extraRegions = config.extraRegions
        return settings
    }

    /// Gives up what nothing needs, and of what builds keep as much as the level of the disk wants.
    private func collect(keep: Set<String>, _ level: DiskLevel) async throws -> Int64 {
        let age = Self.keptFor(level)
        // First what is only removed: the others write before they do, for which a full disk has no room.
        if level >= .short { try await builder.emptyCaches() }
        var freed = try await uploads.collect(unusedFor: age)
        try await python.bases.collectPackages(all: level >= .short)
        freed += try await store.collect(keep: keep, cacheAge: age).bytes
        if FileManager.default.fileExists(atPath: "\(paths.images)/buildah") { try await dockerfiles.collect() }
        return freed
    }

    /// How long what no build has used stays.
    private static func keptFor(_ level: DiskLevel) -> Duration {
        switch level {
        case .easy: .seconds(7 * 86_400)
        case .tight: .seconds(3600)
        case .short, .full: .seconds(600)
        }
    }

    /// Asks the host's own edge for a path of an app, as a client would.
    private static func question(_ config: HostConfig) -> (@Sendable (String, String) async -> Void)? {
        guard let first = config.listen.first, let (host, port) = try? ListenFlag.parse(first) else { return nil }
        let anywhere = ["0.0.0.0", "::", "*", ""].contains(host)
        let address = Machine.Address(ipv4: anywhere ? "127.0.0.1" : host, ipv6: "::1")
        return { app, path in
            var check = MachineConfig.Check(type: .http, port: port)
            check.path = path
            check.timeout = "60s"
            check.headers = ["Host": "\(app).\(config.domain)"]
            _ = await Prober().probe(.init(name: "probe", port: port, check: check), at: address)
        }
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
