/// Which folder an image is built from, and where things of the project lie in the image.
///
/// Everything keeps the place that it has in the context: `<context>/backend/app` is `/app/backend/app`.
package struct BuildLayout: Equatable, Sendable {
    /// Where the context is in the image.
    static let home = "/app"

    /// The folder that is sent to the build, relative to what was scanned.
    ///
    /// It holds the app, its manifest, its lock, its migrations and the front end that is built with it. Generated files are written there.
    package let context: String
    /// The app's folder within the context; the image's working directory.
    package let project: String
    /// The folder within the context that is on `sys.path`.
    package let importRoot: String

    package init(_ facts: Facts) {
        var folders = [TreePath.joined("", facts.root)]
        // The app's folder is a package itself: it has to lie in the image under its own name.
        if let root = facts.entry?.importRoot, root.split(separator: "/").contains("..") {
            folders.append(TreePath.joined(folders[0], root))
        }
        // Alembic's file above the app: a release reads it in the image.
        if let above = facts.migrations?.workingDirectory, above.split(separator: "/").contains("..") {
            folders.append(TreePath.joined(folders[0], above))
        }
        if let manager = facts.manager {
            folders += [manager.manifest, manager.lock].compactMap { $0 }.map {
                TreePath.folder(of: TreePath.joined("", $0))
            }
            if let workspace = manager.workspace { folders.append(TreePath.joined("", workspace)) }
        }
        if let frontend = facts.frontend, frontend.isServed {
            // The front end's own folder, so that it is not the context's root unless it has to be.
            folders.append(TreePath.joined("", frontend.directory))
        }
        let common = folders.dropFirst().reduce(folders[0]) { Self.common($0, $1) }
        context = common
        project = Self.inner(folders[0], of: common) ?? ""
        importRoot = TreePath.joined(project, facts.entry?.importRoot ?? "")
    }

    /// A path of the scan as the context has it; nil when it lies elsewhere.
    package func inner(_ path: String) -> String? { Self.inner(TreePath.joined("", path), of: context) }

    /// A path of the context as the scan has it.
    package func outer(_ path: String) -> String { TreePath.joined(context, path) }

    /// A path of the app's folder as the context has it.
    func ofProject(_ path: String) -> String { TreePath.joined(project, path) }

    /// Where a path of the context is in the image.
    func image(_ path: String) -> String { path.isEmpty ? Self.home : "\(Self.home)/\(path)" }

    // MARK: - Private

    private static func inner(_ path: String, of folder: String) -> String? {
        if folder.isEmpty || path == folder { return path == folder ? "" : path }
        return path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.count + 1)) : nil
    }

    private static func common(_ left: String, _ right: String) -> String {
        let pairs = zip(left.split(separator: "/"), right.split(separator: "/"))
        return pairs.prefix { $0 == $1 }.map { String($0.0) }.joined(separator: "/")
    }
}
