/// The folder that has to outlive a Machine: where a SQLite file or uploads lie.
struct DataFolder: Equatable {
    /// Absolute, as the image has it.
    var path: String
    /// The volume's name.
    var name: String
    /// What lies there: `the SQLite file app.db`.
    var what: String
    /// What is set so that the app writes there: `DATABASE_URL`, `sqlite:////data/app.db`.
    var setting: Setting?

    /// A variable with its value.
    struct Setting: Equatable {
        var variable: String
        var value: String
    }

    /// What was decided, and what to say when there should be a folder and can't be one.
    struct Choice: Equatable {
        var folder: DataFolder?
        var notes: [String] = []
    }

    /// Decides on the folder.
    ///
    /// - Parameters:
    ///   - facts: the database's file, and the folders that the app writes to.
    ///   - workingDirectory: of an image of the project's own; nil for that of ours.
    ///   - fixed: where migrations name the database's file, and take no other; nil when they follow the app.
    /// - Returns: the folder, when there is one.
    static func choose(_ facts: Facts, workingDirectory: String? = nil, fixed: Place? = nil) -> Choice {
        let layout = BuildLayout(facts)
        let home = workingDirectory ?? layout.image(layout.project)
        var choice = Choice()
        if facts.database?.engine == .sqlite { choice = database(facts, home, fixed) }
        for path in folders(facts) {
            if facts.writesAmongCode.contains(path) {
                choice.notes.append(
                    "what the app writes to \(path) is not kept: files of the project lie there, and a volume would hide "
                        + "them: let it write to a folder of its own"
                )
                continue
            }
            guard let absolute = absolute(path, home) else { continue }
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

    private static func database(_ facts: Facts, _ home: String, _ fixed: Place?) -> Choice {
        var file = facts.database?.file.map { Quoting.comment($0) } ?? ""
        guard !file.contains(":memory:") else { return Choice() }
        // What is put together at run time says nothing.
        if file.contains(where: { "{}<>$%".contains($0) }) { file = "" }
        let what = file.isEmpty ? "the SQLite file" : "the SQLite file \(file)"
        let parent = (file.hasPrefix("/") ? "/" : "") + TreePath.folder(of: TreePath.joined("", file))
        // An unknown file is most likely where the app writes other things.
        let wanted = (file.isEmpty ? facts.writePaths : [parent]).filter { !facts.writesAmongCode.contains($0) }
        if let path = wanted.lazy.compactMap({ absolute($0, home) }).first {
            return Choice(folder: DataFolder(path: path, name: volumeName(path), what: what))
        }
        guard fixed == nil, let variable = facts.database?.variable, Quoting.isVariableName(variable) else {
            let advice =
                "\(what) lies beside the code, where no volume can be: give it a folder of its own, such as data/"
            let why =
                fixed.map { " (\(Quoting.comment($0.description)) names it there, and env.py takes no other)" } ?? ""
            return Choice(notes: [advice + why + "; until then each deploy begins with an empty database"])
        }
        let name = TreePath.name(of: file)
        let place = "/data/\(Quoting.isPlainPath(name) ? name : "app.db")"
        let folder = DataFolder(
            path: "/data",
            name: "data",
            what: what,
            setting: Setting(variable: variable, value: address(variable, place, facts))
        )
        return Choice(folder: folder)
    }

    /// In the form that the code's own default has: a URL, unless that is a plain path.
    private static func address(_ variable: String, _ place: String, _ facts: Facts) -> String {
        let standard = facts.environment.first { $0.name == variable }?.defaultValue
        if let standard, !standard.isEmpty, !standard.contains(":") { return place }
        return "\(facts.database?.driver == "aiosqlite" ? "sqlite+aiosqlite" : "sqlite"):///\(place)"
    }

    /// The folders that a volume is worth: those of uploads, and those that an image declares.
    private static func folders(_ facts: Facts) -> [String] {
        let aside: Set<String> = ["log", "logs", "cache", ".cache", "tmp", "temp", "run"]
        let all = facts.writePaths.filter { path in
            guard PythonImage.isFolderToMake(path) else { return false }
            guard !TreePath.joined("", path).split(separator: "/").contains(where: { aside.contains(String($0)) })
            else {
                return false
            }
            return facts.traits.uploads || path.hasPrefix("/")
        }
        // Where some are known to be written to, those that are only made are worth none.
        let filled = all.filter { facts.madeOnly?.contains($0) != true }
        return filled.isEmpty ? all : filled
    }

    /// Nil where no volume can be: at the code's own place, at the top, in the system's folders.
    private static func absolute(_ path: String, _ home: String) -> String? {
        let full = "/" + TreePath.joined(path.hasPrefix("/") ? "" : home, path)
        guard Quoting.isPlainPath(full), full != home, full != BuildLayout.home else { return nil }
        let parts = full.split(separator: "/").map(String.init)
        switch parts.first {
        case nil, "dev", "proc", "sys", "tmp", "etc", "bin", "sbin", "lib", "run": return nil
        case "usr": return parts.count > 3 ? full : nil
        case "opt": return parts.count > 1 && !["venv", "conda"].contains(parts[1]) ? full : nil
        default: return full
        }
    }

    private static func volumeName(_ path: String) -> String {
        let name = TreePath.name(of: path).lowercased().filter {
            $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")
        }
        return name.isEmpty ? "data" : String(name.prefix(30))
    }
}
