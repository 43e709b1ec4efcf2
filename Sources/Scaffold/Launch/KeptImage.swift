import Model
import Toolkit

extension Dockerfile.Image {
    /// Variables that are set to something: `ENV KEY $KEY` of a build argument that nobody gives is nothing.
    var given: Set<String> {
        Set(environment.filter { !$0.value.isEmpty && !$0.value.contains("$") }.keys)
    }
}

/// The image that the project's own Dockerfile makes.
struct KeptImage {
    private let path: String
    private let image: Dockerfile.Image
    private let passes: PassedOn
    private let files: ImageFiles
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
        files = ImageFiles(ProjectTree(project), of: stage, in: file, context: context)
        passes = PassedOn(files, folder: image.workingDirectory)
    }

    /// Its last `WORKDIR`; nil when a `fly.toml` can't hold it.
    var workingDirectory: String? {
        let folder = "/" + TreePath.joined("", image.workingDirectory)
        return folder != "/" && Quoting.isPlainPath(folder) ? folder : nil
    }

    /// What the image's own command puts before its program, as `uv run --no-dev` does: whatever else is started in that
    /// image needs it as well, for that is where the packages are found.
    var wrapper: [String] { runner.isEmpty ? environment : runner }

    /// A virtual environment that the image's own command names by its path, and that is on no `PATH` there.
    private var environment: [String] {
        guard let program = (image.command?.exec ?? image.entrypoint?.exec)?.first, program.hasPrefix("/") else {
            return []
        }
        let folder = "/" + TreePath.folder(of: TreePath.joined("", program))
        let parts = folder.split(separator: "/")
        guard parts.last == "bin", parts.dropLast().last?.contains("env") == true, Quoting.isPlainPath(folder),
            image.environment["PATH"]?.contains(folder) != true
        else { return [] }
        return ["env", "PATH=\(folder):/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    }

    /// `uv run`, `poetry run` and the like.
    private var runner: [String] {
        guard let words = image.command?.exec ?? image.entrypoint?.exec else { return [] }
        let stripped = CommandWrappers.strip(words)
        guard stripped.text == nil, stripped.words.count < words.count,
            words.suffix(stripped.words.count) == stripped.words[...]
        else { return [] }
        let wrapper = Array(words.dropLast(stripped.words.count))
        return ["uv", "poetry", "pdm", "pipenv", "hatch", "rye", "pixi", "conda", "micromamba"].contains(wrapper.first)
            ? wrapper : []
    }

    /// The words of `CMD` without ``wrapper``, where `fly.toml` may say others in their place.
    var startCommand: [String]? {
        guard let command = image.command else { return nil }
        if let entrypoint = image.entrypoint {
            guard entrypoint.exec.map(passes.isOnlyPassed) == true else { return nil }
        }
        guard let words = command.exec else { return ["sh", "-c", command.text] }
        return words.isEmpty ? nil : Array(words.dropFirst(runner.count))
    }

    /// Where migrations can be run in the image.
    func migrations(_ facts: Facts) -> MigrationPlace {
        guard let migrations = facts.migrations, !migrations.command.isEmpty, migrations.tool != .own else {
            return .project
        }
        let folder = migrations.workingDirectory
        let names = [migrations.config, migrations.location].compactMap { $0 }
        guard let file = names.first(where: { TreePath.lies($0, in: folder) && $0 != folder }) else { return .project }
        guard let path = files.path(of: TreePath.joined(facts.root, file)) else { return .nowhere(path: self.path) }
        let inside = folder.isEmpty ? file : String(file.dropFirst(folder.count + 1))
        guard path.hasSuffix("/" + inside) else { return .project }
        let found = String(path.dropLast(inside.count + 1))
        let start = "/" + TreePath.joined("", image.workingDirectory)
        let isThere = found == start || (found.isEmpty && start == "/")
        return .image(folder: isThere ? "" : found.isEmpty ? "/" : found)
    }

    /// The words that start the app in an image that would start nothing of it: those of the Compose file that runs this
    /// image, else the server's own.
    func missingCommand(_ facts: Facts, port: Int?) -> [String]? {
        guard startsNothing || isStale(facts), facts.recipe == nil, facts.entry != nil else { return nil }
        let branch = image.entrypoint?.exec.flatMap(passes.branch)
        if port == nil, let words = composeCommand(facts, branch) { return words }
        if port == nil, let branch { return [branch] }
        let port = port ?? ServerStart.port(facts)
        let words = ServerStart(facts, port: port, minor: BaseImage(facts.python?.chosen).minor).command
        guard !words.isEmpty else { return nil }
        return StartCommand.listening(words, port: port).words(host: "0.0.0.0", port: port)
    }

    /// Where the server's command stands, when the image has another one.
    func notes(_ facts: Facts) -> [String] {
        if let stale = stale(facts), let entry = facts.entry {
            return [
                "the command at \(stale.description) can't start: web in [processes] of fly.toml starts "
                    + "\(Quoting.comment(entry.target)) in its place"
            ]
        }
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

    /// Where in the image the app's imports start, when that is not where its programs do.
    func importPath(_ facts: Facts) -> String? {
        guard let root = facts.entry?.importRoot, !root.isEmpty, image.environment["PYTHONPATH"] == nil,
            let path = files.path(of: TreePath.joined(facts.root, root)), path != workingDirectory,
            Quoting.isPlainPath(path)
        else { return nil }
        return path
    }

    /// What its `ENV` lines set.
    var environmentNames: Set<String> { image.given }

    /// Its own `PYTHONPATH`; nil when it sets none, and when a `fly.toml` can't hold it.
    var importPath: String? {
        guard let path = image.environment["PYTHONPATH"] else { return nil }
        let folders = path.split(separator: ":").map(String.init).filter(Quoting.isPlainPath)
        return folders.isEmpty ? nil : folders.joined(separator: ":")
    }

    // MARK: - Private

    private func isStale(_ facts: Facts) -> Bool { stale(facts) != nil }

    /// The image's own command, when it names what can't be imported.
    private func stale(_ facts: Facts) -> Place? {
        guard let line = image.command?.line ?? image.entrypoint?.line,
            image.command == nil || image.entrypoint?.exec.map(passes.isOnlyPassed) ?? true
        else { return nil }
        let place = Place(path, line)
        return facts.warnings.contains { $0.isStale == true && $0.place == place } ? place : nil
    }

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
    ///
    /// `branch` is what the image's entrypoint takes for the word to start the server.
    private func composeCommand(_ facts: Facts, _ branch: String?) -> [String]? {
        let places = (facts.entry?.evidence ?? []).map(\.place)
        for path in facts.existing.compose {
            let lines = Set(places.filter { $0.file == path }.compactMap(\.line))
            guard !lines.isEmpty || branch != nil, let text = project.text(path),
                let root = try? ConfigFormat(path: path).parse(Array(text.utf8), file: path)
            else { continue }
            let compose = Compose(root, path: path)
            for service in compose.services {
                guard let command = service.node["command"],
                    lines.contains(command.position.line) || branch != nil,
                    compose.build(of: service)?.dockerfile == self.path
                else { continue }
                let line = ComposeService(service).command
                guard let words = line.flatMap({ try? Words.split($0) }), !words.isEmpty else { continue }
                guard lines.contains(command.position.line) || words.first == branch else { continue }
                // A file for development reloads; and no shell would fill in a variable.
                if words.contains(where: { $0.contains("--reload") || $0.contains("$") }) { continue }
                return words
            }
        }
        return nil
    }
}
