import Model
import Toolkit

/// Commands that a project gives names to: targets of Makefiles and justfiles, scripts in `pyproject.toml`.
struct NamedCommands: Sendable {
    struct Command: Sendable {
        var name: String
        var text: String
        var place: Place
        var environment: [String: String] = [:]
    }

    /// By file.
    private(set) var makefiles: [String: [Command]] = [:]
    private(set) var justfiles: [String: [Command]] = [:]
    private(set) var scripts: [String: [Command]] = [:]

    init(_ context: ScanContext, tree: ProjectTree) {
        for name in ["Makefile", "makefile", "GNUmakefile"] {
            for path in tree.files(named: name).prefix(60) { read(path, in: context) }
        }
        for name in ["justfile", "Justfile", ".justfile"] {
            for path in tree.files(named: name).prefix(60) { read(path, in: context) }
        }
        for path in tree.files(named: "pyproject.toml").prefix(200) {
            guard let root = context.document(path) else { continue }
            let all = Self.pyproject(root, path)
            if !all.isEmpty { scripts[path] = all }
        }
    }

    /// A target in a folder, or in those above it.
    func target(_ name: String, of tool: String, in folder: String) -> Command? {
        let files = tool == "make" ? makefiles : justfiles
        for above in TreePath.ancestors(of: folder) {
            let here = files.filter { TreePath.folder(of: $0.key) == above }.sorted { $0.key < $1.key }
            if let found = here.lazy.flatMap(\.value).first(where: { $0.name == name }) { return found }
        }
        return nil
    }

    func script(_ name: String, in folder: String) -> Command? {
        for above in TreePath.ancestors(of: folder) {
            let path = above.isEmpty ? "pyproject.toml" : above + "/pyproject.toml"
            if let found = scripts[path]?.first(where: { $0.name == name }) { return found }
        }
        return nil
    }

    // MARK: - Private

    private mutating func read(_ path: String, in context: ScanContext) {
        guard let text = context.project.text(path), text.utf8.count < 200_000 else { return }
        if TreePath.name(of: path).lowercased().hasSuffix("justfile") {
            justfiles[path] = Self.recipes(text, path, isJust: true)
        } else {
            makefiles[path] = Self.recipes(text, path, isJust: false)
        }
    }

    /// `target: dependencies` and the indented lines below it.
    private static func recipes(_ text: String, _ path: String, isJust: Bool) -> [Command] {
        var variables: [String: String] = [:]
        var result: [Command] = []
        var isOpen = false
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map {
            Substring($0)
        }
        for (index, line) in lines.enumerated() {
            let isIndented = line.first == "\t" || line.hasPrefix("  ")
            if isIndented, isOpen, !result.isEmpty {
                let body = ImageWords.trimmed(line).drop { $0 == "@" || $0 == "-" || $0 == "+" }
                result[result.count - 1].text += fill(String(body), variables, isJust: isJust) + "\n"
                continue
            }
            guard let first = line.first, !isIndented, first != "#" else { continue }
            if let (name, value) = assignment(line, isJust: isJust) {
                variables[name] = fill(value, variables, isJust: isJust)
                continue
            }
            isOpen = false
            guard let colon = line.firstIndex(of: ":"), result.count < 500 else { continue }
            let head = line[..<colon].split(whereSeparator: \.isWhitespace)
            guard let name = head.first.map({ isJust && $0.first == "@" ? $0.dropFirst() : $0 }) else { continue }
            isOpen = true
            result.append(Command(name: String(name), text: "", place: Place(path, index + 2)))
        }
        return result
    }

    private static func assignment(_ line: Substring, isJust: Bool) -> (String, String)? {
        var head = line
        if head.hasPrefix("export ") { head = head.dropFirst(7) }
        let name = Variables.name(in: head)
        guard !name.isEmpty else { return nil }
        let rest = ImageWords.trimmed(head.dropFirst(name.count))
        for sign in ["::=", ":=", "?=", "="] where rest.hasPrefix(sign) {
            let value = ImageWords.trimmed(rest.dropFirst(sign.count))
            return (name, isJust ? ImageWords.plain(value) : String(value))
        }
        return nil
    }

    /// `$(NAME)`, `${NAME}` and `$$` of make, `{{name}}` of just.
    private static func fill(_ text: String, _ variables: [String: String], isJust: Bool) -> String {
        var result = text
        if isJust {
            for (name, value) in variables where result.contains("{{") {
                result = result.replacing("{{\(name)}}", with: value).replacing("{{ \(name) }}", with: value)
            }
            return result
        }
        for (name, value) in variables where result.contains("$") {
            result = result.replacing("$(\(name))", with: value).replacing("${\(name)}", with: value)
        }
        return result.replacing("$$", with: "$")
    }

    private static func pyproject(_ root: ConfigNode, _ path: String) -> [Command] {
        var result: [Command] = []
        func add(_ entry: ConfigNode.Entry) {
            let lines = text(of: entry.node)
            guard !lines.isEmpty else { return }
            var command = Command(name: entry.key, text: lines, place: Place(path, entry.keyPosition.line))
            for variable in entry.node["env"]?.entries ?? [] {
                if let value = variable.node.scalar { command.environment[variable.key] = value }
            }
            result.append(command)
        }
        for entry in root.at("tool", "pdm", "scripts")?.entries ?? [] { add(entry) }
        for entry in root.at("tool", "poe", "tasks")?.entries ?? [] { add(entry) }
        for entry in root.at("tool", "taskipy", "tasks")?.entries ?? [] { add(entry) }
        for entry in root.at("tool", "rye", "scripts")?.entries ?? [] { add(entry) }
        for entry in root.at("tool", "pixi", "tasks")?.entries ?? [] { add(entry) }
        for environment in root.at("tool", "hatch", "envs")?.entries ?? [] {
            for entry in environment.node["scripts"]?.entries ?? [] { add(entry) }
        }
        return result
    }

    /// A string, a list of words, a list of lines, or a table with `cmd` or `shell`.
    private static func text(of node: ConfigNode) -> String {
        if let text = node.string { return text }
        if !node.items.isEmpty { return node.items.compactMap(\.string).joined(separator: "\n") }
        for key in ["shell", "cmd", "sequence", "composite"] {
            guard let inner = node[key] else { continue }
            if let text = inner.string { return text }
            let separator = key == "cmd" ? " " : "\n"
            return inner.items.compactMap { $0.string ?? $0["cmd"]?.string }.joined(separator: separator)
        }
        return ""
    }
}
