import Model
import Toolkit

extension PythonImage {
    // MARK: - Files

    /// Nothing is known of what the code consists of.
    var copiesAll: Bool { contents.folders.isEmpty && contents.files.isEmpty }

    /// The allow-list lets no more through than this, so one line does when there would be too many layers.
    private static let maximumFolders = 20

    var copies: [String] {
        guard !copiesAll, contents.folders.count <= Self.maximumFolders else { return ["COPY . \(BuildLayout.home)/"] }
        var folders = contents.folders
        if install.installsProject {
            // Its code is in the environment; what commands name by path still has to be there.
            folders = folders.filter { !isInstalled($0) }
            let named = ImageContents.named(facts).map { layout.ofProject($0) }.filter {
                isInstalled($0) && !$0.hasSuffix(".py")
            }
            folders += Set(named).filter { Quoting.isPlainPath($0) }.sorted()
        }
        var byFolder: [String: [String]] = [:]
        for file in contents.files + [script?.path].compactMap({ $0 })
        where !byFolder[TreePath.folder(of: file), default: []].contains(file) {
            byFolder[TreePath.folder(of: file), default: []].append(file)
        }
        let files = byFolder.sorted { $0.key < $1.key }.map { folder, files in
            "COPY \(files.sorted().joined(separator: " ")) \(place(folder))/"
        }
        return folders.map { "COPY \($0) \(place($0))" } + files
    }

    /// Where a folder of the context goes: relative to the working directory when it lies in it.
    private func place(_ path: String) -> String {
        if path == layout.project { return "." }
        if layout.project.isEmpty { return "./\(path)" }
        return path.hasPrefix(layout.project + "/")
            ? "./\(path.dropFirst(layout.project.count + 1))" : layout.image(path)
    }

    /// Whether a path of the context belongs to the package that is installed.
    private func isInstalled(_ path: String) -> Bool {
        if layout.importRoot != layout.project { return TreePath.lies(path, in: layout.importRoot) }
        guard let first = facts.entry?.module.split(separator: ".").first else { return false }
        return TreePath.lies(path, in: TreePath.joined(layout.importRoot, String(first)))
    }

    /// Folders that the app writes to, as the image has them.
    var writable: [String] {
        var result: [String] = []
        for path in facts.writePaths where Self.isFolderToMake(path) {
            let absolute = path.hasPrefix("/") ? "/" + TreePath.joined("", path) : layout.image(layout.ofProject(path))
            let isOwn = absolute == layout.image(layout.project) || absolute == BuildLayout.home
            if !isOwn, !result.contains(absolute) { result.append(absolute) }
        }
        if let path = DataFolder.choose(facts).folder?.path, !result.contains(path) { result.append(path) }
        return result
    }

    static func isFolderToMake(_ path: String) -> Bool {
        guard Quoting.isPlainPath(path) || (path.hasPrefix("./") && Quoting.isPlainPath(String(path.dropFirst(2))))
        else {
            return false
        }
        let parts = TreePath.joined("", path).split(separator: "/")
        guard let first = parts.first else { return false }
        return !path.hasPrefix("/") || !["tmp", "dev", "proc", "sys"].contains(first)
    }

    // MARK: - Commands

    /// Asks with Python's own means, since slim images have neither curl nor wget; `-I` keeps the project's modules out.
    var healthCheck: String {
        let seconds = facts.traits.workerMiB >= 2048 ? 60 : 20
        let code = Self.healthCode(path: facts.health.live ?? facts.health.ready, port: port, start)
        return "HEALTHCHECK --interval=15s --timeout=5s --start-period=\(seconds)s --start-interval=2s --retries=3 \\\n"
            + "    CMD \(Quoting.exec(["python", "-I", "-c", code]))"
    }

    static func healthCode(path: String?, port: Int, _ start: ServerStart) -> String {
        var path = path
        if start.command.first == "streamlit" { path = path ?? "/_stcore/health" }
        let isUvicorn = start.environment.contains { $0.name == "UVICORN_PORT" }
        let number = isUvicorn ? "os.environ.get('UVICORN_PORT', '\(port)')" : "'\(port)'"
        guard let path, HTTPText.isTarget(path) else {
            return "import os, socket; socket.create_connection(('127.0.0.1', int(\(number))), timeout=3).close()"
        }
        let quoted = path.contains { "'\\".contains($0) } ? Quoting.python(path) : "'\(path)'"
        return "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + \(number) + \(quoted), timeout=3)"
    }

    /// Django's files for browsers, collected where whitenoise serves them from.
    var collectStatic: (line: String, note: String)? {
        guard facts.framework == .django, facts.dependencies.contains(where: { $0.name == "whitenoise" }) else {
            return nil
        }
        let required = facts.environment.filter { $0.isRequired && Quoting.isVariableName($0.name) }.map(\.name)
        var names = required
        if !names.contains("SECRET_KEY") { names.append("SECRET_KEY") }
        let variables = names.sorted().map { name in
            name == facts.database?.variable ? "\(name)=sqlite:////tmp/build.sqlite3" : "\(name)=only-to-collect"
        }
        return (
            "RUN \(variables.joined(separator: " ")) python manage.py collectstatic --noinput",
            "the build runs manage.py collectstatic with made-up values for what the settings require"
        )
    }
}
