/// Files of the build context that an image needs, beyond what facts tell.
///
/// Facts know commands and modules, not what else the code imports; ``read(_:_:)`` looks at the project for that.
package struct ImageContents: Equatable, Sendable {
    /// Folders and files to copy, relative to the build context, sorted; a folder's content comes with it.
    package var folders: [String] = []
    package var files: [String] = []
    /// The folders of other members of the workspace.
    package var members: [String] = []
    /// Requirement files that the first one names, itself included.
    package var requirements: [String] = []
    /// A `constraints.txt` beside the requirements.
    package var constraints: String?
    /// The requirements name the project itself or a folder of it, so that they can't be installed before it is copied.
    package var requirementsNeedProject = false
    /// The lock file of the front end.
    package var frontendLock: String?
    /// Names that can't stand in a Dockerfile, or of which there are too many.
    package var leftOut: [String] = []

    package init() {}

    /// As far as facts tell: the entry's package, what migrations need, templates and static files.
    package init(_ facts: Facts) {
        let layout = BuildLayout(facts)
        var folders: Set<String> = []
        var files: Set<String> = []
        if let entry = facts.entry, let first = entry.module.split(separator: ".").first {
            // A module of one name is a file beside others that it may import: what they are, facts can't say.
            let path = TreePath.joined(layout.importRoot, String(first))
            if entry.module.contains(".") { folders.insert(path) } else { files.insert(path + ".py") }
            if entry.importRoot != "", entry.importRoot != "." { folders.insert(layout.importRoot) }
        }
        for path in Self.named(facts) {
            let inner = layout.ofProject(path)
            if TreePath.name(of: inner).contains(".") { files.insert(inner) } else { folders.insert(inner) }
        }
        keep(folders, files)
    }

    /// Paths of the app's folder that commands and code of the facts name.
    static func named(_ facts: Facts) -> [String] {
        var paths = [facts.migrations?.config, facts.migrations?.location, facts.server?.config].compactMap { $0 }
        paths += facts.statics.map(\.directory)
        paths += (facts.entry?.command ?? []).filter { $0.hasSuffix(".py") }
        paths += facts.migrations?.command.filter { $0.hasSuffix(".py") || $0.hasSuffix(".sh") } ?? []
        return paths.filter { !$0.isEmpty && $0 != "." && !$0.hasPrefix("/") }
    }

    /// Takes over what may be copied, each only once.
    mutating func keep(_ wantedFolders: Set<String>, _ wantedFiles: Set<String>) {
        let folders = wantedFolders.filter { Quoting.isPlainPath($0) }
        let files = wantedFiles.filter { Quoting.isPlainPath($0) }
        leftOut += wantedFolders.union(wantedFiles).subtracting(folders).subtracting(files).filter { !$0.isEmpty }
            .sorted()
        self.folders = folders.sorted().filter { path in
            !TreePath.ancestors(of: TreePath.folder(of: path)).contains { !$0.isEmpty && folders.contains($0) }
        }
        self.files = files.sorted().filter { path in
            !TreePath.ancestors(of: TreePath.folder(of: path)).contains { !$0.isEmpty && folders.contains($0) }
        }
    }
}
