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
        for service in (root["services"]?.entries ?? []).prefix(200) {
            guard service.node["command"] != nil || service.node["entrypoint"] != nil || service.node["build"] != nil
            else {
                continue
            }
            let origin = origin(of: service, among: root, path, images: images)
            let words = command(of: service.node, image: origin.image)
            guard let words else { continue }
            var here = origin
            here.place.line = words.line ?? origin.place.line
            reader.read(words.written, here)
        }
    }

    // MARK: - Private

    private static func origin(
        of service: ConfigNode.Entry,
        among root: ConfigNode,
        _ path: String,
        images: DockerImages
    ) -> CommandReader.Origin {
        let folder = TreePath.folder(of: path)
        var origin = CommandReader.Origin(
            .compose,
            Place(path, service.keyPosition.line),
            name: service.key,
            folder: folder
        )
        origin.isDevelopment = ProductionStage.isAsidePath(path) || ProductionStage.isAside(service.key)
        if let build = DeclaredBuilds.build(of: service.node, name: service.key, among: root, file: path) {
            origin.image = images.image(path: build.dockerfile, target: build.target, context: build.context)
            origin.folder = build.context
        }
        var files = ImageFiles(images.tree)
        for volume in service.node["volumes"]?.items ?? [] {
            guard let (source, target) = mount(volume) else { continue }
            let inProject = TreePath.joined(folder, source)
            if images.tree.has(inProject) { files.mount(inProject, at: target) }
        }
        origin.files = files
        let environment = Self.environment(service.node["environment"])
        origin.environment = (origin.image?.facts.variables ?? [:]).merging(environment) { _, new in new }
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
        let words = command.map(written)
        if let entrypoint {
            var first = written(entrypoint)
            // A line is taken apart as the command is; no shell takes part.
            if case .text(let text) = first, words != nil, let parts = try? Words.split(text) { first = .words(parts) }
            return (joined(first, words), line)
        }
        guard let own = image?.facts.entrypoint, own.exec != nil || words == nil else {
            return words.map { ($0, line) }
        }
        return (joined(own.exec.map { .words($0) } ?? .text(own.text), words), line)
    }

    private static func written(_ node: ConfigNode) -> CommandReader.Written {
        if let text = node.string { return .text(text) }
        return .words(node.items.compactMap(\.scalar))
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

    private static func mount(_ node: ConfigNode) -> (source: String, target: String)? {
        if let text = node.string {
            let parts = text.split(separator: ":").map(String.init)
            guard parts.count > 1, parts[0].hasPrefix("."), parts[1].hasPrefix("/") else { return nil }
            return (parts[0], parts[1])
        }
        guard let source = node["source"]?.string, let target = node["target"]?.string else { return nil }
        return source.hasPrefix(".") ? (source, target) : nil
    }

    /// A table, or a list of `NAME=value`.
    static func environment(_ node: ConfigNode?) -> [String: String] {
        var result: [String: String] = [:]
        for entry in node?.entries ?? [] {
            if let value = entry.node.scalar { result[entry.key] = Variables.expand(value) { _ in nil } }
        }
        for item in node?.items ?? [] {
            guard let text = item.string, let equals = text.firstIndex(of: "=") else { continue }
            result[String(text[..<equals])] = Variables.expand(text[text.index(after: equals)...]) { _ in nil }
        }
        return result.filter { !$0.value.contains("$") }
    }
}
