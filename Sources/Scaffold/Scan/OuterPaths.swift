import Model
import Toolkit

/// Paths of a project's manifests that lead upwards: `../common`.
enum OuterPaths {
    /// All of a folder's manifests, as written, with their places.
    static func all(in context: ScanContext, folder: String) -> [(path: String, place: Place)] {
        var result: [(path: String, place: Place)] = []
        let pyproject = TreePath.joined(folder, "pyproject.toml")
        if let root = context.document(pyproject) {
            let tables = [
                root.at("tool", "uv", "sources"), root.at("tool", "poetry", "dependencies"),
            ].compactMap { $0 }
            for entry in tables.flatMap(\.entries) { add(entry.node, pyproject, &result) }
        }
        let lists = context.project.files.filter { path in
            let name = TreePath.name(of: path)
            return TreePath.folder(of: path) == folder && name == "requirements.txt"
        }
        for path in lists {
            let lines = (context.project.text(path) ?? "").split(omittingEmptySubsequences: false) { $0.isNewline }
            for (index, line) in lines.prefix(2_000).enumerated() {
                guard let target = target(of: line) else { continue }
                result.append((target, Place(path, index + 1)))
            }
        }
        return result.filter { isUpward($0.path) }
    }

    // MARK: - Private

    private static func add(_ node: ConfigNode, _ file: String, _ result: inout [(path: String, place: Place)]) {
        for one in node.items.isEmpty ? [node] : node.items {
            guard let path = one["path"]?.string else { continue }
            result.append((path, Place(file, node.position.line)))
        }
    }

    private static func isUpward(_ path: String) -> Bool { path.split(separator: "/").first == ".." }

    /// `../common`, `-e ../common[http]`, `-r ../base.txt`, `common @ file:../common`.
    private static func target(of line: Substring) -> String? {
        guard line.blanksTrimmed.first != "#" else { return nil }
        for word in line.split(whereSeparator: { $0.isWhitespace || $0 == "=" }).prefix(4) {
            var path = word
            for head in ["-e", "-r", "-c", "file://", "file:"] where path.hasPrefix(head) && path.count > head.count {
                path = path.dropFirst(head.count)
            }
            if path.hasPrefix("../") { return String(path.prefix { $0 != "[" && $0 != ";" && $0 != "#" }) }
        }
        return nil
    }
}
