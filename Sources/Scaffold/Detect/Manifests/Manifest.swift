import Model
import Toolkit

/// What one file, or one family of files, declares that a Python project needs.
struct Manifest: Sendable {
    /// A bound on the version of Python.
    struct PythonBound: Equatable, Sendable {
        var text: String
        var syntax: PythonRange.Syntax
        var place: Place
    }

    /// The file's path in the scanned folder.
    var path: String
    /// The project's own name, normalised.
    var name: String?
    var main: [Requirement] = []
    /// Groups that are no part of a published package: PEP 735, poetry's and pdm's groups, `[dev-packages]`.
    var groups: [String: [Requirement]] = [:]
    var extras: [String: [Requirement]] = [:]
    var python: [PythonBound] = []
    var buildBackend: String?
    /// It defines commands: `[project.scripts]`, `console_scripts`.
    var hasScripts = false
    /// Folders of other projects of the tree that this one needs.
    var locals: [String] = []
    /// Every requirement has a hash.
    var hashed = false
    /// The Python version in the header of a compiled file.
    var compiledWith: String?

    init(path: String) {
        self.path = path
    }

    /// All requirements with the group or extra they belong to, nil for the main ones.
    var declared: [(group: String?, requirement: Requirement)] {
        let optional = (Array(groups) + Array(extras)).sorted { $0.key < $1.key }
        return main.map { (nil, $0) } + optional.flatMap { pair in pair.value.map { (pair.key, $0) } }
    }

    /// Whether one of the names is needed, in any group.
    func needs(_ names: Set<String>) -> Bool {
        declared.contains { names.contains($0.requirement.name) }
    }

    mutating func merge(_ other: Manifest) {
        main += other.main
        groups.merge(other.groups) { $0 + $1 }
        extras.merge(other.extras) { $0 + $1 }
        python += other.python
        name = name ?? other.name
        buildBackend = buildBackend ?? other.buildBackend
        hasScripts = hasScripts || other.hasScripts
        locals += other.locals
    }
}

extension ScanContext {
    /// A configuration file's tree, from those that are parsed already or read now; nil when it does not parse.
    func tree(_ path: String) -> ConfigNode? {
        if let known = document(path) { return known }
        guard let text = project.text(path) else { return nil }
        return Manifest.tree(text, path)
    }
}

extension Manifest {
    /// Parses by the file's name: YAML, else TOML.
    static func tree(_ text: String, _ path: String) -> ConfigNode? {
        let isYAML = path.hasSuffix(".yml") || path.hasSuffix(".yaml")
        return try? isYAML ? YAML.documents(text, file: path).first : TOML.parse(text, file: path)
    }
}

extension ConfigNode {
    /// The text of a string.
    var string: String? {
        guard case .string(let text) = value else { return nil }
        return text
    }

    /// The elements of an array; none of anything else.
    var items: [ConfigNode] {
        guard case .array(let items) = value else { return [] }
        return items
    }

    /// The entries of a table; none of anything else.
    var entries: [Entry] {
        guard case .table(let entries) = value else { return [] }
        return entries
    }

    /// A string, number or truth value as text.
    var scalar: String? {
        switch value {
        case .string(let text), .datetime(let text): text
        case .integer(let number): String(number)
        case .float(let number): String(number)
        case .boolean(let flag): String(flag)
        case .array, .table: nil
        }
    }

    /// The value under keys that stand in each other.
    func at(_ keys: String...) -> ConfigNode? {
        keys.reduce(self as ConfigNode?) { $0?[$1] }
    }
}
