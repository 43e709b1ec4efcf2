import Model
import Toolkit

extension InstallCommand {
    /// The commands that install what production needs, the most telling first.
    ///
    /// Those of the production Dockerfile; without one, those of the platforms' build commands.
    static func production(in context: ScanContext) -> [InstallCommand] {
        var found: [InstallCommand] = []
        if let image = ProductionDockerfile.choose(in: context) {
            for run in image.runs {
                let shell = run.exec.map { $0.joined(separator: " ") } ?? run.text
                for text in [shell] + run.heredocs {
                    found += all(in: text, at: Place(image.file.path, run.line))
                }
            }
        }
        if !found.contains(where: { $0.weight > 1 }) { found += platform(context) }
        return found.enumerated().sorted { ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset) }.map(
            \.element
        )
    }

    // MARK: - Private

    private static func platform(_ context: ScanContext) -> [InstallCommand] {
        var found: [InstallCommand] = []
        for path in context.documents.keys.sorted() {
            let folder = TreePath.folder(of: path)
            guard TreePath.lies(context.root, in: folder), let root = context.document(path) else { continue }
            var commands: [ConfigNode] = []
            switch TreePath.name(of: path) {
            case "render.yaml":
                commands = (root["services"]?.items ?? [])
                    .filter { ($0["runtime"] ?? $0["env"])?.string == "python" }.compactMap { $0["buildCommand"] }
            case "railway.json", "railway.toml": commands = [root.at("build", "buildCommand")].compactMap { $0 }
            default: break
            }
            for command in commands {
                found += all(in: command.string ?? "", at: Place(path, command.position.line))
            }
        }
        return found
    }
}
