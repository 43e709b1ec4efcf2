import Toolkit

/// All Python files of a project, taken apart by Python's own parser.
package struct PythonSources: Sendable {
    package var modules: [PythonModule]
    /// Why there are none, or not all, for the user: no `python3`, a limit reached.
    package var warning: String?

    /// Without modules, when Python plays no part.
    package init(modules: [PythonModule] = [], warning: String? = nil) {
        self.modules = modules
        self.warning = warning
    }

    /// The most bytes of Python that are read in one scan.
    package static let maximumBytes = 64 << 20

    /// More than this is read by two processes at once: one takes apart about three megabytes a second.
    private static let smallBytes = 1 << 20

    /// A file on its way to Python.
    struct File: Sendable {
        var path: String
        var text: String
    }

    /// Reads a project's Python files through `python3`, which runs nothing of the project.
    ///
    /// - Parameters:
    ///   - project: its files under `.py`.
    ///   - python: how Python is started, and how much it may take.
    ///   - wanted: which of the files; by default all.
    ///   - known: the module of a file that was read before, with this text; it counts when it has no error.
    /// - Returns: a module for each file, in the order of their paths; those that do not parse, or that Python did not
    ///   come to, carry their error. Without a Python there are none.
    /// - Throws: ``Fault`` only for what is not the project's doing.
    package static func read(
        _ project: Project,
        with python: PythonProcess = PythonProcess(),
        where wanted: (_ path: String, _ text: String) -> Bool = { _, _ in true },
        known: (_ path: String, _ text: String) -> PythonModule? = { _, _ in nil }
    ) async throws -> PythonSources {
        let isInstalled = python.isInstalled
        var files: [File] = []
        var modules: [PythonModule] = []
        var bytes = 0
        var warning: String?
        for path in project.files where path.hasSuffix(".py") && !path.utf8.contains(UInt8(ascii: "\n")) {
            guard let text = project.text(path), wanted(path, text) else { continue }
            guard bytes + text.utf8.count < maximumBytes else {
                warning = "more than \(maximumBytes >> 20) MB of Python: what follows \(path) was not read"
                break
            }
            bytes += text.utf8.count
            if isInstalled, let module = known(path, text), module.error == nil {
                modules.append(module)
            } else {
                files.append(File(path: path, text: text))
            }
        }
        guard !files.isEmpty else { return PythonSources(modules: modules, warning: warning) }
        guard isInstalled else { return PythonSources(warning: PythonProcess.missing) }
        let parts = split(files, into: bytes > smallBytes ? 2 : 1)
        let answers = try await withThrowingTaskGroup(of: PythonProcess.Answer.self) { group in
            for part in parts { group.addTask { try await python.read(part) } }
            var all = PythonProcess.Answer()
            for try await one in group { all.add(one) }
            return all
        }
        modules = (modules + answers.modules + answers.unread).sorted { $0.path < $1.path }
        return PythonSources(modules: modules, warning: answers.warning(of: modules.count) ?? warning)
    }

    // MARK: - Private

    /// Parts that hold about as many bytes each.
    private static func split(_ files: [File], into count: Int) -> [[File]] {
        var parts: [(bytes: Int, files: [File])] = Array(repeating: (0, []), count: count)
        for file in files {
            let lightest = parts.indices.min { parts[$0].bytes < parts[$1].bytes } ?? 0
            parts[lightest].bytes += file.text.utf8.count
            parts[lightest].files.append(file)
        }
        return parts.map(\.files)
    }
}
