import Foundation
import Model
import Toolkit

/// What a Python project says of itself: which Python it wants and where its dependencies are named.
struct PythonProject: Equatable, Sendable {
    /// Where dependencies come from; the first that is there counts.
    enum Dependencies: Equatable, Sendable {
        /// `uv.lock` beside `pyproject.toml`: exactly these versions.
        case lock
        /// Installed from a file that uv reads: `requirements.txt`, `pyproject.toml`, `setup.py`.
        case file(String)
        case none
    }

    /// A wish for a version of Python, and the file that has it.
    struct Wish: Equatable, Sendable {
        var file: String
        var text: String
    }

    var dependencies = Dependencies.none
    /// Files that decide what is installed; when they change, it is installed anew.
    var files: [String] = []
    /// The dependencies include folders of the project itself, so every file counts.
    var needsAllFiles = false
    var wishes: [Wish] = []
    /// What the person who deploys should know.
    var notes: [String] = []

    /// Reads the few files that matter.
    ///
    /// - Throws: ``Fault`` with file and line for a `pyproject.toml` that can't be read, `buildFailed` for a project whose
    ///   dependencies are named in a way that uv does not know.
    static func read(_ project: ProjectFiles) throws(Fault) -> PythonProject {
        var result = PythonProject()
        let manifest = try project.text("pyproject.toml").map { text throws(Fault) in
            try TOML.parse(Array(text.utf8), file: "pyproject.toml")
        }
        try result.readWishes(project, manifest)
        try result.readDependencies(project, manifest)
        return result
    }

    /// Compares the wishes with a Python.
    ///
    /// - Parameters:
    ///   - version: what there is.
    ///   - base: what has this Python, for the message: "the base image (Debian bookworm)".
    /// - Throws: ``Fault`` `buildFailed` naming the file, what it asks for and what there is.
    func check(_ version: PythonVersion, base: String) throws(Fault) {
        for wish in wishes {
            let isFine =
                if let exact = PythonVersion(wish.text) {
                    exact.isSameMinor(as: version)
                } else {
                    PythonRange(wish.text)?.contains(version) ?? false
                }
            guard isFine else {
                throw Fault(
                    .buildFailed,
                    "\(wish.file) asks for Python \(wish.text), but \(base) has \(version)",
                    hint: "write a Dockerfile that begins with the Python you need, or set the builder's base image to "
                        + "one that has it, such as docker.io/library/python:3.13-slim"
                )
            }
        }
    }

    // MARK: - Private

    private mutating func readWishes(_ project: ProjectFiles, _ manifest: ConfigNode?) throws(Fault) {
        if case .string(let text)? = manifest?["project"]?["requires-python"]?.value {
            wishes.append(Wish(file: "pyproject.toml (requires-python)", text: text))
        }
        if case .string(let text)? = manifest?["tool"]?["poetry"]?["dependencies"]?["python"]?.value {
            wishes.append(Wish(file: "pyproject.toml (tool.poetry.dependencies)", text: text))
        }
        for file in [".python-version", "runtime.txt"] {
            guard let text = try project.text(file), let wish = Self.exactWish(text) else { continue }
            wishes.append(Wish(file: file, text: wish))
        }
    }

    /// `3.11.4` of `python-3.11.4`, `cpython@3.11.4` and the first line of several.
    private static func exactWish(_ text: String) -> String? {
        let lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
        guard var line = lines.first(where: { !$0.isEmpty && !$0.hasPrefix("#") }), line != "system" else { return nil }
        for prefix in ["python-", "cpython-", "cpython@", "cpython"] where line.hasPrefix(prefix) {
            line.removeFirst(prefix.count)
            break
        }
        return line
    }

    private mutating func readDependencies(_ project: ProjectFiles, _ manifest: ConfigNode?) throws(Fault) {
        if project.file("uv.lock") != nil, manifest != nil {
            dependencies = .lock
            files = ["pyproject.toml", "uv.lock"] + Self.settings(project)
            needsAllFiles = try project.text("uv.lock").map(Self.lockNamesFolders) ?? false
        } else if project.file("requirements.txt") != nil {
            try readRequirements(project)
        } else if manifest?["project"] != nil || manifest?["tool"]?["poetry"] != nil {
            dependencies = .file("pyproject.toml")
            files = ["pyproject.toml"] + Self.settings(project)
            needsAllFiles = Self.needsItsBuilder(manifest)
            noteUnreadLocks(project)
        } else if let setup = ["setup.py", "setup.cfg"].first(where: { project.file($0) != nil }) {
            dependencies = .file(setup)
            files = [setup]
            needsAllFiles = true
        } else if let other = ["Pipfile", "environment.yml", "environment.yaml"].first(where: {
            project.file($0) != nil
        }) {
            throw Fault(
                .buildFailed,
                "the project names its dependencies in \(other), which can't be installed without a Dockerfile",
                hint: other == "Pipfile"
                    ? "pipenv requirements > requirements.txt makes a file that can" : "write a requirements.txt"
            )
        }
    }

    private mutating func readRequirements(_ project: ProjectFiles) throws(Fault) {
        let found = try RequirementFiles.read("requirements.txt", of: project)
        dependencies = .file("requirements.txt")
        files = found.files + Self.settings(project)
        needsAllFiles = found.namesFolders
        noteUnreadLocks(project)
    }

    private static func settings(_ project: ProjectFiles) -> [String] {
        ["uv.toml"].filter { project.file($0) != nil }
    }

    /// `source = { directory = "libs/common" }` and the like; the project itself is `"."`.
    private static func lockNamesFolders(_ lock: String) -> Bool {
        let kinds = ["directory", "editable", "virtual", "path"]
        return lock.split(separator: "\n").contains { line in
            line.hasPrefix("source = {")
                && kinds.contains { line.contains("\($0) = \"") && !line.contains("\($0) = \".\"") }
        }
    }

    /// Whether the dependencies are known only to the project's own build backend, or include folders.
    private static func needsItsBuilder(_ manifest: ConfigNode?) -> Bool {
        guard let project = manifest?["project"] else { return true }
        if case .array(let dynamic)? = project["dynamic"]?.value,
            dynamic.contains(where: { $0.value == .string("dependencies") })
        {
            return true
        }
        guard case .table(let sources)? = manifest?["tool"]?["uv"]?["sources"]?.value else { return false }
        return sources.contains { $0.node["path"] != nil || $0.node["workspace"] != nil }
    }

    private mutating func noteUnreadLocks(_ project: ProjectFiles) {
        guard case .file(let read) = dependencies else { return }
        for lock in ["poetry.lock", "pdm.lock", "Pipfile.lock"] where project.file(lock) != nil {
            let advice = lock == "poetry.lock" ? "poetry export -o requirements.txt" : "uv lock"
            notes.append("\(lock) is not read, versions come from \(read); `\(advice)` makes a lock that is")
        }
    }
}
