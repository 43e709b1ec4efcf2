package import Model

/// Says how a scanned Python project is built without a Dockerfile, by the same facts that its Dockerfile is made of.
package struct PythonBuildReader {
    let context: ScanContext
    let facts: Facts
    let options: PythonBuildOptions
    let minor: Int
    private var build = PythonBuild()

    /// Reads it.
    ///
    /// - Returns: the way to build it; its command is empty when the project tells none or `options` ask for none.
    package static func read(_ scan: ScanResult, _ options: PythonBuildOptions) -> PythonBuild {
        var reader = PythonBuildReader(scan, options)
        reader.decide()
        return reader.build
    }

    // MARK: - Private

    private init(_ scan: ScanResult, _ options: PythonBuildOptions) {
        context = scan.context
        facts = scan.facts
        self.options = options
        minor = options.minor ?? BaseImage(scan.facts.python?.chosen).minor
    }

    private mutating func decide() {
        let asked = facts.python?.evidence.first?.place.description
        build.python = .init("3.\(minor)", reason: asked ?? "")
        // What the project's own image installs is not there in one that is built without it.
        var own = facts
        own.existing.dockerfile = nil
        let start = ServerStart(own, port: options.port ?? ServerStart.port(facts), minor: minor)
        let usesOwn = options.needsCommand || options.isLaunched
        build.folder = usesOwn ? facts.root : ""
        if options.needsCommand { build.command = start.command.isEmpty ? procfile : start.command }
        if usesOwn { for pair in start.environment { build.environment[pair.name] = pair.value } }
        build.environment["PYTHONPATH"] = importPath
        let packages = SystemPackages.needed(for: facts.dependencies)
        build.packages = .init(build: packages.build, run: packages.run)
        var installer = ProjectInstaller(context: context, facts: facts, minor: minor)
        installer.run()
        build.installs = installer.installs
        build.notes = installer.notes
        if installer.needsGit, !build.packages.build.contains("git") { build.packages.build.append("git") }
        if !start.packages.isEmpty {
            build.installs.append(.init(["pip", "install"] + start.packages, files: []))
            build.notes += start.notes
        }
        decideWritable()
    }

    /// What a Procfile says is the last word on a process that no framework is known for.
    private var procfile: [String] {
        guard let text = context.project.text(TreePath.joined(facts.root, "Procfile")),
            let web = ProcfileImport.processes(text).last(where: { $0.name == "web" })
        else { return [] }
        let port = options.port ?? ServerStart.port(facts)
        return (try? Words.split(ImportedCommand.shell(web.command, port: port))) ?? []
    }

    /// Servers and tools do not agree about whether the working directory is importable.
    private var importPath: String {
        let own = place(TreePath.joined(facts.root, facts.entry?.importRoot ?? ""))
        var folders = [own]
        let migrations = facts.migrations?.importRoots ?? []
        let others = [place(facts.root), PythonBuild.home] + migrations.map { place(TreePath.joined(facts.root, $0)) }
        for folder in others where !folders.contains(folder) { folders.append(folder) }
        let isPlain = { (folder: String) in !folder.contains(":") && !folder.contains("\n") }
        return folders.filter(isPlain).joined(separator: ":")
    }

    private func place(_ path: String) -> String {
        path.isEmpty ? PythonBuild.home : "\(PythonBuild.home)/\(path)"
    }

    /// Where the app writes, and nothing else of its folder: all other code stays out of its own reach.
    private mutating func decideWritable() {
        let home = place(build.folder)
        var found: [String] = []
        func add(_ path: String) {
            let full = path.hasPrefix("/") ? "/" + TreePath.joined("", path) : "/" + TreePath.joined(home, path)
            let first = full.split(separator: "/").first.map(String.init)
            guard let first, !Self.system.contains(first), !found.contains(full) else { return }
            found.append(full)
        }
        for path in facts.writePaths { add(path) }
        // A log that came along is written to as well.
        for file in LoggingFiles.named(context) where !file.hasPrefix("/") {
            let path = TreePath.joined("", file)
            if context.project.has(TreePath.joined(build.folder, path)) { add(path) }
        }
        var database: String?
        if let known = facts.database, known.engine == .sqlite {
            database = known.file
            if let file = known.file, Self.isPath(file) {
                let isAbsolute = file.hasPrefix("/")
                add(isAbsolute ? "/" + TreePath.folder(of: TreePath.joined("", file)) : TreePath.folder(of: file))
                // One that stands in the project is written to as well.
                if !isAbsolute, context.project.has(TreePath.joined(build.folder, file)) { add(file) }
            } else if known.file != nil {
                // Found out at run time: most likely beside the code that names it, or where the app is started.
                let opener = known.evidence.first.map { TreePath.folder(of: $0.place.file) } ?? ""
                add(home)
                if TreePath.lies(opener, in: build.folder) { add(place(opener)) }
            }
        }
        build.writable = found.sorted()
        let lost = found.filter { path in
            !options.mounts.contains { path == $0 || path.hasPrefix($0 + "/") || $0.hasPrefix(path + "/") }
        }
        guard !lost.isEmpty else { return }
        let names = lost.prefix(3).map { Quoting.comment($0) }.joined(separator: ", ")
        let what = database.map { "the SQLite file \(Quoting.comment($0))" } ?? "what the app writes"
        build.notes.append(
            "the app may write to \(names); \(what) is lost when its Machine is replaced: [[mounts]] in fly.toml keeps it"
        )
    }

    private static let system: Set<String> = [
        "tmp", "dev", "proc", "sys", "run", "etc", "usr", "bin", "sbin", "lib", "lib64", "boot", "root", "home",
    ]

    /// What is put together at run time, or lies in memory, names no file.
    private static func isPath(_ file: String) -> Bool {
        !file.isEmpty && !file.contains(":memory:") && !file.contains { "{}<>$%?".contains($0) }
    }
}
