/// The folders and file names of a project, for questions that the list of files answers slowly.
struct ProjectTree: Sendable {
    let project: Project
    /// All folders that hold a file, those above included; the project's own is `""`.
    let folders: Set<String>
    private let byName: [String: [String]]

    init(_ project: Project) {
        self.project = project
        var folders: Set<String> = [""]
        var byName: [String: [String]] = [:]
        for path in project.files {
            byName[TreePath.name(of: path), default: []].append(path)
            var folder = TreePath.folder(of: path)
            while !folder.isEmpty, folders.insert(folder).inserted { folder = TreePath.folder(of: folder) }
        }
        self.folders = folders
        self.byName = byName
    }

    /// The files of a name, in the order of their paths.
    func files(named name: String) -> [String] { byName[name] ?? [] }

    /// The files whose path ends in these parts: `app/main.py` finds `backend/app/main.py`.
    func files(endingIn path: String) -> [String] {
        files(named: TreePath.name(of: path)).filter { $0 == path || $0.hasSuffix("/" + path) }
    }

    func has(_ path: String) -> Bool { project.has(path) || folders.contains(path) }
}
