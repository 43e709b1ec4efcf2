import Model
import Toolkit

/// Turns what files write down into simple commands: shell text taken apart, scripts and targets followed.
struct CommandReader {
    /// A command as a file has it, with all that is known of where it runs.
    struct Origin {
        var source: FoundCommand.Source
        var name: String?
        var place: Place
        /// In the project; nil when it can't be told.
        var folder: String?
        var environment: [String: String] = [:]
        var isDevelopment = false
        var isProduction = false
        var image: DockerImages.Image?
        /// Bind mounts of a Compose service, which hide what the image has.
        var files: ImageFiles?
        /// The working directory in the image.
        var imageFolder: String?
        var runBy: Place?

        init(_ source: FoundCommand.Source, _ place: Place, name: String? = nil, folder: String? = nil) {
            self.source = source
            self.place = place
            self.name = name
            self.folder = folder
        }
    }

    enum Written {
        case words([String])
        case text(String)
    }

    let tree: ProjectTree
    /// Named commands of the project's tools: `start` of `[tool.pdm.scripts]`, targets of a Makefile.
    let named: NamedCommands
    private(set) var found: [FoundCommand] = []
    /// Scripts that another command runs: they are not read again on their own.
    private(set) var usedFiles: Set<String> = []

    init(tree: ProjectTree, named: NamedCommands) {
        self.tree = tree
        self.named = named
    }

    /// Says of the commands from a place on that no file writes them down.
    mutating func markImplied(from first: Int) {
        for index in found.indices.dropFirst(first) { found[index].isImplied = true }
    }

    mutating func read(_ written: Written, _ origin: Origin) {
        read(written, origin, depth: 0)
    }

    /// A shell script as a file of its own, with what it is called with.
    mutating func readScript(_ path: String, arguments: [String], _ origin: Origin, depth: Int = 0) {
        steps += 1
        guard let text = tree.project.text(path), depth < 5, steps < Self.maximumSteps else { return }
        usedFiles.insert(path)
        for line in ShellScript.lines(of: text, environment: origin.environment, arguments: arguments) {
            var inner = origin
            if inner.place.file != path {
                inner.runBy = inner.runBy ?? origin.place
                inner.place = Place(path, line.line)
            } else {
                inner.place = Place(path, line.line)
            }
            take(line, inner, depth: depth)
        }
    }

    // MARK: - Private

    /// Words of the shell itself that start nothing.
    private static let builtins: Set<String> = [
        "set", "echo", "printf", "test", "trap", "sleep", "exit", "return", "shift", "true", "false", "wait", "umask",
        "ulimit",
        "unset", "read", "break", "continue", "eval", "alias", "popd", "type", "which", "in", "case", "esac",
    ]
    private static let maximumCommands = 4_000
    private static let maximumSteps = 20_000
    private var steps = 0

    private mutating func read(_ written: Written, _ origin: Origin, depth: Int) {
        // Scripts and targets that call each other many times end here.
        steps += 1
        guard depth < 6, steps < Self.maximumSteps, found.count < Self.maximumCommands else { return }
        switch written {
        case .words(let words):
            let filled = words.map { word in
                Variables.expand(Self.kubernetesVariables(word)) { origin.environment[$0] }
            }
            take(ShellScript.Line(words: filled, environment: [:], folder: "", line: 0), origin, depth: depth)
        case .text(let text):
            for line in ShellScript.lines(of: text, environment: origin.environment) {
                var inner = origin
                if origin.place.file.hasSuffix(".sh"), let first = origin.place.line {
                    inner.place.line = first + line.line - 1
                }
                take(line, inner, depth: depth)
            }
        }
    }

    /// `$(PORT)` of Kubernetes is `${PORT}`.
    private static func kubernetesVariables(_ word: String) -> String {
        guard word.hasPrefix("$("), word.hasSuffix(")"), !word.contains(" ") else { return word }
        return "${" + word.dropFirst(2).dropLast() + "}"
    }

    private mutating func take(_ line: ShellScript.Line, _ origin: Origin, depth: Int) {
        guard found.count < Self.maximumCommands, let head = line.words.first, !head.hasPrefix("[") else { return }
        let stripped = CommandWrappers.strip(line.words)
        var here = origin
        here.environment.merge(line.environment) { _, new in new }
        here.environment.merge(stripped.environment) { _, new in new }
        here.isDevelopment = here.isDevelopment || stripped.isDevelopment || line.isDevelopment
        move(&here, to: line.folder)
        if let folder = stripped.folder { move(&here, to: folder) }
        if let text = stripped.text {
            // The text has its own variables, which the words around it have filled in where they could.
            return read(.text(text), here, depth: depth + 1)
        }
        guard let first = stripped.words.first, !Self.builtins.contains(first) else { return }
        if depth < 5, follow(stripped.words, first, here, depth: depth) { return }
        var command = FoundCommand(origin.source, words: stripped.words, place: here.place, folder: here.folder ?? "")
        command.name = here.name
        command.environment = here.environment
        command.isDevelopment = here.isDevelopment
        command.isProduction = here.isProduction && !here.isDevelopment
        command.dockerfile = here.image?.file.path
        command.stage = here.image?.stage.name
        command.isPlaceKnown = here.folder != nil && here.image?.folder != nil
        command.runBy = here.runBy
        found.append(command)
    }

    /// Goes on in a script, a target or a named command of the project; false when it is a program.
    private mutating func follow(_ words: [String], _ first: String, _ origin: Origin, depth: Int) -> Bool {
        let rest = Array(words.dropFirst())
        if first == "make" || first == "just" || first == "task" {
            let options = CommandOptions(rest, flags: ["-s", "--silent", "-i", "-k"])
            guard let target = options.plain.first(where: { !$0.contains("=") }) else { return false }
            let folder = TreePath.joined(origin.folder ?? "", options["-C"] ?? "")
            return run(named.target(target, of: first, in: folder), origin, depth: depth)
        }
        if first == "poe" || first == "pdm" || first == "rye", let name = rest.first, !name.hasPrefix("-") {
            if run(named.script(name, in: origin.folder ?? ""), origin, depth: depth) { return true }
        }
        if !first.contains("/"), !first.contains("."),
            run(named.script(first, in: origin.folder ?? ""), origin, depth: depth)
        {
            return true
        }
        let name = CommandWrappers.name(first)
        let mayBeScript =
            name.hasSuffix(".sh") || first.contains("/") || name.contains("entrypoint")
            || ["source", "."].contains(first)
        guard mayBeScript else { return false }
        let isSourced = ["source", "."].contains(first)
        guard let word = isSourced ? rest.first : first else { return false }
        guard let path = script(word, origin) else {
            // A wrapper that the project does not have, of a base image or made in the build, runs what it is given.
            guard !isSourced, name.hasSuffix(".sh") || name.contains("entrypoint"), let next = rest.first,
                !next.hasPrefix("-")
            else { return false }
            read(.words(rest), origin, depth: depth + 1)
            return true
        }
        readScript(path, arguments: isSourced ? Array(rest.dropFirst()) : rest, origin, depth: depth + 1)
        return true
    }

    private mutating func run(_ command: NamedCommands.Command?, _ origin: Origin, depth: Int) -> Bool {
        guard let command else { return false }
        var inner = origin
        inner.runBy = inner.runBy ?? origin.place
        inner.place = command.place
        inner.environment.merge(command.environment) { old, _ in old }
        read(.text(command.text), inner, depth: depth + 1)
        return true
    }

    /// The project's file that a command's word names, when it is a shell script.
    private func script(_ word: String, _ origin: Origin) -> String? {
        guard !word.contains("$"), !word.hasSuffix(".py") else { return nil }
        var candidates: [String] = []
        let absolute = ImageFiles.absolute(word, in: origin.imageFolder ?? "/")
        candidates += [origin.files?.file(absolute), origin.image?.files.file(absolute)].compactMap { $0 }
        if !word.hasPrefix("/") { candidates.append(TreePath.joined(origin.folder ?? "", word)) }
        candidates.append(TreePath.joined(TreePath.folder(of: origin.place.file), word))
        candidates += tree.files(named: CommandWrappers.name(word)).sorted { left, right in
            distance(left, origin) != distance(right, origin)
                ? distance(left, origin) < distance(right, origin) : left < right
        }
        return candidates.first { path in
            guard tree.project.has(path), let text = tree.project.text(path) else { return false }
            let isPlain = path.hasSuffix(".sh") || path.hasSuffix(".bash") || !TreePath.name(of: path).contains(".")
            let begin = text.prefix(64)
            return begin.hasPrefix("#!") ? begin.prefix { $0 != "\n" }.contains("sh") : isPlain
        }
    }

    /// Folders between a file and where the command stands.
    private func distance(_ path: String, _ origin: Origin) -> Int {
        let left = TreePath.folder(of: path).split(separator: "/")
        let right = TreePath.folder(of: origin.image?.file.path ?? origin.place.file).split(separator: "/")
        let common = zip(left, right).prefix { $0.0 == $0.1 }.count
        return left.count + right.count - 2 * common
    }

    /// After `cd`, or with a wrapper's `--directory`.
    private func move(_ origin: inout Origin, to path: String?) {
        guard let path else {
            origin.folder = nil
            return
        }
        guard !path.isEmpty else { return }
        let absolute = ImageFiles.absolute(path, in: origin.imageFolder ?? "/")
        if let mapped = origin.files?.folder(absolute) ?? origin.image?.files.folder(absolute) {
            origin.folder = mapped
        } else if path.hasPrefix("/") || path.hasPrefix("~") {
            origin.folder = nil
        } else if let folder = origin.folder {
            let next = TreePath.joined(folder, path)
            origin.folder = tree.folders.contains(next) ? next : folder
        }
        origin.imageFolder = absolute
    }
}
