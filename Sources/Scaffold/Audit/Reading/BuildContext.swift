import Toolkit

/// The files that a build sees: the folder it starts from, without what `.dockerignore` leaves out.
struct BuildContext: Sendable {
    /// Relative to the project.
    let folder: String
    /// The ignore file, relative to the project; nil when there is none.
    let ignoreFile: String?
    /// The ignore file can't be read, so nothing is known.
    let isUnknown: Bool
    /// All files that are seen, relative to ``folder``.
    let files: [String]
    private let rules: IgnoreRules

    init(_ context: AuditContext, dockerfile: String) {
        self.init(context.project, folder: context.buildFolder, dockerfile: dockerfile)
    }

    init(_ project: Project, folder: String, dockerfile: String) {
        self.folder = folder
        let name = TreePath.name(of: dockerfile)
        // `Dockerfile.dockerignore` beside the Dockerfile goes before the one of the folder.
        let own = TreePath.joined(TreePath.folder(of: dockerfile), "\(name).dockerignore")
        ignoreFile = [own, TreePath.joined(folder, ".dockerignore")].first { project.has($0) }
        var rules = IgnoreRules()
        var isUnknown = false
        if let path = ignoreFile {
            if let read = try? IgnoreRules(project.text(path) ?? "", file: path) {
                rules = read
            } else {
                isUnknown = true
            }
        }
        self.rules = rules
        self.isUnknown = isUnknown
        var folders: [String: IgnoreRules.Folder] = ["": rules.top]
        files = project.files(under: folder).compactMap { path in
            let inner = folder.isEmpty ? path : String(path.dropFirst(folder.count + 1))
            return Self.isLeftOut(inner, rules, &folders) ? nil : inner
        }
    }

    /// Whether a path would be left out, also one that is not there: `.git/config`.
    func leavesOut(_ path: String) -> Bool {
        var folders: [String: IgnoreRules.Folder] = ["": rules.top]
        return Self.isLeftOut(path, rules, &folders)
    }

    /// The files that the sources of a `COPY` line bring along.
    func files(of sources: [String]) -> [String] {
        let plain = sources.map { TreePath.joined("", $0) }
        return files.filter { path in
            plain.contains { source in
                if source.contains("*") || source.contains("?") { return Self.fits(path, source) }
                return TreePath.lies(path, in: source)
            }
        }
    }

    // MARK: - Private

    private static func isLeftOut(
        _ path: String,
        _ rules: IgnoreRules,
        _ folders: inout [String: IgnoreRules.Folder]
    ) -> Bool {
        rules.decide(path, in: state(of: TreePath.folder(of: path), rules, &folders)).leftOut
    }

    private static func state(
        of folder: String,
        _ rules: IgnoreRules,
        _ folders: inout [String: IgnoreRules.Folder]
    ) -> IgnoreRules.Folder {
        if let known = folders[folder] { return known }
        let above = state(of: TreePath.folder(of: folder), rules, &folders)
        let state = rules.decide(folder, in: above).1
        folders[folder] = state
        return state
    }

    /// A pattern takes files, and folders with all that is in them.
    private static func fits(_ path: String, _ pattern: String) -> Bool {
        TreePath.ancestors(of: path).contains { !$0.isEmpty && TreePath.matches($0, pattern: pattern) }
    }
}
