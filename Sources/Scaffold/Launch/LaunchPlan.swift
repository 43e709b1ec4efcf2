import Model
import Toolkit

/// What a launch will do to a project's folder: nothing is done by it, all is said by it.
package struct LaunchPlan: Equatable, Sendable {
    package enum Action: Equatable, Sendable {
        /// Writes a file that is not there.
        case create(Artefact)
        /// Leaves a file as it is.
        case keep(path: String, reason: String)
        /// Shows a change to a file that is there; it is made only when the user says so.
        case offer(CodePatch)
    }

    package var facts: Facts
    package var profile: FlyProfile
    /// The folder to deploy from: `fly.toml` is written there; relative to the scanned one.
    package var folder = ""
    /// All paths are relative to the scanned folder.
    package var actions: [Action] = []
    /// What the files can't express, and what was decided.
    package var notes: [String] = []
    /// What only the user knows.
    package var needed: [String] = []
    /// What has to be answered first; nil when all is clear.
    package var question: String?
    /// All that would be there if nothing were, for ``check(_:)``.
    private var generated: [Artefact] = []

    /// Decides what to write.
    ///
    /// - Parameters:
    ///   - facts: what the scan found.
    ///   - project: the scanned folder.
    ///   - python: its Python files, for changes to code; without them none is offered.
    ///   - options: what the user said.
    /// - Returns: the same plan for the same input.
    package static func make(
        _ facts: Facts,
        project: Project,
        python: PythonSources = PythonSources(),
        options: LaunchOptions = LaunchOptions()
    ) -> LaunchPlan {
        var plan = LaunchPlan(facts: facts, profile: options.profile)
        plan.question = question(facts)
        let hasStart = facts.entry != nil || facts.recipe != nil || facts.existing.dockerfile != nil
        guard facts.kind == .app, hasStart else { return plan }
        var known = settled(facts, project)
        var options = options
        let start = StartScript.read(known, project)
        plan.decideDockerfile(&options, known, start, project, python)
        if options.withoutDockerfile != nil {
            if case .read(let script) = start { options.startScript = script }
            known.existing.dockerfile = nil
            known.existing.dockerTarget = nil
            known.existing.dockerContext = nil
        }
        plan.folder = LaunchFolder.of(known)
        if let alone = plan.standIn(known, project, options) { known = alone }
        plan.writeFiles(known, project, options)
        // What is not whole is not for a patch to change.
        guard !facts.warnings.contains(where: { $0.isSyntax == true }) else { return plan }
        for patch in CodePatch.offered(facts, project: project, python: python) { plan.actions.append(.offer(patch)) }
        return plan
    }

    /// Says which files that roost has written are not what it would write today.
    ///
    /// - Parameter project: the scanned folder as it is now.
    /// - Returns: a sentence for each, in the order of their paths; files without our stamp are nobody's business.
    package func check(_ project: Project) -> [String] {
        // From a part of the code no word about what is needed would be true.
        let broken = facts.warnings.filter { $0.isSyntax == true }.map { Quoting.comment($0.message) }
        guard broken.isEmpty else { return broken }
        var result: [(path: String, text: String)] = []
        for artefact in generated {
            guard let text = project.text(artefact.path), Stamp.isIn(text) else { continue }
            guard Stamp.body(text) != Stamp.body(artefact.text) else { continue }
            let isSame = Stamp.line(in: text) == Stamp.line(in: artefact.text)
            let reason = isSame ? "was edited since roost wrote it" : "is out of date: the project has changed since"
            result.append((artefact.path, "\(Quoting.comment(artefact.path)) \(reason)"))
        }
        let wanted = Set(generated.map(\.path))
        for path in project.files where !wanted.contains(path) && Self.ownNames.contains(TreePath.name(of: path)) {
            guard let text = project.text(path), Stamp.isIn(text) else { continue }
            result.append((path, "\(Quoting.comment(path)) is not needed any more"))
        }
        return result.sorted { $0.path < $1.path }.map(\.text)
    }

    /// Changes to files that are there.
    package var offers: [CodePatch] {
        actions.compactMap { if case .offer(let patch) = $0 { patch } else { nil } }
    }

    // MARK: - Private

    private init(facts: Facts, profile: FlyProfile) {
        self.facts = facts
        self.profile = profile
    }

    private static let ownNames: Set<String> = [
        "Dockerfile", ".dockerignore", "fly.toml", ".env.example", "migrate.py",
    ]

    private static func question(_ facts: Facts) -> String? {
        guard facts.kind == .app, facts.recipe == nil else { return nil }
        if facts.entry?.confidence == .ambiguous, facts.roots.count > 1 {
            return "which of these apps: \(facts.roots.map { Quoting.comment($0.title) }.joined(separator: ", "))?"
        }
        let targets = facts.alternatives.map { Quoting.comment($0.target) }
        if let entry = facts.entry {
            guard entry.confidence == .ambiguous, !targets.isEmpty else { return nil }
            return "which is the app: \(([Quoting.comment(entry.target)] + targets).joined(separator: ", "))?"
        }
        guard facts.existing.dockerfile == nil else { return nil }
        return targets.isEmpty ? "what starts the app?" : "which is the app: \(targets.joined(separator: ", "))?"
    }

    /// Files of our own from an earlier launch are made anew, so they count as not there; a server's configuration that the
    /// image would not have counts as none.
    private static func settled(_ facts: Facts, _ project: Project) -> Facts {
        func isOwn(_ path: String?) -> Bool { path.flatMap { project.text($0) }.map { Stamp.isIn($0) } ?? false }
        var facts = facts
        if isOwn(facts.existing.dockerfile) {
            facts.existing.dockerfile = nil
            facts.existing.dockerTarget = nil
            facts.existing.dockerContext = nil
        }
        if isOwn(facts.existing.flyConfig) { facts.existing.flyConfig = nil }
        if isOwn(facts.existing.environmentExample) { facts.existing.environmentExample = nil }
        if let config = facts.server?.config, !project.has(TreePath.joined(facts.root, config)) {
            let isBelow = TreePath.lies(config, in: facts.root) && project.has(config) && !facts.root.isEmpty
            facts.server?.config = isBelow ? String(config.dropFirst(facts.root.count + 1)) : nil
        }
        return facts
    }

    /// Why an earlier launch decided against the project's Dockerfile: it stands in the file that it wrote.
    private static func earlierReason(_ facts: Facts, _ project: Project) -> String? {
        guard facts.existing.dockerfile != nil, let text = project.text(TreePath.joined(facts.root, "fly.toml")),
            Stamp.isIn(text)
        else { return nil }
        let lines = text.textLines
        guard let index = lines.firstIndex(of: #"  builder = "python""#), index > 0, lines[index - 1].hasPrefix("  # ")
        else { return nil }
        let reason = String(lines[index - 1].dropFirst(4))
        // What the project lacks is looked for anew.
        return [MissingCopy.word, MissingCode.word].contains(where: reason.contains) ? nil : reason
    }

    /// Whether the project's Dockerfile is done without: where it can't be built, and nothing is lost by it.
    private mutating func decideDockerfile(
        _ options: inout LaunchOptions,
        _ facts: Facts,
        _ start: StartScript.Reading,
        _ project: Project,
        _ python: PythonSources
    ) {
        let earlier = Self.earlierReason(facts, project)
        if case .unclear(let place) = start, earlier == nil {
            if let reason = options.withoutDockerfile {
                notes.append(
                    "\(reason); to build without it (builder = \"python\" in [build]), say in [processes] of fly.toml what "
                        + "\(Quoting.comment(place.description)) does at its start"
                )
            } else if let lack = Self.lack(facts, project, python) {
                notes.append("\(lack.text): \(lack.end)")
            }
            options.withoutDockerfile = nil
            return
        }
        if let reason = options.withoutDockerfile {
            options.withoutDockerfile = "\(reason), so it is built without it"
            return
        }
        options.withoutDockerfile = earlier
        guard earlier == nil, let lack = Self.lack(facts, project, python) else { return }
        if facts.entry != nil, let path = facts.existing.dockerfile, BuildWay.canDoWithout(path, facts, project) {
            options.withoutDockerfile = "\(lack.text), so it is built without it"
        } else {
            notes.append("\(lack.text): \(lack.end)")
        }
    }

    /// Why no image by the project's Dockerfile could start the app, and how such a build ends.
    private static func lack(
        _ facts: Facts,
        _ project: Project,
        _ python: PythonSources
    ) -> (text: String, end: String)? {
        if let copy = MissingCopy.first(facts, project) { return (copy.text, "a build by this file ends there") }
        return MissingCode.find(facts, project, python).map { ($0.text, "the app can't start in it") }
    }

    /// The facts with a SQLite file in the place of the database that nobody has given; nil when one is given or needed.
    private mutating func standIn(_ facts: Facts, _ project: Project, _ options: LaunchOptions) -> Facts? {
        guard !options.hasDatabase, facts.existing.flyConfig == nil, let alone = facts.withoutDatabase,
            let database = facts.database, let fallback = database.fallback, let variable = database.variable
        else { return nil }
        let earlier = project.text(TreePath.joined(folder, "fly.toml"))
        // An earlier launch was told of a database, and is not to be taken back.
        if let earlier, Stamp.isIn(earlier), !earlier.contains("[[mounts]]") { return nil }
        notes.append(
            "without \(variable) the app keeps its data in SQLite (\(Quoting.comment(fallback.place.description))), and "
                + "so it is launched"
        )
        let with = TryoutKind(database.engine).map { "roost launch --with \($0.rawValue) tries one out, " } ?? ""
        notes.append(
            "for \(database.engine.rawValue): \(with)roost secrets set \(variable) leads to yours; then take [[mounts]] and "
                + "\(variable) out of fly.toml"
        )
        return alone
    }

    private mutating func writeFiles(_ facts: Facts, _ project: Project, _ options: LaunchOptions) {
        let script = Self.scriptPath(facts, project)
        var image = GeneratedImageOptions()
        image.stamp = options.stamp
        image.port = options.port
        image.contents = ImageContents.read(facts, project)
        image.migrateScript = script
        var fly = FlyConfigOptions()
        fly.profile = options.profile
        fly.app = options.name
        fly.region = options.region
        fly.port = options.port
        fly.stamp = options.stamp
        let kept = KeptImage(facts, project)
        let dockerfile = TreePath.joined(folder, "Dockerfile")
        let isTaken = project.text(dockerfile).map { !Stamp.isIn($0) } ?? false
        // Where ours can be written it stands for the build without one.
        fly.withoutDockerfile = isTaken ? options.withoutDockerfile : nil
        fly.workingDirectory = kept?.workingDirectory
        fly.webCommand = kept?.missingCommand(facts, port: options.port)
        fly.migrations = kept?.migrations(facts) ?? .project
        if let place = MigrationAddress.fixed(facts, project) { fly.migrations = .elsewhere(place) }
        fly.wrapper = kept?.wrapper ?? []
        fly.imagePath = kept?.importPath
        fly.given = kept?.environmentNames ?? []
        fly.composeValues = ComposeValues(self.facts, project)
        fly.fixedFile = MigrationAddress.fixedFile(facts, project)
        fly.imageCommand = kept?.startCommand
        fly.startScript = options.startScript
        if fly.webCommand != nil { fly.importPath = kept?.importPath(facts) }
        // An image that is not ours may not hold the script.
        let makesScript = script.map { MigrateScript.make(facts, stamp: "", path: $0) != nil } ?? false
        fly.migrateScript = facts.existing.dockerfile == nil && makesScript ? script : nil
        let files = DockerfileGenerator.make(facts, image)
        let config = FlyConfigGenerator.make(facts, fly)
        notes += (kept == nil ? files.notes : []) + config.notes + (kept?.notes(facts) ?? [])
        if let note = CommittedDatabase.note(facts, project, fly) { notes.append(note) }
        needed = config.needed
        // What stands in for a database in these files is not what the app is for.
        if let services = TryoutPlan.hint(self.facts) {
            needed.append("\(services): for trying out, throw-away ones are made by roost launch --with \(services)")
        }
        if let reason = options.withoutDockerfile { notes.append(reason) }
        if let path = facts.existing.dockerfile { actions.append(.keep(path: path, reason: "the project's own")) }
        for artefact in files.files { add(artefact, in: folder, project) }
        if let path = facts.existing.flyConfig {
            keepConfig(path, facts, fly, project)
        } else {
            for artefact in config.files { add(artefact, in: folder, project) }
        }
        if let example = EnvironmentExample.make(facts, stamp: options.stamp) { add(example, in: folder, project) }
    }

    /// Beside a script of that name that is the project's own, ours goes into a folder.
    private static func scriptPath(_ facts: Facts, _ project: Project) -> String? {
        let usual = TreePath.joined(facts.root, MigrateScript.defaultPath)
        guard let text = project.text(usual), !Stamp.isIn(text) else { return MigrateScript.defaultPath }
        return "roost/" + MigrateScript.defaultPath
    }

    private mutating func add(_ artefact: Artefact, in folder: String, _ project: Project) {
        var artefact = artefact
        artefact.path = TreePath.joined(folder, artefact.path)
        generated.append(artefact)
        guard project.has(artefact.path) else { return actions.append(.create(artefact)) }
        guard let old = project.text(artefact.path), Stamp.isIn(old) else {
            return actions.append(.keep(path: artefact.path, reason: "the project's own"))
        }
        guard Stamp.body(old) != Stamp.body(artefact.text) else {
            return actions.append(.keep(path: artefact.path, reason: "up to date"))
        }
        let diff = UnifiedDiff.make(old: old, new: artefact.text, path: artefact.path)
        actions.append(
            .offer(
                CodePatch(
                    title: "as roost would write it now",
                    rules: [],
                    path: artefact.path,
                    diff: diff,
                    text: artefact.text
                )
            )
        )
    }

    private mutating func keepConfig(_ path: String, _ facts: Facts, _ options: FlyConfigOptions, _ project: Project) {
        actions.append(.keep(path: path, reason: "the project's own"))
        guard let old = project.text(path) else { return }
        let offer = FlyConfigOffer(
            old,
            path: path,
            FlyValues(facts, options),
            regions: Set([options.region].compactMap { $0 })
        )
        notes += offer.notes
        needed.removeAll { offer.names.contains(String($0.prefix { $0 != " " && $0 != ":" })) }
        guard let text = offer.text else { return }
        let diff = UnifiedDiff.make(old: old, new: text, path: path)
        actions.append(
            .offer(CodePatch(title: "what it lacks", rules: ["S10", "A06"], path: path, diff: diff, text: text))
        )
    }
}
