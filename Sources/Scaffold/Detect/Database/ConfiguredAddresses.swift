import Model
import Toolkit

/// Addresses of databases and services that stand in files of the project's own which its code reads: YAML, TOML, JSON
/// and INI.
enum ConfiguredAddresses {
    struct Item: Equatable {
        /// `database`, or the service's kind.
        var what: String
        var host: String
        /// It is of a database, and has its password beside it.
        var hasPassword = false
        var place: Place
    }

    /// All of them, in the order of files and lines.
    static func all(_ context: ScanContext) -> [Item] {
        let words = spoken(in: context)
        return context.project.files(under: context.root).filter { mayBe($0, context, words) }.prefix(20).flatMap {
            path in
            items(of: path, context)
        }
    }

    /// Says of each that leads to the developer's own machine that a Machine has nothing there.
    static func warnings(_ context: ScanContext) -> [Facts.Warning] {
        let loopback: Set<String> = ["localhost", "127.0.0.1", "::1", "host.docker.internal"]
        var seen: Set<String> = []
        return (all(context) + written(context)).filter {
            loopback.contains($0.host) && seen.insert("\($0.place.file) \($0.what)").inserted
        }
        .prefix(4).map { item in
            let what = item.what == "database" ? "the database" : item.what
            return Facts.Warning(
                "\(item.place.file) looks for \(what) at \(item.host), where a Machine has none: write there where it is, or "
                    + "let the code take it from a variable",
                at: item.place
            )
        }
    }

    // MARK: - Private

    /// Addresses in the app's own code that no variable stands before.
    private static func written(_ context: ScanContext) -> [Item] {
        context.code.modules.filter { context.code.isReached($0) }.flatMap { module in
            let guarded = Set(module.calls.filter(\.inMainGuard).map(\.line))
            return module.strings.compactMap { text -> Item? in
                guard !guarded.contains(text.line), !DatabaseSignals.isDefault(text, in: module),
                    !text.value.contains("{"), text.value.first?.isWhitespace == false
                else { return nil }
                return item(Value(keys: [], text: text.value, line: text.line), beside: [], module.path)
            }
        }
    }

    private struct Value {
        var keys: [String]
        var text: String
        var line: Int
    }

    private static let endings = [".yaml", ".yml", ".toml", ".json", ".ini", ".cfg", ".conf"]

    private static func mayBe(_ path: String, _ context: ScanContext, _ code: [String]) -> Bool {
        let name = TreePath.name(of: path)
        guard endings.contains(where: name.lowercased().hasSuffix), !name.hasPrefix("."), !ComposeFile.isOne(path),
            !["pyproject.toml", "alembic.ini", "setup.cfg", "package.json", "fly.toml"].contains(name),
            !AppCode.isAside(path, context.root)
        else { return false }
        let shown = ["example", "sample", "template", "test", "dist"]
        guard
            !name.lowercased().split(whereSeparator: { ".-_".contains($0) }).contains(where: {
                shown.contains(String($0))
            })
        else { return false }
        return code.contains { $0.contains(name) }
    }

    /// The text of the modules that the app imports.
    private static func spoken(in context: ScanContext) -> [String] {
        let code = context.code
        return code.modules.filter { code.isReached($0) }.compactMap { context.project.text($0.path) }
    }

    private static func items(of path: String, _ context: ScanContext) -> [Item] {
        guard let text = context.project.text(path), text.utf8.count <= 64 << 10 else { return [] }
        let values = values(of: text, path)
        let given = Set(context.facts.environment.map { plain($0.name) })
        return values.compactMap { value in
            // A setting that a variable stands before.
            let name = plain(value.keys.joined())
            guard !given.contains(where: { $0 == name || $0.hasSuffix(name) && name.count > 6 }) else { return nil }
            return item(value, beside: values, path)
        }
    }

    private static func plain(_ name: String) -> String { name.uppercased().filter { $0.isLetter || $0.isNumber } }

    private static func item(_ value: Value, beside values: [Value], _ path: String) -> Item? {
        let place = Place(path, value.line)
        if let url = DatabaseURL(value.text), url.isWhole {
            guard url.engine != .sqlite else { return nil }
            let hasPassword = url.rest.prefix { $0 != "@" }.contains(":") && url.rest.contains("@")
            return Item(what: "database", host: host(url.authority), hasPassword: hasPassword, place: place)
        }
        if let kind = BackingServices.kind(ofAddress: value.text), let mark = value.text.firstRange(of: "://") {
            let rest = value.text[mark.upperBound...].prefix { $0 != "/" && $0 != "?" }
            return Item(what: kind.rawValue, host: host(rest.split(separator: "@").last ?? ""), place: place)
        }
        guard let last = value.keys.last?.uppercased().split(whereSeparator: { !$0.isLetter }).last,
            Vocabulary.hosts.union(Vocabulary.authorities).contains(String(last)), !value.text.contains(" ")
        else { return nil }
        let name = value.keys.joined(separator: "_")
        let words = Set(name.uppercased().split { !$0.isLetter }.map(String.init))
        if !words.isDisjoint(with: databases) {
            let section = value.keys.dropLast()
            let hasPassword = values.contains { other in
                let end = other.keys.last?.lowercased() ?? ""
                return other.keys.dropLast() == section && (end.contains("pass") || end.hasSuffix("pwd"))
                    && !other.text.isEmpty
            }
            return Item(what: "database", host: host(value.text), hasPassword: hasPassword, place: place)
        }
        guard let kind = BackingServices.kind(ofName: name), kind != .objectStorage else { return nil }
        return Item(what: kind.rawValue, host: host(value.text), place: place)
    }

    private static let databases: Set<String> = [
        "DB", "DATABASE", "DATABASES", "POSTGRES", "POSTGRESQL", "PG", "MYSQL", "MARIADB", "SQL", "MONGO", "MONGODB",
    ]

    private static func host(_ text: some StringProtocol) -> String {
        text.hasPrefix("::1") ? "::1" : text.prefix { $0 != ":" }.lowercased()
    }

    /// Plain values with the keys that lead to them.
    private static func values(of text: String, _ path: String) -> [Value] {
        let lower = path.lowercased()
        if [".ini", ".cfg", ".conf"].contains(where: lower.hasSuffix) {
            return INIFile(text).sections.flatMap { section, pairs in
                pairs.map { Value(keys: [section, $0.key], text: $0.value.text.quotesTrimmed, line: $0.value.line) }
            }.sorted { $0.line < $1.line }
        }
        guard let root = try? ConfigFormat(path: path).parse(Array(text.utf8), file: path) else { return [] }
        var found: [Value] = []
        collect(root, [], into: &found)
        return found
    }

    private static func collect(_ node: ConfigNode, _ keys: [String], into found: inout [Value]) {
        guard keys.count < 8, found.count < 2_000 else { return }
        for entry in node.entries {
            if let text = entry.node.scalar {
                found.append(Value(keys: keys + [entry.key], text: text, line: entry.node.position.line))
            } else {
                collect(entry.node, keys + [entry.key], into: &found)
            }
        }
        for item in node.items { collect(item, keys, into: &found) }
    }
}
