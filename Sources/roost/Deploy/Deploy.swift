import ArgumentParser
import Client
import Foundation
import Model
import Scaffold
import Toolkit

struct Deploy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Build the project, roll it out behind health checks.",
        discussion: """
            The server owns the roll-out: it goes on when this command ends, also after Ctrl-C, and `--watch` finds it \
            again.
            """
    )

    @OptionGroup var connection: Connection
    @Argument(help: "The project's folder.") var folder = "."
    @OptionGroup var tryouts: TryoutOption
    @Flag(help: "Watch the deploy that is under way, or show how the last one went.") var watch = false
    @Flag(help: "Cancel the deploy that is under way; what it changed is put back.") var cancel = false
    @Flag(help: "Start the deploy and return at once.") var detach = false
    @Flag(help: "Do nothing when image and configuration are what runs already.") var ifChanged = false
    @Flag(help: "Refuse to deploy when the audit finds what will fail (severity E).") var strict = false
    @Flag(help: "Leave out the audit, and the look at variables that are set nowhere.") var noAudit = false
    @Flag(help: "Build a Python project without its Dockerfile.") var native = false
    @Option(help: "Build by this Dockerfile, even where it is as roost launch wrote it.") var dockerfile: String?
    @Flag(inversion: .prefixedNo, help: "Two Machines for a new group with services and no volume.") var ha = true
    @Flag(name: [.short, .long], help: "Print the deploy as JSON when it is over; the rest goes to standard error.")
    var json = false

    func run() async throws {
        try await RoostClient.with(socketPath: Connection.socketPath) { client in
            if watch || cancel {
                let rollout = try await last(client, try connection.appName(in: folder))
                return cancel ? try await takeBack(rollout, client) : try await show(rollout, client)
            }
            let rollout = try await begin(client)
            guard detach else { return try await show(rollout, client) }
            if json { return try Output.json(rollout) }
            print("deploy \(rollout.id) is under way: roost deploy --watch -a \(rollout.app)")
        }
    }

    // MARK: - Private

    private func show(_ rollout: Rollout, _ client: RoostClient) async throws {
        try await DeployWatch(client: client, json: json).follow(rollout)
    }

    private func takeBack(_ rollout: Rollout, _ client: RoostClient) async throws {
        try await client.post(apiPath("apps", rollout.app, "rollouts", rollout.id, "cancel"))
        if json { return try Output.json(rollout) }
        print("The deploy of \(rollout.app) is being cancelled; what it changed is put back.")
        print("See it through: roost deploy --watch -a \(rollout.app)")
    }

    private func last(_ client: RoostClient, _ app: String) async throws -> Rollout {
        let all = try await client.get(apiPath("apps", app, "rollouts"), as: [Rollout].self)
        guard let rollout = all.last else {
            throw Fault(.rolloutNotFound, "\(app) was never deployed", hint: "deploy it: roost deploy FOLDER")
        }
        return rollout
    }

    private func begin(_ client: RoostClient) async throws -> Rollout {
        let project = try ProjectConfig.read(in: folder, config: connection.config)
        for warning in project.warnings { Output.warning("\(warning)") }
        guard let app = connection.app ?? ProcessInfo.processInfo.environment["FLY_APP"] ?? project.config.app else {
            let hint = "name it: -a NAME, or write app = \"NAME\" at the top of the file"
            throw Fault(.invalidConfig, "which app? \(project.path) has no app = \"NAME\"", hint: hint)
        }
        try App.validate(name: app)
        if project.config.deploy.strategy != .rolling {
            let name = project.config.deploy.strategy.rawValue
            Output.warning("[deploy] strategy \"\(name)\" is not there yet; this deploy is a rolling one")
        }
        var config = project.config
        config.app = app
        if let dockerfile { config.build.dockerfile = dockerfile }
        let selection = try tryouts.selection()
        let scan = config.build.image == nil || selection != nil ? try await Scan.run(folder: folder) : nil
        // Before anything is missed that they bring.
        var set: [String] = []
        if let scan, let selection {
            set = try await TryoutMaker.make(selection, app: app, scan, client)
        }
        let (build, manifest) = try await prepare(app, &config, project.path, scan, client)
        // Only now: a project that can't be deployed leaves no app behind.
        try await client.ensure(app: app, owner: Person.current)
        var request = DeployRequest(
            config: config,
            manifest: manifest,
            user: Person.current,
            lines: project.lines,
            highAvailability: ha
        )
        request.python = build?.python
        // Machines learn of new variables when they start.
        request.onlyIfChanged = ifChanged && set.isEmpty
        request.configFile = ConfigFile.name(of: project.path)
        return try await client.post(apiPath("apps", app, "rollouts"), request, as: Rollout.self)
    }
}

extension Deploy {
    /// Decides how the project is built, checks what that needs, and uploads it.
    private func prepare(
        _ app: String,
        _ config: inout AppConfig,
        _ configPath: String,
        _ scan: ScanResult?,
        _ client: RoostClient
    ) async throws -> (build: ProjectBuild?, manifest: SourceManifest?) {
        guard config.build.image == nil, let scan else { return (nil, nil) }
        let files = try BuildFiles.find(config.build, in: folder, config: configPath)
        if config.build.dockerfile != nil { config.build.dockerfile = files.dockerfile }
        config.build.ignorefile = files.ignoreFile == ".dockerignore" ? nil : files.ignoreFile
        if !noAudit {
            try DeployAudit(folder: folder, scan: scan).check(strict: strict)
            try await DeployNeeds(client: client, app: app, config: config, scan: scan).check()
        }
        let build = try ProjectBuild.plan(
            scan,
            config,
            dockerfile: files.dockerfile,
            isForced: (dockerfile != nil, native),
            offered: try await client.pythons()
        )
        for note in build.notes { Output.warn("==> \(Output.harmless(note))") }
        if case .dockerfile(let path) = build.way {
            try await BasesCheck(client: client, folder: folder, build: config.build).run(path)
        }
        let upload = SourceUpload(client: client, folder: folder, files: files, onErrors: json)
        return (build, try await upload.run())
    }
}

extension RoostClient {
    /// The versions of Python that the server can make; none when it is too old to say.
    func pythons() async throws -> [PythonOffer] {
        do {
            return try await get("/v1/builder", as: BuilderView.self).pythons
        } catch let fault as Fault where fault.code != .unreachable {
            return []
        }
    }

    /// Makes the app when it is not there yet.
    func ensure(app: String, owner: String) async throws {
        do {
            _ = try await get(apiPath("apps", app), as: AppView.self)
        } catch let fault as Fault where fault.code == .appNotFound {
            _ = try await post("/v1/apps", ["name": app, "owner": owner], as: AppView.self)
            Output.warn("New app created: \(app)")
        }
    }
}
