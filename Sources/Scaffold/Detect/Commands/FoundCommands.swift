import Model
import Toolkit

/// Finds every command that a project writes down.
package enum FoundCommands {
    /// Collects the commands of all files that are known to hold some.
    ///
    /// - Parameter context: with the project, its parsed documents and Dockerfiles; Python is not needed.
    /// - Returns: simple commands without what wraps them, file by file; those that production runs are marked.
    package static func collect(_ context: ScanContext) -> [FoundCommand] {
        let tree = ProjectTree(context.project)
        let images = DockerImages(context, tree: tree)
        let named = NamedCommands(context, tree: tree)
        var reader = CommandReader(tree: tree, named: named)
        for file in context.dockerfiles { dockerfile(file, images: images, into: &reader) }
        for (path, documents) in context.documents.sorted(by: { $0.key < $1.key }) {
            guard let root = documents.first else { continue }
            PlatformFiles.read(root, path, images: images, into: &reader)
            if ComposeFile.isOne(path) { ComposeFile.read(root, path, images: images, into: &reader) }
            if path.hasPrefix(".github/workflows/") { workflow(root, path, into: &reader) }
            for document in documents { PlatformFiles.kubernetes(document, path, images: images, into: &reader) }
        }
        for path in tree.files(named: "Procfile").prefix(40) { procfile(path, into: &reader) }
        for path in context.project.files.filter(isSupervisor).prefix(20) { supervisor(path, into: &reader) }
        readNamed(named, into: &reader)
        readScripts(in: context.project, into: &reader)
        return reader.found
    }

    // MARK: - Private

    private static func dockerfile(_ file: Dockerfile, images: DockerImages, into reader: inout CommandReader) {
        let chosen = ProductionStage.choose(in: file)
        for stage in file.stages {
            let hasOwn = stage.instructions.contains { ["CMD", "ENTRYPOINT", "ENV"].contains($0.word) }
            guard hasOwn || stage.line == chosen?.line else { continue }
            let image = images.image(of: file, stage: stage)
            guard let (written, line) = command(of: image.facts) ?? ImpliedCommand.command(of: image) else { continue }
            let place = Place(file.path, line ?? stage.line)
            var origin = CommandReader.Origin(
                .dockerfile,
                place,
                name: stage.name,
                folder: image.folder ?? image.context
            )
            origin.image = image
            origin.imageFolder = image.facts.workingDirectory
            origin.environment = image.facts.variables
            origin.isDevelopment = image.isDevelopment
            origin.isProduction = image.isProduction
            let before = reader.found.count
            reader.read(written, origin)
            if line == nil { reader.markImplied(from: before) }
        }
    }

    /// What an image starts, as Docker puts `ENTRYPOINT` and `CMD` together.
    private static func command(of image: Dockerfile.Image) -> (CommandReader.Written, Int?)? {
        guard let item = image.entrypoint ?? image.command else { return nil }
        guard let entrypoint = image.entrypoint else {
            return (item.exec.map { .words($0) } ?? .text(item.text), item.line)
        }
        guard let head = entrypoint.exec else { return (.text(entrypoint.text), entrypoint.line) }
        guard let command = image.command else { return (.words(head), entrypoint.line) }
        return (.words(head + (command.exec ?? ["/bin/sh", "-c", command.text])), command.line)
    }

    /// Lines of `name: command`.
    private static func procfile(_ path: String, into reader: inout CommandReader) {
        guard let text = reader.tree.project.text(path) else { return }
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            Substring($0)
        }
        for (index, line) in lines.prefix(1_000).enumerated() {
            guard let colon = line.firstIndex(of: ":"), line.first != "#" else { continue }
            let name = ImageWords.trimmed(line[..<colon])
            guard !name.isEmpty, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }) else {
                continue
            }
            let folder = TreePath.folder(of: path)
            var origin = CommandReader.Origin(.procfile, Place(path, index + 1), name: String(name), folder: folder)
            origin.isProduction = name == "web"
            reader.read(.text(String(line[line.index(after: colon)...])), origin)
        }
    }

    /// `supervisord.conf`, `supervisord-tasks.conf`, `supervisor/worker.conf`.
    private static func isSupervisor(_ path: String) -> Bool {
        guard path.hasSuffix(".conf"), !path.contains("{{") else { return false }
        return path.split(separator: "/").suffix(3).contains { $0.lowercased().hasPrefix("supervisor") }
    }

    private static func supervisor(_ path: String, into reader: inout CommandReader) {
        guard let text = reader.tree.project.text(path) else { return }
        let file = INIFile(text)
        for (section, values) in file.sections.sorted(by: { $0.key < $1.key }) where section.hasPrefix("program:") {
            guard let command = values["command"] else { continue }
            let name = String(section.dropFirst(8))
            var origin = CommandReader.Origin(.supervisor, Place(path, command.line), name: name)
            origin.folder = TreePath.folder(of: path)
            origin.imageFolder = values["directory"]?.text
            origin.isDevelopment = ProductionStage.isAsidePath(path)
            reader.read(.text(command.text.replacing("%(ENV_", with: "${").replacing(")s", with: "}")), origin)
        }
    }

    private static func workflow(_ root: ConfigNode, _ path: String, into reader: inout CommandReader) {
        for job in root["jobs"]?.entries ?? [] {
            for step in job.node["steps"]?.items ?? [] {
                guard let node = step["run"], let text = node.string, text.utf8.count < 20_000 else { continue }
                var origin = CommandReader.Origin(.workflow, Place(path, node.position.line), name: job.key)
                origin.folder = step["working-directory"]?.string.map { TreePath.joined("", $0) } ?? ""
                origin.isDevelopment = true
                reader.read(.text(text), origin)
            }
        }
    }

    private static func readNamed(_ named: NamedCommands, into reader: inout CommandReader) {
        let groups: [(FoundCommand.Source, [String: [NamedCommands.Command]])] = [
            (.makefile, named.makefiles), (.makefile, named.justfiles), (.pyproject, named.scripts),
        ]
        for (source, files) in groups {
            for (path, commands) in files.sorted(by: { $0.key < $1.key }) {
                for command in commands {
                    let folder = TreePath.folder(of: path)
                    var origin = CommandReader.Origin(source, command.place, name: command.name, folder: folder)
                    origin.environment = command.environment
                    origin.isDevelopment = ProductionStage.isAside(command.name) || ProductionStage.isAsidePath(path)
                    reader.read(.text(command.text), origin)
                }
            }
        }
    }

    private static func readScripts(in project: Project, into reader: inout CommandReader) {
        let scripts = project.files.filter { $0.hasSuffix(".sh") || $0.hasSuffix(".bash") }
        for path in scripts.prefix(400) where !reader.usedFiles.contains(path) {
            // Scripts mostly work on the folder above the one that they are kept in.
            var folder = TreePath.folder(of: path)
            if ["scripts", "script", "bin", "docker", "deploy", "entrypoints"].contains(TreePath.name(of: folder)) {
                folder = TreePath.folder(of: folder)
            }
            var origin = CommandReader.Origin(.script, Place(path), name: TreePath.name(of: path), folder: folder)
            origin.isDevelopment = ProductionStage.isAsidePath(path)
            reader.readScript(path, arguments: [], origin)
        }
    }
}
