import Toolkit

/// Where the files of an image come from in the project: what `COPY` and bind mounts say.
struct ImageFiles: Sendable {
    /// Absolute in the image, relative in the project.
    private(set) var pairs: [(image: String, project: String)] = []
    let tree: ProjectTree

    init(_ tree: ProjectTree) {
        self.tree = tree
    }

    /// Follows the `COPY` lines of a stage, and of those that it copies from.
    init(_ tree: ProjectTree, of stage: Dockerfile.Stage, in file: Dockerfile, context: String) {
        self.tree = tree
        add(stage, in: file, context: context, depth: 0)
    }

    /// A path in the image as a file of the project.
    func file(_ path: String) -> String? { find(path) { tree.project.has($0) } }

    /// A path in the image as a folder of the project.
    func folder(_ path: String) -> String? {
        if let found = find(path, where: { tree.folders.contains($0) }) { return found }
        // `COPY app /code/app` makes `/code` the folder above.
        let below = pairs.reversed().first { pair in
            pair.image.hasPrefix(path == "/" ? "/" : path + "/") && pair.image != path
                && Self.rest(of: pair.image, in: path).map { pair.project == $0 || pair.project.hasSuffix("/" + $0) }
                    == true
        }
        guard let below, let rest = Self.rest(of: below.image, in: path) else { return nil }
        return below.project == rest ? "" : String(below.project.dropLast(rest.count + 1))
    }

    /// Where a file of the project lies in the image; nil when no line brings it there.
    func path(of file: String) -> String? {
        for pair in pairs.reversed() {
            if pair.project == file { return pair.image }
            let head = pair.project.isEmpty ? "" : pair.project + "/"
            guard file.hasPrefix(head) else { continue }
            return Self.absolute(String(file.dropFirst(head.count)), in: pair.image)
        }
        return nil
    }

    mutating func mount(_ project: String, at image: String) {
        pairs.append((Self.absolute(image, in: "/"), project))
    }

    static func absolute(_ path: String, in folder: String) -> String {
        "/" + TreePath.joined(TreePath.joined("", folder), path)
    }

    // MARK: - Private

    private func find(_ path: String, where exists: (String) -> Bool) -> String? {
        for pair in pairs.reversed() {
            guard let rest = Self.rest(of: path, in: pair.image) else { continue }
            let found = rest.isEmpty ? pair.project : TreePath.joined(pair.project, rest)
            if exists(found) { return found }
        }
        return nil
    }

    /// What is left of a path below a folder; nil when it is not there.
    private static func rest(of path: String, in folder: String) -> String? {
        if path == folder { return "" }
        let head = folder == "/" ? "/" : folder + "/"
        return path.hasPrefix(head) ? String(path.dropFirst(head.count)) : nil
    }

    private mutating func add(_ stage: Dockerfile.Stage, in file: Dockerfile, context: String, depth: Int) {
        guard depth < 8, pairs.count < 2_000 else { return }
        var folder = "/"
        for part in file.lineage(of: stage) {
            for item in part.instructions {
                switch item.word {
                case "WORKDIR": folder = Self.absolute(filled(item.text, in: file, part), in: folder)
                case "COPY", "ADD": copy(item, in: file, context: context, folder: folder, depth: depth)
                default: break
                }
            }
        }
    }

    private func filled(_ text: String, in file: Dockerfile, _ stage: Dockerfile.Stage) -> String {
        guard text.contains("$") else { return ImageWords.plain(text) }
        let known = file.image(of: stage).variables
        return ImageWords.plain(Variables.expand(text) { known[$0] })
    }

    private mutating func copy(
        _ item: Dockerfile.Instruction,
        in file: Dockerfile,
        context: String,
        folder: String,
        depth: Int
    ) {
        let words = item.exec ?? ImageWords.raw(item.text).map { ImageWords.plain($0) }
        guard words.count > 1, let last = words.last, item.heredocs.isEmpty else { return }
        let target = Self.absolute(last, in: folder)
        if let from = item.flags.first(where: { $0.name == "from" })?.value {
            guard let other = Self.stage(from, in: file) else { return }
            var source = ImageFiles(tree)
            source.add(other, in: file, context: context, depth: depth + 1)
            for word in words.dropLast() { take(source, from: Self.absolute(word, in: "/"), to: target) }
            return
        }
        let isFolder = last.hasSuffix("/") || last == "." || words.count > 2 || target == folder
        for word in words.dropLast() where !word.contains("://") {
            let source = TreePath.joined(context, TreePath.joined("", word))
            if word.contains("*") || word.contains("?") {
                let above = TreePath.folder(of: source)
                if !above.contains("*"), tree.folders.contains(above) { pairs.append((target, above)) }
            } else if tree.project.has(source) {
                let name = isFolder ? Self.absolute(TreePath.name(of: source), in: target) : target
                pairs.append((name, source))
            } else if tree.folders.contains(source) {
                pairs.append((target, source))
            }
        }
    }

    private mutating func take(_ other: ImageFiles, from source: String, to target: String) {
        for pair in other.pairs {
            if let rest = Self.rest(of: pair.image, in: source) {
                pairs.append((rest.isEmpty ? target : Self.absolute(rest, in: target), pair.project))
            } else if let rest = Self.rest(of: source, in: pair.image) {
                pairs.append((target, TreePath.joined(pair.project, rest)))
            }
        }
    }

    private static func stage(_ name: String, in file: Dockerfile) -> Dockerfile.Stage? {
        if let index = Int(name) { return file.stages.indices.contains(index) ? file.stages[index] : nil }
        return file.stages.first { $0.name?.lowercased() == name.lowercased() }
    }
}
