import Model

/// Where to look for what a command names.
struct TargetSearch {
    /// Where the command runs, in the project.
    var folder: String
    /// Put in front by options or variables, relative to the folder or absolute in an image.
    var extra: [String] = []
    /// Absolute in an image, so that they can only be guessed at.
    var later: [String] = []
    /// Folders of the files that the command stands in.
    var places: [String] = []
}

/// A target that was found in the project.
struct FoundTarget {
    var target: String
    /// The import root.
    var root: String
    var file: String
    var key: String
    var framework: Facts.Framework?
    var isFactory = false
    var isVerified = true
}

extension EntrySearch {
    /// Finds `module:attribute` in the project; nil when there is no such module or it has no such attribute.
    func resolve(_ target: String, _ search: TargetSearch) -> FoundTarget? {
        let parts = target.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, let name = parts.last, !name.isEmpty else { return nil }
        let dotted = parts[0].hasSuffix(".py") ? String(parts[0].dropLast(3)).replacing("/", with: ".") : parts[0]
        let module = dotted.replacing("/", with: ".")
        var tried: Set<String> = []
        for root in importRoots(search) where tried.insert(root).inserted {
            guard let path = ImportRoots.file(of: module, in: root, context.project) else { continue }
            if let found = check(path, name, target: "\(module):\(name)", root: root) { return found }
        }
        // Anywhere in the tree, the nearest first; not told by the command, so not sure.
        let inner = module.split(separator: ".").joined(separator: "/")
        let files = tree.files(endingIn: inner + ".py") + tree.files(endingIn: inner + "/__init__.py")
        let near = files.filter { TreePath.lies($0, in: context.root) && !$0.contains("{{") }.sorted { left, right in
            let depths = (left.split(separator: "/").count, right.split(separator: "/").count)
            return depths.0 != depths.1 ? depths.0 < depths.1 : left < right
        }
        for path in near.prefix(20) {
            let suffix = path.hasSuffix("/__init__.py") ? inner + "/__init__.py" : inner + ".py"
            let root = path.count == suffix.count ? "" : String(path.dropLast(suffix.count + 1))
            guard tried.insert(root).inserted else { continue }
            guard var found = check(path, name, target: "\(module):\(name)", root: root) else { continue }
            found.isVerified = near.count == 1
            return found
        }
        return nil
    }

    /// A Python file as a command names it.
    func file(_ name: String, _ search: TargetSearch) -> String? {
        guard !name.contains("$"), name.hasSuffix(".py") || !name.contains(".") else { return nil }
        let plain = name.hasPrefix("./") ? String(name.dropFirst(2)) : name
        if !plain.hasPrefix("/") {
            for root in importRoots(search) {
                let path = TreePath.joined(root, plain)
                if context.project.has(path) { return path }
            }
        }
        // `/app/web.py`, or a folder that is none of the project: the longest end of the path that is there.
        let parts = plain.split(separator: "/").map(String.init)
        for count in stride(from: parts.count, through: 1, by: -1) {
            let end = parts.suffix(count).joined(separator: "/")
            // One of the folder that the image is made of goes before others of that name.
            for root in importRoots(search) where context.project.has(TreePath.joined(root, end)) {
                return TreePath.joined(root, end)
            }
            let files = tree.files(endingIn: end).filter { TreePath.lies($0, in: context.root) && !$0.contains("{{") }
            if let best = files.min(by: { ($0.split(separator: "/").count, $0) < ($1.split(separator: "/").count, $1) })
            {
                return best
            }
        }
        return nil
    }

    func moduleFile(_ name: String, _ search: TargetSearch) -> String? {
        importRoots(search).lazy.compactMap { ImportRoots.file(of: name, in: $0, self.context.project) }.first
    }

    /// The app in a file, by its name or by the usual ones, with the module's name from its import root.
    func appInFile(_ path: String, name: String?) -> FoundTarget? {
        guard let module = module(at: path) else { return nil }
        let names = name.map { [$0] } ?? ["app", "api"] + module.assigns.filter { $0.scope.isEmpty }.map(\.target)
        for name in names {
            guard let made = resolver.app(named: name, in: module), !made.isFactory else { continue }
            let root = roots.root(of: path)
            return FoundTarget(
                target: "\(ImportRoots.module(of: path, in: root)):\(name)",
                root: root,
                file: path,
                key: made.key,
                framework: made.framework
            )
        }
        return nil
    }

    // MARK: - Private

    /// In the order of the specification, the command's own first.
    private func importRoots(_ search: TargetSearch) -> [String] {
        var result: [String] = []
        for path in search.extra { result += folders(path, from: search.folder) }
        let bases =
            [search.folder, context.root] + search.places.flatMap { Array(TreePath.ancestors(of: $0).prefix(2)) }
        for base in bases {
            result.append(base)
            let source = TreePath.joined(base, "src")
            if tree.folders.contains(source) { result.append(source) }
        }
        for path in search.later { result += folders(path, from: search.folder) }
        return result
    }

    /// A folder of the project that a path means: as it is, or its end when it is absolute in an image.
    private func folders(_ path: String, from base: String) -> [String] {
        if path.hasPrefix("/") {
            let parts = path.split(separator: "/").map(String.init)
            for count in stride(from: parts.count, through: 0, by: -1) {
                let end = parts.suffix(count).joined(separator: "/")
                for candidate in [end, TreePath.joined(base, end)] where tree.folders.contains(candidate) {
                    return [candidate]
                }
            }
            return []
        }
        let folder = TreePath.joined(base, path)
        return tree.folders.contains(folder) ? [folder] : []
    }

    private func check(_ path: String, _ name: String, target: String, root: String) -> FoundTarget? {
        guard let module = module(at: path) else { return nil }
        if let made = resolver.app(named: name, in: module) {
            var found = FoundTarget(
                target: target,
                root: root,
                file: path,
                key: made.key,
                framework: made.framework,
                isFactory: made.isFactory
            )
            if let above = roots.above(root, for: path) {
                // What is written would not start by itself, so that it says nothing for sure.
                found.target = "\(ImportRoots.module(of: path, in: above)):\(name)"
                found.root = above
                found.isVerified = false
            }
            return found
        }
        guard resolver.defines(name, in: module) else { return nil }
        return FoundTarget(target: target, root: root, file: path, key: "\(path):\(name)")
    }
}
