import Model
import Toolkit

/// What the start of a project's own image does beside starting the server, where it is a script of the project: a build
/// without that Dockerfile has to do it as well.
package struct StartScript: Equatable, Sendable {
    /// Commands that end before the server starts, in order, as they are said in the app's folder.
    var before: [[String]] = []
    /// It brings the database up to date.
    var migrates = false
    /// One that fails keeps the server from starting.
    var isStrict = false

    enum Reading: Equatable {
        /// No script: the image starts its server by itself, or nobody can tell what it starts.
        case none
        case read(StartScript)
        /// What stands there can't be said without the image.
        case unclear(Place)
    }

    /// Reads the script that the image of the facts' Dockerfile starts with, and the scripts that this one calls.
    static func read(_ facts: Facts, _ project: Project) -> Reading {
        guard let path = facts.existing.dockerfile, let text = project.text(path), !Stamp.isIn(text),
            facts.entry != nil
        else { return .none }
        let file = Dockerfile.parse(text, path: path)
        guard let stage = file.stage(target: facts.existing.dockerTarget) else { return .none }
        let image = file.image(of: stage)
        guard let item = image.entrypoint ?? image.command else { return .none }
        let context = facts.existing.dockerContext ?? TreePath.folder(of: path)
        let files = ImageFiles(ProjectTree(project), of: stage, in: file, context: context)
        var reader = Reader(facts: facts, project: project, files: files, home: image.workingDirectory)
        let head = item.exec ?? ["/bin/sh", "-c", item.text]
        let tail = image.entrypoint == nil ? [] : image.command.map { $0.exec ?? ["/bin/sh", "-c", $0.text] } ?? []
        reader.start(head + tail, at: Place(path, (image.command ?? item).line))
        return reader.reading
    }

    /// The command of a build that stands in for one by a Dockerfile: with all that the start of its image does.
    ///
    /// With a release before it that runs the migrations, it need not; nil where it can't be told what the script does.
    package static func command(
        _ server: [String],
        insteadOf dockerfile: String,
        _ scan: ScanResult,
        released: Bool
    ) -> [String]? {
        var facts = scan.facts
        if facts.existing.dockerfile != dockerfile { facts.existing.dockerTarget = nil }
        facts.existing.dockerfile = dockerfile
        switch read(facts, scan.context.project) {
        case .none: return server
        case .unclear: return nil
        case .read(var script):
            script.migrates = script.migrates && !released
            // Else the script is who runs them.
            facts.existing.dockerfile = nil
            return script.words(before: server, migrations: MigrateScript.command(facts, hasScript: false))
        }
    }

    /// The words that do all of it and then become the server.
    func words(before server: [String], migrations: [String]?) -> [String] {
        let steps = (migrates ? [migrations].compactMap { $0 } : []) + before
        guard !steps.isEmpty else { return server }
        let sign = isStrict ? " && " : "; "
        let text = steps.map { Quoting.shell($0) + sign }.joined() + ShellLast.text(server)
        return ["sh", "-c", text]
    }

    // MARK: - Private

    private struct Reader {
        let facts: Facts
        let project: Project
        let files: ImageFiles
        /// The image's working directory.
        let home: String
        var script = StartScript()
        var isScript = false
        var hasServer = false
        var unclear: Place?
        var depth = 0
        /// Whether what is known of a line's place is of this command: of several in a line, of the last.
        var ownsPlace = true

        var reading: Reading {
            if !isScript { return .none }
            if let unclear { return .unclear(unclear) }
            // Without its server it is not the script that was meant.
            return hasServer ? .read(script) : .none
        }

        mutating func start(_ words: [String], at place: Place) {
            let stripped = CommandWrappers.strip(words)
            if let text = stripped.text { return inline(text, at: place) }
            guard let first = stripped.words.first, let path = self.path(first, in: home), let text = shellText(path)
            else { return }
            isScript = true
            read(text, path, arguments: Array(stripped.words.dropFirst()), in: home)
        }

        /// `CMD alembic upgrade head && uvicorn …`: its lines are those of the Dockerfile.
        private mutating func inline(_ text: String, at place: Place) {
            let lines = ShellScript.lines(of: text)
            if lines.count == 1, let line = lines.first {
                return start(line.words, at: place)
            }
            isScript = true
            script.isStrict = text.contains("&&")
            let here = lines.map { line in
                var line = line
                line.line = place.line ?? 1
                return line
            }
            take(here, of: place.file, in: home)
        }

        private mutating func read(_ text: String, _ path: String, arguments: [String], in folder: String) {
            depth += 1
            defer { depth -= 1 }
            let lines = text.textLines
            if lines.contains(where: { $0.blanksTrimmed.firstMatch(of: /^set\s+-[a-z]*e/) != nil })
                || lines.first?.contains(" -e") == true || text.contains("&&")
            {
                script.isStrict = true
            }
            take(ShellScript.lines(of: text, arguments: arguments), of: path, in: folder)
        }

        private mutating func take(_ lines: [ShellScript.Line], of path: String, in folder: String) {
            for (index, line) in lines.enumerated() {
                ownsPlace = index + 1 == lines.count || lines[index + 1].line != line.line
                take(line, of: path, in: folder)
            }
        }

        private mutating func take(_ line: ShellScript.Line, of path: String, in folder: String) {
            guard unclear == nil, !line.isDevelopment else { return }
            let place = Place(path, line.line)
            let stripped = CommandWrappers.strip(line.words)
            guard stripped.text == nil else { return fail(place) }
            let words = stripped.words
            guard let first = words.first, !isIdle(words, in: folder) else { return }
            if line.isTest, !isMigration(words, place) { return }
            if isServer(words, place) {
                hasServer = true
                return
            }
            // What runs beside the server is a group of its own.
            let isWorker = Vocabulary.workers.contains(CommandWrappers.name(first)) && !facts.processes.isEmpty
            if isWorker || ownsPlace && facts.processes.contains(where: { $0.evidence.contains { $0.place == place } })
            {
                return
            }
            guard !hasServer, !line.isConditional, let now = self.folder(line, in: folder) else { return fail(place) }
            if isMigration(words, place) {
                script.migrates = true
                return
            }
            let name = ["source", "."].contains(first) && words.count > 1 ? words[1] : first
            if let path = self.path(name, in: now), let text = shellText(path) {
                guard depth < 4 else { return fail(place) }
                return read(text, path, arguments: Array(words.dropFirst()), in: now)
            }
            guard let command = python(words, line, in: now), script.before.count < 20 else { return fail(place) }
            script.before.append(command)
        }

        private mutating func fail(_ place: Place) { unclear = unclear ?? place }

        /// Where a line runs in the image; nil when that can't be told.
        private func folder(_ line: ShellScript.Line, in folder: String) -> String? {
            line.folder.map { ImageFiles.absolute($0, in: folder) }
        }

        private func isServer(_ words: [String], _ place: Place) -> Bool {
            let known = (facts.entry?.evidence ?? []) + (facts.server?.evidence ?? [])
            if ownsPlace, known.contains(where: { $0.place == place }) { return true }
            return ServerCommand.parse(words).map { $0.server != .own } ?? false
        }

        private func isMigration(_ words: [String], _ place: Place) -> Bool {
            guard let migrations = facts.migrations else { return false }
            if words == migrations.command || ownsPlace && migrations.runBy.contains(where: { $0.place == place }) {
                return true
            }
            return migrations.tool == .alembic && CommandWrappers.name(words[0]) == "alembic"
                && words.contains("upgrade")
        }

        /// `python seed.py` and `python -m app.seed`, with the file as the app's folder has it.
        private func python(_ words: [String], _ line: ShellScript.Line, in folder: String) -> [String]? {
            guard words.count > 1, CommandWrappers.isPython(words[0]),
                words.allSatisfy({ !$0.contains("$") }),
                // A path of the image means another place without it.
                line.environment.values.allSatisfy({ !$0.contains("$") && !$0.contains("/") })
            else { return nil }
            guard files.folder(ImageFiles.absolute(folder, in: "/")) == facts.root else { return nil }
            let set = line.environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            var command = (set.isEmpty ? [] : ["env"] + set) + ["python"] + words.dropFirst()
            if words[1] == "-m" { return words.count > 2 && hasModule(words[2]) ? command : nil }
            guard words[1].hasSuffix(".py"), let path = self.path(words[1], in: folder),
                TreePath.lies(path, in: facts.root)
            else { return nil }
            command[command.count - words.count + 1] =
                facts.root.isEmpty ? path : String(path.dropFirst(facts.root.count + 1))
            return command
        }

        private func hasModule(_ name: String) -> Bool {
            let path = TreePath.joined(facts.root, name.split(separator: ".").joined(separator: "/"))
            return project.has(path + ".py") || project.has(path + "/__main__.py")
        }

        /// A file of the project that a word of a command names where it runs.
        private func path(_ word: String, in folder: String) -> String? {
            files.file(ImageFiles.absolute(word, in: folder))
        }

        private func shellText(_ path: String) -> String? {
            guard let text = project.text(path) else { return nil }
            let first = text.prefix { $0 != "\n" && $0 != "\r\n" }
            let isShell = first.hasPrefix("#!") ? first.contains("sh") : path.hasSuffix(".sh")
            return isShell ? text : nil
        }

        /// What says something, makes a folder, installs what is there, or waits for what is started before the app here.
        private func isIdle(_ words: [String], in folder: String) -> Bool {
            let name = CommandWrappers.name(words[0])
            if name.hasPrefix("wait-for") || name.hasPrefix("wait_for") { return true }
            if ["source", "."].contains(name), words.count > 1 {
                return path(words[1], in: folder).flatMap(shellText) == nil
            }
            let verb = words.dropFirst().first
            return Self.idle.contains(name) || Self.installers[name].map { $0 == verb } == true
        }

        private static let installers = [
            "pip": "install", "pip3": "install", "poetry": "install", "pdm": "install", "pipenv": "install",
            "uv": "sync",
        ]

        private static let idle: Set<String> = [
            "set", "echo", "printf", "sleep", "wait", "true", "false", ":", "umask", "ulimit", "trap", "chmod", "chown",
            "mkdir", "touch", "exit", "date", "ls", "pwd", "cat", "test", "[", "[[", "nc", "ncat",
            "pg_isready", "mysqladmin", "redis-cli", "dockerize", "which", "command", "return", "break", "shift",
            "whoami", "id", "env",
        ]
    }
}
