import ArgumentParser
import Foundation
import Model
import Scaffold
import Toolkit

/// What a user may say about a launch that nobody can know.
struct LaunchChoices: ParsableArguments {
    @Option(help: "The app's name; the project's own if left out.") var name: String?
    @Option(name: [.short, .long], help: "The region for its Machines.") var region: String?
    @Option(help: "development, staging or production.") var profile = FlyProfile.production
    @Option(help: "The port that the app listens on.") var internalPort: Int?
    @Option(help: "The app's folder in a tree of several.") var root: String?
    @Option(help: "What the server imports, module:attribute, when it can't be told.") var entry: String?

    func validate() throws {
        if let internalPort, !(1...65_535).contains(internalPort) {
            throw ValidationError("--internal-port takes 1 to 65535")
        }
        if let entry, entry.wholeMatch(of: /[\w.]+:[\w.]+/) == nil {
            throw ValidationError("--entry takes module:attribute, for example app.main:app")
        }
    }

    /// What is to be written; `withoutDockerfile` says why the project's own Dockerfile is of no use on the server, `tryouts`
    /// what the app will be given.
    func plan(
        _ scan: ScanResult,
        withoutDockerfile: String? = nil,
        tryouts: TryoutSelection? = nil
    ) throws -> LaunchPlan {
        if let name { try App.validate(name: name) }
        var facts = scan.facts
        if let entry {
            var chosen = Facts.Entry(kind: .app, target: entry, confidence: .certain)
            chosen.importRoot =
                facts.alternatives.first { $0.target == entry }?.importRoot ?? facts.entry?.importRoot ?? ""
            chosen.evidence = [.init(Place("--entry"), entry)]
            facts.entry = chosen
            facts.kind = .app
            facts.framework = facts.framework ?? .asgi
        }
        var options = LaunchOptions()
        options.profile = profile
        options.name = name
        options.region = region
        options.port = internalPort
        options.withoutDockerfile = withoutDockerfile
        options.hasDatabase = tryouts.map { TryoutPlan.givesDatabase($0, scan) } ?? false
        options.stamp = try FactsStamp.text(facts)
        return LaunchPlan.make(facts, project: scan.context.project, python: scan.context.python, options: options)
    }
}

extension FlyProfile: ExpressibleByArgument {}

/// What `--json` prints.
struct LaunchOutput: Encodable {
    var facts: Facts
    /// Files that would be created.
    var files: [Artefact] = []
    /// Paths that stay as they are, with the reason.
    var kept: [String: String] = [:]
    /// Changes that are offered, as diffs.
    var offered: [String] = []
    var notes: [String]
    var needed: [String]
    var question: String?
    /// Files of an earlier launch that are out of date.
    var stale: [String]

    init(_ plan: LaunchPlan, project: Project) {
        facts = plan.facts
        notes = plan.notes
        needed = plan.needed
        question = plan.question
        stale = plan.check(project)
        for action in plan.actions {
            switch action {
            case .create(let file): files.append(file)
            case .keep(let path, let reason): kept[path] = reason
            case .offer(let patch): offered.append(patch.diff)
            }
        }
    }
}

/// The configuration that a probe starts from: the one that is there, or the one that would be written.
enum ProbeConfig {
    static func make(_ plan: LaunchPlan, _ project: Project) throws -> AppConfig {
        let folder = plan.facts.root.isEmpty ? "" : plan.facts.root + "/"
        var name = ConfigFile.names.first { project.has(folder + $0) } ?? "fly.toml"
        var text = project.text(folder + name)
        for case .create(let file) in plan.actions where file.path.hasSuffix("fly.toml") {
            name = "fly.toml"
            text = file.text
        }
        guard let text else { throw Fault(.unsupported, "there is no fly.toml to try out, and none can be made") }
        var config = try ProjectConfig.parse(text, name: name).config
        if let dockerfile = config.build.dockerfile, !project.has(folder + dockerfile) {
            // It is not written yet; the native build needs none, and starts the command that would stand in it.
            config.build.dockerfile = nil
        }
        return config
    }
}
