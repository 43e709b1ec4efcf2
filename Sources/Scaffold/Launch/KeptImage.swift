import Model
import Toolkit

/// The image that the project's own Dockerfile makes.
struct KeptImage {
    private let path: String
    private let image: Dockerfile.Image

    /// Nil when there is none, or when it can't be read.
    init?(_ facts: Facts, _ project: Project) {
        guard let path = facts.existing.dockerfile, let text = project.text(path) else { return nil }
        let file = Dockerfile.parse(text, path: path)
        guard let stage = file.stage(target: facts.existing.dockerTarget) else { return nil }
        self.path = path
        image = file.image(of: stage)
    }

    /// Its last `WORKDIR`; nil when a `fly.toml` can't hold it.
    var workingDirectory: String? {
        let folder = "/" + TreePath.joined("", image.workingDirectory)
        return folder != "/" && Quoting.isPlainPath(folder) ? folder : nil
    }

    /// The server's words, for an image that would start nothing of the app.
    func missingCommand(_ facts: Facts, port: Int?) -> [String]? {
        guard startsNothing, facts.recipe == nil, facts.entry != nil else { return nil }
        let port = port ?? ServerStart.port(facts)
        let words = ServerStart(facts, port: port, minor: BaseImage(facts.python?.chosen).minor).command
        guard !words.isEmpty else { return nil }
        return StartCommand.listening(words, port: port).words(host: "0.0.0.0", port: port)
    }

    /// Where the server's command stands, when the image has another one.
    func notes(_ facts: Facts) -> [String] {
        if startsNothing {
            return [
                "\(Quoting.comment(path)) has no CMD: fly.toml says how the app starts; see that the image has the server"
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

    /// What a base image starts by itself, a shell or an interpreter, is no app.
    private var startsNothing: Bool {
        guard image.command == nil, image.entrypoint == nil else { return false }
        let name = image.base.split(separator: "/").last ?? ""
        return ["python", "debian", "ubuntu", "alpine", "micromamba", "miniconda3"].contains {
            name == $0 || name.hasPrefix($0 + ":") || name.hasPrefix($0 + "@")
        }
    }
}
