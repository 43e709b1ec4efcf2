import Model
import Toolkit

/// The image that the project's own Dockerfile makes.
struct KeptImage {
    private let path: String
    private let image: Dockerfile.Image
    private let passes: PassedOn
    private let project: Project

    /// Nil when there is none, or when it can't be read.
    init?(_ facts: Facts, _ project: Project) {
        guard let path = facts.existing.dockerfile, let text = project.text(path) else { return nil }
        let file = Dockerfile.parse(text, path: path)
        guard let stage = file.stage(target: facts.existing.dockerTarget) else { return nil }
        self.path = path
        self.project = project
        image = file.image(of: stage)
        let context = facts.existing.dockerContext ?? TreePath.folder(of: path)
        let files = ImageFiles(ProjectTree(project), of: stage, in: file, context: context)
        passes = PassedOn(files, folder: image.workingDirectory)
    }

    /// Its last `WORKDIR`; nil when a `fly.toml` can't hold it.
    var workingDirectory: String? {
        let folder = "/" + TreePath.joined("", image.workingDirectory)
        return folder != "/" && Quoting.isPlainPath(folder) ? folder : nil
    }

    /// The words that start the app in an image that would start nothing of it: those of the Compose file that runs this
    /// image, else the server's own.
    func missingCommand(_ facts: Facts, port: Int?) -> [String]? {
        guard startsNothing, facts.recipe == nil, facts.entry != nil else { return nil }
        if port == nil, let words = composeCommand(facts) { return words }
        let port = port ?? ServerStart.port(facts)
        let words = ServerStart(facts, port: port, minor: BaseImage(facts.python?.chosen).minor).command
        guard !words.isEmpty else { return nil }
        return StartCommand.listening(words, port: port).words(host: "0.0.0.0", port: port)
    }

    /// Where the server's command stands, when the image has another one.
    func notes(_ facts: Facts) -> [String] {
        if startsNothing {
            let lack =
                image.entrypoint == nil ? "has no CMD" : "has an ENTRYPOINT that starts what it is given, and no CMD"
            return [
                "\(Quoting.comment(path)) \(lack): fly.toml says how the app starts; see that the image has the server"
            ]
        }
        let own = [image.command, image.entrypoint].compactMap { $0?.text }.joined(separator: " ")
        let places = facts.server?.evidence.map(\.place) ?? []
        guard let place = places.first, !places.contains(where: { $0.file == path }),
            !places.contains(where: { own.contains(TreePath.name(of: $0.file)) })
        else { return [] }
        return [
            "the server is started by \(place), and fly.toml by the image's own command (\(Quoting.comment(own))): "
                + "see that it is the same, or say it in [processes]"
        ]
    }

    // MARK: - Private

    /// What a base image starts by itself, a shell or an interpreter, is no app; and an `ENTRYPOINT` takes away the `CMD`
    /// of the base image.
    private var startsNothing: Bool {
        if let command = image.command { return command.exec.map(PassedOn.isIdle) ?? false }
        if let entrypoint = image.entrypoint { return entrypoint.exec.map(passes.isOnlyPassed) ?? false }
        let name = image.base.split(separator: "/").last ?? ""
        return ["python", "debian", "ubuntu", "alpine", "micromamba", "miniconda3"].contains {
            name == $0 || name.hasPrefix($0 + ":") || name.hasPrefix($0 + "@")
        }
    }

    /// The command of the service that runs this image and from which the entry point is known.
    private func composeCommand(_ facts: Facts) -> [String]? {
        let places = (facts.entry?.evidence ?? []).map(\.place)
        for path in facts.existing.compose {
            let lines = Set(places.filter { $0.file == path }.compactMap(\.line))
            guard !lines.isEmpty, let text = project.text(path),
                let root = try? ConfigFormat(path: path).parse(Array(text.utf8), file: path)
            else { continue }
            for service in root["services"]?.entries ?? [] {
                guard let command = service.node["command"], lines.contains(command.position.line),
                    DeclaredBuilds.build(of: service.node, name: service.key, among: root, file: path)?.dockerfile
                        == self.path
                else { continue }
                let line = ComposeService(service.key, service.node).command
                guard let words = line.flatMap({ try? Words.split($0) }), !words.isEmpty else { continue }
                // A file for development reloads; and no shell would fill in a variable.
                if words.contains("--reload") || words.contains(where: { $0.contains("$") }) { continue }
                return words
            }
        }
        return nil
    }
}
