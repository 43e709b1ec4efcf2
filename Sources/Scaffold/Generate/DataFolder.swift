/// The folder that has to outlive a Machine: where a SQLite file or uploads lie.
struct DataFolder: Equatable {
    /// Absolute, as the image has it.
    var path: String
    /// The volume's name.
    var name: String
    /// What lies there: `the SQLite file app.db`.
    var what: String
    /// What the user has to set so that the app writes there: `DATABASE_URL=sqlite:////data/app.db`.
    var setting: String?

    /// What was decided, and what to say when there should be a folder and can't be one.
    struct Choice: Equatable {
        var folder: DataFolder?
        var notes: [String] = []
    }

    static func choose(_ facts: Facts, _ layout: BuildLayout) -> Choice {
        var choice = Choice()
        if facts.database?.engine == .sqlite { choice = database(facts, layout) }
        for path in folders(facts) {
            guard let absolute = absolute(path, layout) else { continue }
            guard let folder = choice.folder else {
                choice.folder = DataFolder(
                    path: absolute,
                    name: volumeName(absolute),
                    what: "what the app writes to \(path)"
                )
                continue
            }
            if absolute != folder.path, !absolute.hasPrefix(folder.path + "/") {
                choice.notes.append("\(path) is not kept: a Machine has one volume, and that is for \(folder.path)")
            }
        }
        return choice
    }

    // MARK: - Private

    private static func database(_ facts: Facts, _ layout: BuildLayout) -> Choice {
        let file = facts.database?.file.map { Quoting.comment($0) } ?? ""
        guard !file.contains(":memory:") else { return Choice() }
        let what = file.isEmpty ? "the SQLite file" : "the SQLite file \(file)"
        if let path = absolute(
            TreePath.folder(of: file.hasPrefix("/") ? file : TreePath.joined("", file)),
            layout,
            of: file
        ) {
            return Choice(folder: DataFolder(path: path, name: volumeName(path), what: what))
        }
        guard let variable = facts.database?.variable, Quoting.isVariableName(variable) else {
            let advice =
                "\(what) lies beside the code, where no volume can be: give it a folder of its own, such as data/"
            return Choice(notes: [advice + "; until then each deploy begins with an empty database"])
        }
        let name = TreePath.name(of: file)
        let scheme = facts.database?.driver == "aiosqlite" ? "sqlite+aiosqlite" : "sqlite"
        let address = "\(scheme):////data/\(Quoting.isPlainPath(name) ? name : "app.db")"
        let folder = DataFolder(path: "/data", name: "data", what: what, setting: "\(variable)=\(address)")
        return Choice(folder: folder)
    }

    /// The folders that a volume is worth: those of uploads, and those that an image declares.
    private static func folders(_ facts: Facts) -> [String] {
        let aside: Set<String> = ["log", "logs", "cache", ".cache", "tmp", "temp", "run"]
        return facts.writePaths.filter { path in
            guard PythonImage.isFolderToMake(path) else { return false }
            guard !TreePath.joined("", path).split(separator: "/").contains(where: { aside.contains(String($0)) })
            else {
                return false
            }
            return facts.traits.uploads || path.hasPrefix("/")
        }
    }

    /// Nil where no volume can be: at the code's own place, at the top, in the system's folders.
    private static func absolute(_ path: String, _ layout: BuildLayout, of file: String? = nil) -> String? {
        let isAbsolute = (file ?? path).hasPrefix("/")
        let full = isAbsolute ? "/" + TreePath.joined("", path) : layout.image(layout.ofProject(path))
        let first = full.split(separator: "/").first.map(String.init) ?? ""
        let taken = ["dev", "proc", "sys", "tmp", "etc", "bin", "usr", "lib", "run", "opt", ""]
        guard !taken.contains(first), Quoting.isPlainPath(full), full != BuildLayout.home else { return nil }
        return full == layout.image(layout.project) ? nil : full
    }

    private static func volumeName(_ path: String) -> String {
        let name = TreePath.name(of: path).lowercased().filter {
            $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")
        }
        return name.isEmpty ? "data" : String(name.prefix(30))
    }
}
