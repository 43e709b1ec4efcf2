import Model

extension EntrySearch {
    /// Files that the project's own README starts a server with: `uvicorn app.main:app`, `fastapi dev app/main.py`.
    ///
    /// It is no command that production runs, so it only decides between files that say the same of themselves.
    func readmeFiles() -> Set<String> {
        var files: Set<String> = []
        for folder in Set(["", context.root]) {
            for name in ["README.md", "README.rst", "README.txt", "readme.md", "Readme.md"] {
                guard let text = context.project.text(TreePath.joined(folder, name)), text.utf8.count < 400_000 else {
                    continue
                }
                for line in text.split(whereSeparator: \.isNewline) where Self.mayStart(line) {
                    if let path = started(by: line, in: folder) { files.insert(path) }
                }
            }
        }
        return files
    }

    // MARK: - Private

    private static func mayStart(_ line: Substring) -> Bool {
        line.utf8.count < 400
            && Vocabulary.starters.contains { line.contains($0) }
    }

    private func started(by line: Substring, in folder: String) -> String? {
        let words = line.split { $0 == " " || $0 == "\t" || $0 == "`" || $0 == "$" }.map(String.init)
        guard let first = words.firstIndex(where: Vocabulary.starters.contains),
            let server = ServerCommand.parse(Array(words[first...].prefix(30)))
        else { return nil }
        if let name = server.file {
            let path = TreePath.joined(folder, name)
            return context.project.has(path) ? path : only(tree.files(endingIn: TreePath.joined("", name)))
        }
        guard let target = server.target, CommandOptions.isTarget(target) else { return nil }
        let module = String(target.prefix { $0 != ":" })
        for root in [folder, TreePath.joined(folder, "src"), TreePath.joined(folder, server.appFolder ?? "")] {
            if let path = ImportRoots.file(of: module, in: root, context.project) { return path }
        }
        return only(tree.files(endingIn: module.split(separator: ".").joined(separator: "/") + ".py"))
    }

    /// A `cd` before it can't be followed; one file alone is meant all the same.
    private func only(_ files: [String]) -> String? { files.count == 1 ? files.first : nil }
}
