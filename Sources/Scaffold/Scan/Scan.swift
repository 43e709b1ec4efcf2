import Model
import Toolkit

/// What a scan found: the facts, and what they were read from.
package struct ScanResult: Sendable {
    package var facts: Facts
    package var context: ScanContext
}

/// Reads a folder and finds out what it holds; nothing of it is run.
package enum Scan {
    /// Scans a folder on disk.
    ///
    /// - Parameters:
    ///   - folder: what to look at, a repository's root or an app's folder.
    ///   - root: the app's folder in it, when the user says so; nil lets the scan choose.
    ///   - earlier: a scan of the same folder: Python that has not changed since is not taken apart again.
    /// - Returns: facts and context; a folder without an app gives facts whose kind says so.
    /// - Throws: ``Fault`` when the folder can't be read.
    package static func run(
        folder: String,
        root: String? = nil,
        after earlier: ScanResult? = nil
    ) async throws -> ScanResult {
        try await run(try Project.read(folder), root: root, after: earlier)
    }

    /// Scans a project that is read already, or made in memory.
    package static func run(
        _ project: Project,
        root: String? = nil,
        python: PythonProcess = PythonProcess(),
        after earlier: ScanResult? = nil
    ) async throws -> ScanResult {
        var context = context(project)
        context.pythonProcess = python
        context.facts.warnings += project.warnings.map { Facts.Warning($0) }
        let asked = root.map { TreePath.joined("", $0) }
        context.root = asked ?? ""
        if let kind = ProjectKind.early(context, isAsked: asked != nil) {
            context.facts.kind = kind.kind
            context.facts.warnings += kind.warnings
            return finish(&context)
        }
        context.commands = FoundCommands.collect(context)
        try await readPython(&context, after: earlier?.context)
        chooseRoot(&context, asked: asked)
        for detector in detectors { detector(&context) }
        ProjectKind.late(&context)
        return finish(&context)
    }

    /// What is known before any Python is read: files, documents and Dockerfiles.
    static func context(_ project: Project) -> ScanContext {
        let documents = Documents.read(project)
        var context = ScanContext(project: project, documents: documents.trees)
        context.facts.warnings = documents.warnings
        context.dockerfiles = dockerfiles(in: project)
        return context
    }

    // MARK: - Private

    private static func readPython(_ context: inout ScanContext, after earlier: ScanContext?) async throws {
        let choice = SourceChoice(context.project, commands: context.commands)
        let root = context.root
        var sources = try await PythonSources.read(
            context.project,
            with: context.pythonProcess,
            where: { path, text in (root.isEmpty || choice.isNear(path, root)) && choice.wants(path, text) },
            known: { path, text in
                guard let earlier, earlier.project.text(path) == text else { return nil }
                return earlier.index.module(at: path)
            }
        )
        let project = context.project
        var budget = LexicalPython.maximumBytes
        func readByLines(_ path: String) -> PythonModule? {
            guard budget > 0, let text = project.text(path), choice.wants(path, text) else { return nil }
            budget -= text.utf8.count
            return LexicalPython.module(text, path: path)
        }
        // Files that its grammar refuses, or all of them without a python3, are read by lines.
        if sources.modules.isEmpty {
            sources.modules = project.files.filter { $0.hasSuffix(".py") }.prefix(2_000).compactMap(readByLines)
        } else {
            for index in sources.modules.indices {
                guard let problem = sources.modules[index].error,
                    var module = readByLines(sources.modules[index].path)
                else { continue }
                module.error = problem
                sources.modules[index] = module
            }
        }
        if let warning = sources.warning { context.facts.warnings.append(Facts.Warning(warning)) }
        context.program = PythonProgram(sources)
    }

    /// Decides about the app's folder before the detectors run, since all of them start from it.
    private static func chooseRoot(_ context: inout ScanContext, asked: String?) {
        let search = EntrySearch.run(context)
        if asked == nil {
            let choice = RootChoice.choose(search)
            context.root = choice.root ?? ""
            context.facts.kind = choice.kind
            context.facts.roots = choice.roots
            context.isAmbiguous = choice.isAmbiguous
            context.isContested = choice.isContested
            context.facts.warnings += choice.warnings
        }
        context.facts.root = context.root
        search.markInner(below: context.root)
        let inRoot = search.found.candidates.filter { TreePath.lies($0.file, in: context.root) }
        let best = context.facts.kind == .app ? inRoot.sorted(by: EntryCandidate.isBefore).first : nil
        context.facts.framework = best?.framework
        context.facts.existing = ExistingFiles.find(context, chosen: best, search: search)
        context.candidates = search.found
    }

    private static func finish(_ context: inout ScanContext) -> ScanResult {
        context.facts.root = context.root
        context.facts.warnings += oversized(context.project)
        context.facts.name = ProjectName.find(in: context)
        context.facts.warnings = syntax(context) + context.facts.warnings
        let result = ScanResult(facts: context.facts, context: context)
        return result
    }

    /// Files of the app that Python can't parse.
    private static func syntax(_ context: ScanContext) -> [Facts.Warning] {
        SyntaxProblem.find(in: context).prefix(20).map { problem in
            let what = problem.stopsApp ? "the app imports this file, so it can't start" : "this file can't be imported"
            var warning = Facts.Warning("\(problem.place): \(problem.message): \(what)", at: problem.place)
            warning.isSyntax = true
            return warning
        }
    }

    /// What would have been read, were it not so large.
    private static func oversized(_ project: Project) -> [Facts.Warning] {
        let telling = project.oversized.filter { path in
            let name = TreePath.name(of: path)
            return path.hasSuffix(".py") || Documents.isWanted(path) || isDockerfile(path) || name == "Procfile"
                || name.hasPrefix("requirements") && name.hasSuffix(".txt")
        }
        let limit = "larger than \(Project.maximumFileBytes >> 20) MB: the file was left out"
        return telling.prefix(20).map { Facts.Warning("\($0.prefix(200)) is \(limit)", at: Place($0)) }
    }

    private static func dockerfiles(in project: Project) -> [Dockerfile] {
        project.files.filter(isDockerfile).prefix(300).compactMap { path in
            guard let text = project.text(path) else { return nil }
            let file = Dockerfile.parse(text, path: path)
            return file.stages.isEmpty && file.problems.isEmpty ? nil : file
        }
    }

    private static func isDockerfile(_ path: String) -> Bool {
        let name = TreePath.name(of: path).lowercased()
        if name.hasSuffix(".md") || name.hasSuffix(".dockerignore") || name.hasSuffix(".txt") || name.hasSuffix(".py")
            || path.contains("{{")
        {
            return false
        }
        // `DockerfileDev`, `api-Dockerfile`
        let isBare = !name.contains(".") && (name.hasPrefix("dockerfile") || name.hasSuffix("dockerfile"))
        return isBare || name == "containerfile" || name.hasPrefix("dockerfile.") || name.hasPrefix("dockerfile_")
            || name.hasPrefix("dockerfile-") || name.hasSuffix(".dockerfile") || name.hasPrefix("containerfile.")
    }
}
