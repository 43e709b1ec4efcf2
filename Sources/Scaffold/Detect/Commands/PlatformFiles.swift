import Model
import Toolkit

/// The commands in files of platforms: fly, Render, Railway, App Engine, Cloud Build, Heroku, Kubernetes.
enum PlatformFiles {
    static func read(_ root: ConfigNode, _ path: String, images: DockerImages, into reader: inout CommandReader) {
        let name = TreePath.name(of: path)
        switch name {
        case "render.yaml", "render.yml": render(root, path, images: images, into: &reader)
        case "railway.json", "railway.toml": railway(root, path, into: &reader)
        case "nixpacks.toml": text(root.at("start", "cmd"), .railway, path, name: "web", into: &reader)
        case "app.yaml", "app.yml": appYAML(root, path, into: &reader)
        case "apprunner.yaml": text(root.at("run", "command"), .appYAML, path, name: "web", into: &reader)
        case ".platform.app.yaml": text(root.at("web", "commands", "start"), .appYAML, path, name: "web", into: &reader)
        case "app.json":
            text(root.at("scripts", "postdeploy"), .heroku, path, name: "postdeploy", into: &reader)
        case "heroku.yml", "heroku.yaml":
            for entry in root["run"]?.entries ?? [] {
                text(entry.node["command"]?.items.first ?? entry.node, .heroku, path, name: entry.key, into: &reader)
            }
            text(root.at("release", "command")?.items.first, .heroku, path, name: "release", into: &reader)
        case _ where FlyFile.isOne(path): fly(root, path, images: images, into: &reader)
        case _ where name.hasPrefix("cloudbuild"): cloudBuild(root, path, into: &reader)
        default: break
        }
    }

    /// `containers` of any object, wherever they stand.
    static func kubernetes(_ root: ConfigNode, _ path: String, images: DockerImages, into reader: inout CommandReader) {
        guard root["apiVersion"] != nil, let kind = root["kind"]?.string else { return }
        let pods = [
            root["spec"], root.at("spec", "template", "spec"),
            root.at("spec", "jobTemplate", "spec", "template", "spec"),
        ]
        for pod in pods.compactMap({ $0 }) {
            for key in ["initContainers", "containers"] {
                for container in pod[key]?.items ?? [] {
                    let words = (container["command"]?.items ?? []) + (container["args"]?.items ?? [])
                    guard !words.isEmpty else { continue }
                    let line = (container["command"] ?? container["args"])?.position.line
                    var origin = CommandReader.Origin(.kubernetes, Place(path, line), name: container["name"]?.string)
                    origin.isProduction = kind == "Deployment" && key == "containers"
                    origin.isDevelopment = ProductionStage.isAsidePath(path)
                    origin.imageFolder = container["workingDir"]?.string
                    for variable in container["env"]?.items ?? [] {
                        if let name = variable["name"]?.string, let value = variable["value"]?.scalar {
                            origin.environment[name] = value
                        }
                    }
                    reader.read(.words(words.compactMap(\.scalar)), origin)
                }
            }
        }
    }

    // MARK: - Private

    private static func text(
        _ node: ConfigNode?,
        _ source: FoundCommand.Source,
        _ path: String,
        name: String,
        into reader: inout CommandReader
    ) {
        guard let node, let text = node.string else { return }
        let folder = TreePath.folder(of: path)
        var origin = CommandReader.Origin(source, Place(path, node.position.line), name: name, folder: folder)
        origin.isProduction = name == "web"
        reader.read(.text(text), origin)
    }

    private static func fly(
        _ root: ConfigNode,
        _ path: String,
        images: DockerImages,
        into reader: inout CommandReader
    ) {
        let folder = TreePath.folder(of: path)
        let isAside = ProductionStage.isAside(TreePath.name(of: path))
        let file = TreePath.joined(folder, root.at("build", "dockerfile")?.string ?? "Dockerfile")
        let image = images.image(path: file, target: root.at("build", "build-target")?.string, context: nil)
        func add(_ node: ConfigNode, name: String) {
            guard let text = node.string else { return }
            var origin = CommandReader.Origin(
                .fly,
                Place(path, node.position.line),
                name: name,
                folder: image?.folder ?? folder
            )
            origin.image = image
            origin.imageFolder = image?.facts.workingDirectory
            origin.environment = image?.facts.variables ?? [:]
            for entry in root["env"]?.entries ?? [] { origin.environment[entry.key] = entry.node.scalar }
            origin.isDevelopment = isAside
            origin.isProduction = ["app", "web"].contains(name)
            reader.read(.text(text), origin)
        }
        for entry in root["processes"]?.entries ?? [] { add(entry.node, name: entry.key) }
        if let release = root.at("deploy", "release_command") { add(release, name: "release") }
        if let command = root.at("experimental", "cmd"), let text = command.string ?? joined(command) {
            add(ConfigNode(.string(text), at: command.position), name: "app")
        }
    }

    private static func joined(_ node: ConfigNode) -> String? {
        let words = node.items.compactMap(\.string)
        return words.isEmpty ? nil : words.joined(separator: " ")
    }

    private static func render(
        _ root: ConfigNode,
        _ path: String,
        images: DockerImages,
        into reader: inout CommandReader
    ) {
        for service in root["services"]?.items ?? [] {
            let type = service["type"]?.string ?? "web"
            let folder = TreePath.joined(TreePath.folder(of: path), service["rootDir"]?.string ?? "")
            var origin = CommandReader.Origin(
                .render,
                Place(path, service.position.line),
                name: service["name"]?.string ?? type,
                folder: folder
            )
            origin.isProduction = type == "web"
            if let file = service["dockerfilePath"]?.string {
                let context = TreePath.joined(folder, service["dockerContext"]?.string ?? ".")
                origin.image = images.image(path: TreePath.joined(folder, file), target: nil, context: context)
                origin.imageFolder = origin.image?.facts.workingDirectory
                origin.folder = origin.image?.folder ?? context
                origin.environment = origin.image?.facts.variables ?? [:]
            }
            for variable in service["envVars"]?.items ?? [] {
                if let name = variable["key"]?.string, let value = variable["value"]?.scalar {
                    origin.environment[name] = value
                }
            }
            for key in ["startCommand", "dockerCommand", "preDeployCommand", "initialDeployHook"] {
                guard let node = service[key], let text = node.string else { continue }
                var here = origin
                here.place.line = node.position.line
                if key != "startCommand", key != "dockerCommand" {
                    here.name = "release"
                    here.isProduction = false
                }
                reader.read(.text(text), here)
            }
        }
    }

    private static func railway(_ root: ConfigNode, _ path: String, into reader: inout CommandReader) {
        text(root.at("deploy", "startCommand"), .railway, path, name: "web", into: &reader)
        guard let release = root.at("deploy", "preDeployCommand") else { return }
        text(release.items.first ?? release, .railway, path, name: "release", into: &reader)
    }

    private static func appYAML(_ root: ConfigNode, _ path: String, into reader: inout CommandReader) {
        // App Engine has `entrypoint`, App Platform of DigitalOcean has `services` with `run_command`.
        text(root["entrypoint"], .appYAML, path, name: "web", into: &reader)
        for (key, isWeb) in [("services", true), ("workers", false), ("jobs", false)] {
            for item in root[key]?.items ?? [] {
                guard let node = item["run_command"], let text = node.string else { continue }
                let folder = TreePath.joined("", item["source_dir"]?.string ?? "")
                let name = item["name"]?.string ?? key
                var origin = CommandReader.Origin(.appYAML, Place(path, node.position.line), name: name, folder: folder)
                origin.isProduction = isWeb
                reader.read(.text(text), origin)
            }
        }
    }

    private static func cloudBuild(_ root: ConfigNode, _ path: String, into reader: inout CommandReader) {
        for step in root["steps"]?.items ?? [] {
            let words = (step["args"]?.items ?? []).compactMap(\.scalar)
            // `gcloud run deploy --command uvicorn --args a,b`
            for (index, word) in words.enumerated() {
                let value: String
                if word.hasPrefix("--command=") {
                    value = String(word.dropFirst(10))
                } else if word == "--command", index + 1 < words.count {
                    value = words[index + 1]
                } else {
                    continue
                }
                let more = words.first { $0.hasPrefix("--args=") }.map {
                    $0.dropFirst(7).split(separator: ",").map(String.init)
                }
                var origin = CommandReader.Origin(.cloudbuild, Place(path, step.position.line), name: "web")
                origin.isProduction = true
                reader.read(.words([value] + (more ?? [])), origin)
            }
        }
    }
}
