import Model
import Toolkit

extension AuditContext {
    /// All that rules look at, from a finished scan.
    ///
    /// - Parameters:
    ///   - scan: with its facts; its folder is the whole of what was scanned, also when the app is a part of it.
    ///   - target: where the project will run; nil checks every file that is there.
    package init(_ scan: ScanContext, target: AuditTarget? = nil) {
        self.init(project: scan.project, facts: scan.facts, target: target ?? .roost, program: scan.program)
        isTargetGiven = target != nil
        facts.root = scan.root
        dockerfiles = Dictionary(scan.dockerfiles.map { ($0.path, $0) }) { first, _ in first }
        documents = DeployDocuments.read(scan)
        problems = Self.problems(of: scan)
        syntax = SyntaxProblem.find(in: scan)
        commands = scan.commands.isEmpty ? FoundCommands.collect(scan) : scan.commands
        // A library, a template or a collection has no image that production runs.
        let isWhole = facts.kind == .app || facts.kind == .empty
        if isWhole, let chosen = ProductionDockerfile.choose(in: scan), !isAside(chosen.file.path) {
            dockerfile = chosen.file
            stageLine = chosen.target.line
            buildFolder = DockerImages(scan, tree: ProjectTree(scan.project)).context(of: chosen.file)
        }
        if let declared = facts.existing.dockerContext, dockerfile?.path ?? "" == facts.existing.dockerfile ?? "" {
            buildFolder = declared
        }
        readConfig()
        machines = mostMachines
        workers = mostWorkers
    }

    /// A file of the app's own folder, from the scanned one: `fly.toml`, `backend/fly.toml`.
    func ownPath(_ name: String) -> String { facts.root.isEmpty ? name : "\(facts.root)/\(name)" }

    /// Whether a file is for tests, examples, documents or development.
    func isAside(_ path: String) -> Bool {
        switch CodeRole.of(path, root: facts.root) {
        case .test, .example: return true
        case .production, .migration, .script: break
        }
        let inner =
            facts.root.isEmpty || !path.hasPrefix(facts.root + "/")
            ? path : String(path.dropFirst(facts.root.count + 1))
        let folders = inner.lowercased().split(separator: "/").dropLast()
        return ProductionStage.isAsidePath(inner) || inner.contains("{{")
            || folders.contains { $0.hasSuffix("test") || $0.hasSuffix("tests") }
    }

    // MARK: - Private

    private mutating func readConfig() {
        let named = FlyFile.names.prefix(3)
        let candidates = [facts.existing.flyConfig].compactMap { $0 } + named.map(ownPath) + named
        let path = candidates.first { project.has($0) && FlyFile.isConfig($0, documents[$0]?.first) }
        guard let path else { return }
        configPath = path
        guard let root = documents[path]?.first else {
            return problems.append("\(path) can't be read")
        }
        do {
            config = try AppConfig.read(root, file: path, regions: []).config
        } catch {
            problems.append(error.message)
        }
    }

    /// What could not be looked at, of the files that decide.
    private static func problems(of scan: ScanContext) -> [String] {
        var problems: [String] = []
        if let warning = scan.python.warning { problems.append(warning) }
        if scan.project.files.isEmpty { problems.append("the folder holds no files") }
        return problems
            + scan.facts.warnings.compactMap { warning in
                guard let file = warning.place?.file, ComposeFile.isOne(file) || TreePath.name(of: file) == "fly.toml"
                else {
                    return nil
                }
                return warning.message
            }
    }

    /// The most that any of the files asks for.
    private var mostMachines: Int {
        var counts = [1]
        counts += (config.map { [$0.httpService].compactMap { $0 } + $0.services } ?? []).map {
            $0.settings.minMachinesRunning
        }
        for stack in stacks where stack.nature != .development {
            counts += stack.services.filter(\.isApp).compactMap { $0.node.at("deploy", "replicas")?.integer }
        }
        for object in cluster where object.isWorkload {
            counts += [object.node.at("spec", "replicas")?.integer].compactMap { $0 }
        }
        for object in cluster where object.kind == "HorizontalPodAutoscaler" {
            counts += [object.node.at("spec", "maxReplicas")?.integer].compactMap { $0 }
        }
        for service in cloudRunServices {
            let scale = service.at("spec", "template", "metadata", "annotations")?["autoscaling.knative.dev/maxScale"]
            counts += [scale?.integer].compactMap { $0 }
        }
        return max(1, counts.max() ?? 1)
    }

    /// As the production commands, the image or the configuration say.
    private var mostWorkers: Int {
        var counts = [facts.server?.workers ?? 1]
        counts += commands.filter(\.isProduction).compactMap {
            ServerCommand.parse($0.words, environment: $0.environment)?.workers
        }
        counts += [config?.env["WEB_CONCURRENCY"], image?.facts.environment["WEB_CONCURRENCY"]].compactMap { $0 }
            .compactMap { Int($0) }
        return max(1, counts.max() ?? 1)
    }
}
