package import Model
import Toolkit

/// What an app wants before it starts and nobody has given it, as far as a deploy can know.
package struct MissingNeeds: Equatable, Sendable {
    /// No Machine could start without these.
    package var certain: [Need] = []
    /// The app may start without these.
    package var expected: [Need] = []

    /// Looks for them.
    ///
    /// - Parameters:
    ///   - scan: of the folder that is deployed.
    ///   - config: its configuration: `[env]`, and which image is built how.
    ///   - known: names that are set elsewhere.
    package init(_ scan: ScanResult, _ config: AppConfig, known: Set<String>) {
        let facts = scan.facts
        guard facts.kind == .app, facts.recipe == nil else { return }
        let given = known.union(config.env.keys).union(Self.ofImage(scan, config)).union(
            Self.ofFiles(scan.context.project)
        )
        let needs = facts.needs.filter { $0.level > .optional && !given.contains($0.name) }
        // Names match without regard to case for settings of pydantic.
        let upper = Set(given.map { $0.uppercased() })
        let left = needs.filter { !upper.contains($0.name.uppercased()) }
        let isSure = Self.startsEntry(facts, config) && facts.roots.count < 2
        certain = isSure ? left.filter { $0.level == .certain } : []
        expected = left.filter { need in !certain.contains(need) }
    }

    // MARK: - Private

    /// What files such as `config/app.env` set, which are in the image; those that begin with a dot never are.
    private static func ofFiles(_ project: Project) -> Set<String> {
        let paths = project.files.filter { path in
            let name = TreePath.name(of: path)
            return name.hasSuffix(".env") && !name.hasPrefix(".") && !EnvironmentFiles.isExample(name)
        }
        return Set(paths.prefix(20).flatMap { EnvironmentFiles.assignments(project.text($0) ?? "").map(\.name) })
    }

    /// What the Dockerfile and the scripts that it starts set.
    private static func ofImage(_ scan: ScanResult, _ config: AppConfig) -> Set<String> {
        guard config.build.builder == nil else { return [] }
        let path = TreePath.joined("", config.build.dockerfile ?? "Dockerfile")
        guard let text = scan.context.project.text(path) else { return [] }
        let file = Dockerfile.parse(text, path: path)
        guard let stage = file.stage(target: config.build.target) else { return [] }
        var names = file.image(of: stage).given
        for command in scan.context.commands where command.dockerfile == path {
            names.formUnion(command.environment.keys)
        }
        return names
    }

    /// Whether a process of the configuration starts the app that was found.
    private static func startsEntry(_ facts: Facts, _ config: AppConfig) -> Bool {
        guard let entry = facts.entry, entry.confidence != .ambiguous else { return false }
        let commands = config.processes.values.filter { !$0.isEmpty }
        guard !commands.isEmpty, config.overrides.exec == nil else { return config.overrides.exec == nil }
        let module = entry.module
        let file = module.split(separator: ".").joined(separator: "/")
        return config.processes.values.contains { words in
            words.isEmpty
                || words.contains { word in
                    word == entry.target || word.contains(module) || word.contains(file)
                }
        }
    }
}
