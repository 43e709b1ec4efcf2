import Model
import Toolkit

/// Compose files: which they are, and the commands of their services.
enum ComposeFile {
    /// `compose.yaml`, `docker-compose.prod.yml`, `docker-compose-dev.yaml`.
    static func isOne(_ path: String) -> Bool {
        let name = TreePath.name(of: path).lowercased()
        guard name.hasSuffix(".yml") || name.hasSuffix(".yaml") else { return false }
        if isStack(path, name) { return true }
        return name.hasPrefix("docker-compose") || name.hasPrefix("compose.") || name.hasPrefix("compose-")
            || name.hasPrefix("docker_compose") || name.hasSuffix(".compose.yml") || name.hasSuffix("-compose.yml")
    }

    /// `production.yml` beside `local.yml`, as generators of projects name them; elsewhere such files are something else.
    private static func isStack(_ path: String, _ name: String) -> Bool {
        let stem = name.prefix { $0 != "." }
        guard ["production", "prod", "staging", "local"].contains(stem) else { return false }
        let folder = TreePath.name(of: TreePath.folder(of: path)).lowercased()
        return ["", "docker", "compose", "deploy", "deployment"].contains(folder)
    }

    static func read(_ root: ConfigNode, _ path: String, images: DockerImages, into reader: inout CommandReader) {
        let compose = Compose(root, path: path)
        for service in compose.services
        where ["command", "entrypoint", "build"].contains(where: { service.node[$0] != nil }) {
            let origin = origin(of: service, in: compose, images: images)
            let words = command(of: service.node, image: origin.image)
            guard let words else { continue }
            var here = origin
            here.place.line = words.line ?? origin.place.line
            reader.read(words.written, here)
        }
    }

    // MARK: - Private

    private static func origin(
        of service: Compose.Service,
        in compose: Compose,
        images: DockerImages
    ) -> CommandReader.Origin {
        let folder = TreePath.folder(of: compose.path)
        var origin = CommandReader.Origin(
            .compose,
            Place(compose.path, service.line),
            name: service.name,
            folder: folder
        )
        origin.isDevelopment = ProductionStage.isAsidePath(compose.path) || ProductionStage.isAside(service.name)
        if let build = compose.build(of: service) {
            origin.image = images.image(path: build.dockerfile, target: build.target, context: build.context)
            origin.folder = build.context
        }
        var files = ImageFiles(images.tree)
        for volume in service.volumes where volume.target.hasPrefix("/") {
            guard let source = volume.source, source.hasPrefix(".") else { continue }
            let inProject = TreePath.joined(folder, source)
            if images.tree.has(inProject) { files.mount(inProject, at: volume.target) }
        }
        origin.files = files
        let variables = origin.image?.facts.variables ?? [:]
        origin.environment = variables.merging(service.knownEnvironment) { _, new in new }
        origin.imageFolder = service.node["working_dir"]?.string ?? origin.image?.facts.workingDirectory
        if let inImage = origin.imageFolder {
            let mapped = files.folder(inImage) ?? origin.image?.files.folder(inImage)
            origin.folder = mapped ?? origin.folder
        }
        return origin
    }

    /// What the service starts: its own words, put together with those of its image.
    private static func command(
        of service: ConfigNode,
        image: DockerImages.Image?
    ) -> (written: CommandReader.Written, line: Int?)? {
        let command = service["command"]
        let entrypoint = service["entrypoint"]
        // A service without words of its own starts what its image does, which is read there.
        guard let line = (command ?? entrypoint)?.position.line else { return nil }
        let words = command.map(Compose.written)
        if let entrypoint {
            var first = Compose.written(entrypoint)
            // A line is taken apart as the command is; no shell takes part.
            if case .text(let text) = first, words != nil, let parts = try? Words.split(text) { first = .words(parts) }
            return (joined(first, words), line)
        }
        guard let own = image?.facts.entrypoint, own.exec != nil || words == nil else {
            return words.map { ($0, line) }
        }
        return (joined(own.exec.map { .words($0) } ?? .text(own.text), words), line)
    }

    private static func joined(
        _ first: CommandReader.Written,
        _ second: CommandReader.Written?
    ) -> CommandReader.Written {
        guard case .words(let head) = first else { return first }
        switch second {
        case .words(let tail): return .words(head + tail)
        case .text(let text):
            // Compose splits text into words itself; no shell takes part.
            let tail = (try? Words.split(text)) ?? text.split(separator: " ").map(String.init)
            return .words(head + tail)
        case nil: return first
        }
    }
}
