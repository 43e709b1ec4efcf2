import Model

/// What the command of a worker names: whether that is there, and what is there in its place.
struct WorkerTarget {
    private let context: ScanContext
    private let resolver: NameResolver

    init(_ context: ScanContext, _ resolver: NameResolver) {
        self.context = context
        self.resolver = resolver
    }

    /// What becomes of a command.
    enum Verdict: Equatable {
        /// What it names is there, or that can't be told.
        case kept
        /// The same command with the name of what is there, and a sentence about it.
        case renamed([String], String)
        case leftOut(String)
    }

    /// Looks for what a command names; `derived` are the processes that follow from the code alone.
    func verdict(_ worker: WorkerCommand, _ found: FoundCommand, _ derived: [Facts.Process]) -> Verdict {
        let named: Set<Facts.Process.Kind> = [
            .celery, .celeryBeat, .flower, .arq, .dramatiq, .taskiq, .huey, .scheduler, .other,
        ]
        guard named.contains(worker.kind), let name = WorkerFolder.target(of: worker), !isElsewhere(found),
            !isThere(name, worker)
        else { return .kept }
        let what = "`\(worker.words.joined(separator: " "))` names \(name), which the project does not have"
        let words = Self.target(of: derived, like: worker.kind).map { renamed(worker.words, name, $0) }
        if let words, words != worker.words { return .renamed(words, "\(what): started with what is there") }
        let hasOther = derived.contains { $0.kind == worker.kind }
        return .leftOut("\(what): left out" + (hasOther ? " for the worker that follows from the code" : ""))
    }

    // MARK: - Private

    private func renamed(_ words: [String], _ name: String, _ other: String) -> [String] {
        words.enumerated().map { index, word in
            // `celery -A worker worker` names two things by one word.
            let isNamed = index > 0 && (["-A", "--app"].contains(words[index - 1]) || !words.contains("-A"))
            if word == name, isNamed { return other }
            return word.hasSuffix("=" + name) ? String(word.dropLast(name.count)) + other : word
        }
    }

    /// What code alone says that such a worker works for; nil when it says nothing, or several things.
    private static func target(of derived: [Facts.Process], like kind: Facts.Process.Kind) -> String? {
        let family: Set<Facts.Process.Kind> = [.celery, .celeryBeat, .flower]
        if family.contains(kind) { return derived.first { $0.kind == .celery }.map { $0.command[2] } }
        guard kind == .arq || kind == .taskiq else { return nil }
        let same = derived.filter { $0.kind == kind }
        return same.count == 1 ? same.first?.command.last : nil
    }

    /// Whether it runs where the project's files may lie otherwise than here.
    private func isElsewhere(_ found: FoundCommand) -> Bool {
        if found.source == .compose, found.dockerfile == nil { return true }
        return found.words.contains { $0 == "--workdir" || $0.hasPrefix("--workdir=") }
    }

    private func isThere(_ name: String, _ worker: WorkerCommand) -> Bool {
        guard !name.hasSuffix(".py") else {
            return context.project.files.contains { $0 == name || $0.hasSuffix("/" + name) }
        }
        let parts = name.split { $0 == "." || $0 == ":" }
        guard let first = parts.first else { return true }
        // In whatever folder: an image may have put any of them on the path.
        for count in (1...parts.count).reversed() {
            let modules = modules(at: parts.prefix(count).joined(separator: "/"))
            guard !modules.isEmpty else { continue }
            let rest = parts.dropFirst(count)
            return modules.contains { module in
                rest.first.map { defines(module, $0) } ?? holdsApp(module, worker)
            }
        }
        return isOfLibrary(first, worker)
    }

    private func modules(at path: String) -> [PythonModule] {
        let ends = ["\(path).py", "\(path)/__init__.py"]
        return context.python.modules.filter { module in
            ends.contains { module.path == $0 || module.path.hasSuffix("/" + $0) }
        }
    }

    /// What no folder of the project is named for may be of a package that it requires.
    private func isOfLibrary(_ first: Substring, _ worker: WorkerCommand) -> Bool {
        if context.project.files.contains(where: { ("/" + $0).contains("/\(first)/") }) { return false }
        if worker.kind == .other { return true }
        let plain = Requirement.normalised(String(first))
        return context.facts.dependencies.contains { $0.name == plain || $0.name.hasPrefix(plain + "-") }
    }

    private func defines(_ module: PythonModule, _ name: some StringProtocol) -> Bool {
        let name = String(name)
        if module.error != nil || module.functions.contains(where: { [name, "__getattr__"].contains($0.name) }) {
            return true
        }
        if module.classes.contains(where: { $0.name == name }) { return true }
        if module.imports.contains(where: { $0.name == name || $0.target.hasSuffix(".*") }) { return true }
        if module.assigns.contains(where: { $0.scope.isEmpty && $0.target == name }) { return true }
        // `celery, app = make()`
        return (context.project.text(module.path) ?? "").textLines.contains { line in
            guard let end = line.firstIndex(of: "="), line.first?.isWhitespace == false else { return false }
            return line[..<end].split { !$0.isLetter && !$0.isNumber && $0 != "_" }.contains { $0 == name }
        }
    }

    /// Whether Celery finds an app in a module that is named alone; other workers are named with what they want of it.
    private func holdsApp(_ module: PythonModule, _ worker: WorkerCommand) -> Bool {
        guard [.celery, .celeryBeat, .flower].contains(worker.kind) else { return true }
        if defines(module, "app") || defines(module, "celery") { return true }
        let folder = TreePath.folder(of: module.path)
        if TreePath.name(of: module.path) == "__init__.py", context.project.has(TreePath.joined(folder, "celery.py")) {
            return true
        }
        // Under any other name, made there or imported.
        if TextSearch.contains(context.project.text(module.path) ?? "", "elery") { return true }
        return module.imports.contains { resolver.index.find($0.target, in: [folder] + resolver.code.roots) != nil }
    }
}
