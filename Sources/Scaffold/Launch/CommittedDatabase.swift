import Toolkit

/// A SQLite file that lies in the project, and that the app on its Machine begins without.
enum CommittedDatabase {
    /// Looks for it.
    ///
    /// - Parameters:
    ///   - facts: with the Dockerfile that the image is made by, if any.
    ///   - project: the scanned folder.
    ///   - options: what decides whether there is a volume.
    /// - Returns: a sentence for the user; nil when there is no such file, or when the image has it where the app looks.
    static func note(_ facts: Facts, _ project: Project, _ options: FlyConfigOptions) -> String? {
        guard facts.database?.engine == .sqlite, let file = facts.database?.file, !file.hasPrefix("/") else {
            return nil
        }
        let path = TreePath.joined(facts.root, file)
        guard project.has(path) else { return nil }
        let name = Quoting.comment(path)
        let choice = DataFolder.choose(
            facts,
            workingDirectory: options.workingDirectory,
            fixed: options.fixedFile
        )
        if let folder = choice.folder {
            return "\(name) of the project stays behind: the volume at \(folder.path) begins empty "
                + "(roost ssh sftp put brings files there)"
        }
        guard let dockerfile = facts.existing.dockerfile else {
            return "\(name) does not come into the image: the app begins with an empty database"
        }
        let context = facts.existing.dockerContext ?? TreePath.folder(of: dockerfile)
        let build = BuildContext(project, folder: context, dockerfile: dockerfile)
        guard let ignore = build.ignoreFile, !build.isUnknown, TreePath.lies(path, in: context) else { return nil }
        let inner = context.isEmpty ? path : String(path.dropFirst(context.count + 1))
        guard build.leavesOut(inner) else { return nil }
        return "\(Quoting.comment(ignore)) keeps \(name) out of the image: the app begins with an empty database"
    }
}
