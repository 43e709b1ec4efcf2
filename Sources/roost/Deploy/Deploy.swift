import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct Deploy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Build the project, roll it out behind health checks.",
        discussion: "The server owns the roll-out: it goes on when this command ends, and `--watch` finds it again."
    )

    @OptionGroup var connection: Connection
    @Argument(help: "The project's folder.") var folder = "."
    @Flag(help: "Watch the deploy that is under way, or show how the last one went.") var watch = false
    @Flag(help: "Cancel the deploy that is under way; what it changed is put back.") var cancel = false
    @Flag(help: "Start the deploy and return at once.") var detach = false
    @Flag(help: "Do nothing when image and configuration are what runs already.") var ifChanged = false
    @Flag(help: "Refuse to deploy when the audit finds what will fail (severity E).") var strict = false
    @Flag(help: "Leave the audit out.") var noAudit = false
    @Flag(inversion: .prefixedNo, help: "Two Machines for a new group with services and no volume.") var ha = true

    func run() async throws {
        try await RoostClient.with(socketPath: Connection.socketPath) { client in
            if watch || cancel {
                let app = try connection.appName()
                let rollout = try await last(client, app)
                if cancel { return try await client.post(apiPath("apps", app, "rollouts", rollout.id, "cancel")) }
                return try await DeployWatch(client: client).follow(rollout)
            }
            let rollout = try await begin(client)
            if detach { return print("deploy \(rollout.id) is under way: roost deploy --watch -a \(rollout.app)") }
            try await DeployWatch(client: client).follow(rollout)
        }
    }

    // MARK: - Private

    private func last(_ client: RoostClient, _ app: String) async throws -> Rollout {
        let all = try await client.get(apiPath("apps", app, "rollouts"), as: [Rollout].self)
        guard let rollout = all.last else { throw Fault(.rolloutNotFound, "\(app) was never deployed") }
        return rollout
    }

    private func begin(_ client: RoostClient) async throws -> Rollout {
        let project = try ProjectConfig.read(in: folder, config: connection.config)
        for warning in project.warnings { Output.warn("Warning: \(warning)") }
        guard let app = connection.app ?? ProcessInfo.processInfo.environment["FLY_APP"] ?? project.config.app else {
            throw Fault(.invalidConfig, "\(project.path) names no app", hint: "add app = \"my-app\" at its top")
        }
        try App.validate(name: app)
        if project.config.deploy.strategy != .rolling {
            let name = project.config.deploy.strategy.rawValue
            Output.warn("Warning: [deploy] strategy \"\(name)\" is not there yet; this deploy is a rolling one")
        }
        var config = project.config
        config.app = app
        if config.build.image == nil, !noAudit { try await DeployAudit(folder: folder).check(strict: strict) }
        var manifest: SourceManifest?
        if config.build.image == nil {
            let files = try BuildFiles.find(config.build, in: folder, config: project.path)
            if config.build.dockerfile != nil { config.build.dockerfile = files.dockerfile }
            config.build.ignorefile = files.ignoreFile == ".dockerignore" ? nil : files.ignoreFile
            try await BasesCheck(client: client, folder: folder, build: config.build).run(files.dockerfile)
            manifest = try await SourceUpload(client: client, folder: folder, files: files).run()
        }
        // Only now: a project that can't be deployed leaves no app behind.
        try await client.ensure(app: app, owner: Person.current)
        var request = DeployRequest(
            config: config,
            manifest: manifest,
            user: Person.current,
            lines: project.lines,
            highAvailability: ha
        )
        request.onlyIfChanged = ifChanged
        request.configFile = ConfigFile.name(of: project.path)
        return try await client.post(apiPath("apps", app, "rollouts"), request, as: Rollout.self)
    }
}

extension RoostClient {
    /// Makes the app when it is not there yet.
    func ensure(app: String, owner: String) async throws {
        do {
            _ = try await get(apiPath("apps", app), as: AppView.self)
        } catch let fault as Fault where fault.code == .appNotFound {
            _ = try await post("/v1/apps", ["name": app, "owner": owner], as: AppView.self)
            print("New app created: \(app)")
        }
    }
}
