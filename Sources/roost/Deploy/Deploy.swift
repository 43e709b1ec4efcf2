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
    @OptionGroup var flags: DeployFlags
    @OptionGroup var scope: DeployScope
    @Flag(help: "Watch the deploy that is under way, or show how the last one went.") var watch = false
    @Flag(help: "Cancel the deploy that is under way; what it changed is put back.") var cancel = false
    @Flag(help: "Start the deploy and return at once.") var detach = false
    @Flag(help: "Do nothing when image and configuration are what runs already.") var ifChanged = false
    @Flag(help: "Refuse to deploy when the audit finds what will fail (severity E).") var strict = false
    @Flag(help: "Leave out the audit, and the look at variables that are set nowhere.") var noAudit = false
    @Flag(help: "Build a Python project without its Dockerfile.") var native = false
    @Option(help: "Build by this Dockerfile, even where it is as roost launch wrote it.") var dockerfile: String?
    @Option(
        help: """
            A secret that only the build sees: NAME=VALUE, id=NAME,src=FILE, or NAME alone for a variable of the \
            environment. May be given more than once.
            """
    ) var buildSecret: [String] = []
    @Flag(inversion: .prefixedNo, help: "Two Machines for a new group with services and no volume.") var ha = true
    @Flag(name: [.short, .long], help: "Print the deploy as JSON when it is over; the rest goes to standard error.")
    var json = false
    private var earlier = HandedOver<ScanResult>()

    /// A deploy with nothing but defaults, for another command.
    ///
    /// - Parameters:
    ///   - folder: the project's; it is no word of a command line, whatever its name looks like.
    ///   - earlier: a scan of the folder, whose Python need not be read again.
    /// - Returns: a deploy that has only to be run.
    /// - Throws: what the parser says of defaults, which is nothing.
    static func plain(_ folder: String, after earlier: ScanResult?) throws -> Deploy {
        var deploy = try Deploy.parse([])
        deploy.folder = folder
        deploy.earlier.value = earlier
        return deploy
    }

    func run() async throws {
        if let below = try DeployFolder.below(
            folder,
            config: connection.config,
            app: watch || cancel ? connection.app : nil
        ) {
            Output.warn("==> \(Output.harmless(below))/fly.toml")
            var deploy = self
            deploy.folder = below
            return try await deploy.run()
        }
        try await RoostClient.atHost { client in
            if watch || cancel {
                let rollout = try await Rollout.find(nil, of: try connection.appName(in: folder), client)
                return cancel ? try await takeBack(rollout, client) : try await show(rollout, client)
            }
            if flags.plan { return try await showPlan(client) }
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

    /// What would be done, without a build: nothing is changed, not even the app made.
    private func showPlan(_ client: RoostClient) async throws {
        let (app, _, config) = try wanted()
        var request = DeployRequest(config: config, manifest: nil, user: Person.current, lines: [:])
        request.options = try scope.options(highAvailability: ha)
        let plan = try await client.post(apiPath("apps", app, "rollouts", "plan"), request, as: RolloutPlan.self)
        if json { return try Output.json(plan) }
        print("\(app), strategy \(plan.strategy.rawValue)")
        print("  build the image, unless it is there")
        for step in plan.steps { print("  \(step)") }
        for gate in plan.gates ?? [] { print(gate) }
        for machine in plan.untouched ?? [] { print("no deploy changes \(machine), which takes requests too") }
        for pause in plan.pauses { print("pause: \(pause)") }
        if plan.pauses.isEmpty { print("nothing pauses") }
    }

    /// The app, its file, and the configuration with what the command line says.
    private func wanted() throws -> (app: String, project: ProjectConfig, config: AppConfig) {
        let project = try ProjectConfig.read(in: folder, config: connection.config)
        for warning in project.warnings { Output.warning("\(warning)") }
        guard let app = connection.app ?? ProcessInfo.processInfo.environment["FLY_APP"] ?? project.config.app else {
            let hint = "name it: -a NAME, or write app = \"NAME\" at the top of the file"
            throw Fault(.invalidConfig, "which app? \(project.path) has no app = \"NAME\"", hint: hint)
        }
        try App.validate(name: app)
        var config = project.config
        config.app = app
        try flags.apply(to: &config)
        try LocalFiles.read(into: &config, beside: project.path)
        return (app, project, config)
    }

    private func begin(_ client: RoostClient) async throws -> Rollout {
        // Before anything else is done: what is missing is missed at once.
        let secrets = try BuildSecrets.parse(
            buildSecret,
            environment: ProcessInfo.processInfo.environment,
            read: { try? String(contentsOfFile: $0, encoding: .utf8) }
        )
        let (app, project, asked) = try wanted()
        let options = try scope.options(highAvailability: ha)
        var config = asked
        if let dockerfile { config.build.dockerfile = dockerfile }
        let selection = try tryouts.selection()
        let isScanned = config.build.image == nil || selection != nil
        let scan = isScanned ? try await Scan.run(folder: folder, after: earlier.value) : nil
        // Before anything is missed that they bring.
        var set: [String] = []
        if let scan, let selection {
            set = try await TryoutMaker.make(selection, app: app, scan, client)
        }
        let revisions = try await migrations(app, config, scan, client)
        let (build, manifest) = try await prepare(app, &config, project.path, scan, client)
        // Only now: a project that can't be deployed leaves no app behind.
        try await client.ensure(app: app, owner: Person.current)
        try await FirstAddresses(client: client, app: app).apply(flags)
        var request = DeployRequest(
            config: config,
            manifest: manifest,
            user: Person.current,
            lines: project.lines
        )
        request.options = options
        request.revisions = revisions
        request.python = build?.python
        request.instead = build?.instead
        // Machines learn of new variables when they start.
        request.onlyIfChanged = ifChanged && set.isEmpty
        request.configFile = ConfigFile.name(of: project.path)
        if !secrets.values.isEmpty { request.buildSecrets = secrets }
        return try await DeployStart(client: client, app: app, patience: scope.lockWait?.duration.duration).run(request)
    }

    private func migrations(
        _ app: String,
        _ config: AppConfig,
        _ scan: ScanResult?,
        _ client: RoostClient
    ) async throws -> [String]? {
        guard config.build.image == nil, let scan else { return nil }
        return try await DeployMigrations(client: client, app: app, config: config, scan: scan)
            .check(allowed: scope.allowBreakingMigration)
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
        if case .native = build.way, let outer = OuterProject.find(above: folder, scan), outer.isNeeded {
            throw outer.fault()
        }
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
            _ = try await post("/v1/apps", ["name": app, "owner": owner], as: JSONValue.self)
            Output.warn("New app created: \(app)")
        }
    }
}
