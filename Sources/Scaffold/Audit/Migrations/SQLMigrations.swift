/// A folder of migrations that are files of SQL, which run in the order of their names.
struct SQLMigrations: MigrationChain {
    private let files: [String]
    private let project: Project

    var order: [(id: String, parents: [String])] {
        zip(files, [nil] + files.map(Optional.some)).map { ($0, $1.map { [$0] } ?? []) }
    }

    var newest: [String] { Array(files.suffix(1)) }

    func breaks(_ ids: Set<String>) -> [PendingMigrations.Break] {
        let new = files.filter(ids.contains)
        let made = Set(new.flatMap { Self.changes($0, project).created })
        return new.flatMap { Self.breaks($0, $0, made, project) }
    }

    /// All such folders of the app, each by the folder named for migrations that it lies in.
    ///
    /// - Parameters:
    ///   - context: the project's.
    ///   - other: folders of tools that name the files they run.
    /// - Returns: in the order of their paths.
    static func all(_ context: AuditContext, except other: [String]) -> [SQLMigrations] {
        var folders: [String: [String]] = [:]
        for path in context.project.files where path.hasSuffix(".sql") && TreePath.lies(path, in: context.facts.root) {
            let parts = path.split(separator: "/")
            guard !context.isAside(path), !path.contains("/archive"), !isWayBack(path),
                !other.contains(where: { TreePath.lies(path, in: $0) }),
                let place = parts.dropLast().lastIndex(where: { $0.lowercased().contains("migration") }),
                parts.count - place <= 3
            else { continue }
            folders[parts[...place].joined(separator: "/"), default: []].append(path)
        }
        return folders.sorted { $0.key < $1.key }.map { folder, paths in
            // A dump of the whole schema may lie beside them.
            let numbered = paths.filter { isNumbered($0.dropFirst(folder.count + 1)) }
            return SQLMigrations(
                files: (numbered.isEmpty ? paths : numbered).sorted(by: precedes),
                project: context.project
            )
        }
    }

    /// Files of SQL that a migration in Python names, other than on its way back.
    static func named(in module: PythonModule, _ project: Project) -> [String] {
        guard let text = project.text(module.path), text.contains(".sql") else { return [] }
        let back = module.functions.filter { ["downgrade", "backwards", "reverse"].contains($0.name) }
        var names: [Substring] = []
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            guard line.contains(".sql"), !back.contains(where: { $0.line <= number + 1 && number + 1 <= $0.endLine })
            else { continue }
            for match in line.matches(of: /["']([^"'*{}]+\.sql)["']/) where names.count < most {
                if !names.contains(match.output.1) { names.append(match.output.1) }
            }
        }
        return names.compactMap { find($0, near: module.path, project) }.filter { !isWayBack($0) }
    }

    /// What in one file breaks code of the release before.
    static func breaks(
        _ path: String,
        _ id: String,
        _ made: Set<String>,
        _ project: Project
    ) -> [PendingMigrations.Break] {
        changes(path, project).harms(newTables: made).map { PendingMigrations.Break(path, $0.line, id, $0.message) }
    }

    /// Whether a name comes before another, numbers by what they count.
    static func precedes(_ left: String, _ right: String) -> Bool {
        var (left, right) = (left[...], right[...])
        while let first = left.first, let second = right.first {
            if first.isNumber, second.isNumber {
                let (one, other) = (left.takeNumber(), right.takeNumber())
                if one.count != other.count { return one.count < other.count }
                if one != other { return one < other }
            } else {
                if first != second { return first < second }
                left.removeFirst()
                right.removeFirst()
            }
        }
        return left.isEmpty && !right.isEmpty
    }

    // MARK: - Private

    /// The most files that are looked at for one migration.
    private static let most = 50

    /// Lines that begin the way back in files that hold both ways.
    private static let backMarks = ["migrate:down", "+goose down", "+migrate down"]

    private static func changes(_ path: String, _ project: Project) -> SQLChanges {
        let lines = (project.text(path) ?? "").split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let forward = lines.prefix { line in
            let words = line.lowercased()
            return !words.hasPrefix("--") || !backMarks.contains { words.contains($0) }
        }
        return SQLChanges(forward.joined(separator: "\n"))
    }

    private static func isWayBack(_ path: String) -> Bool {
        let name = TreePath.name(of: path).lowercased()
        return ["down.sql", "rollback.sql", "revert.sql", "undo.sql"].contains(where: name.hasSuffix)
            || TreePath.name(of: TreePath.folder(of: path)).lowercased() == "down"
    }

    private static func isNumbered(_ name: Substring) -> Bool {
        name.first?.isNumber == true || name.dropFirst().first?.isNumber == true && "vV".contains(name.prefix(1))
    }

    /// The file of that name that lies nearest to a module.
    private static func find(_ name: Substring, near path: String, _ project: Project) -> String? {
        let parts = name.split(separator: "/").filter { $0 != "." && $0 != ".." }.joined(separator: "/")
        let folder = TreePath.folder(of: path)
        return project.files.filter { $0 == parts || $0.hasSuffix("/\(parts)") }.max { left, right in
            left.shared(with: folder) < right.shared(with: folder)
        }
    }
}

extension Substring {
    /// The digits that it begins with, without zeros before them.
    fileprivate mutating func takeNumber() -> Substring {
        let digits = prefix(while: \.isNumber)
        removeFirst(digits.count)
        return digits.drop { $0 == "0" }
    }
}

extension String {
    /// How many characters both begin with.
    fileprivate func shared(with other: String) -> Int { zip(self, other).prefix { $0 == $1 }.count }
}
