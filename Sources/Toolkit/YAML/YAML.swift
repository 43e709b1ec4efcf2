package import Model
import Yams

/// Reads YAML into the same tree as TOML, each value with its place.
package enum YAML {
    /// The largest file that is read, in bytes.
    package static let maximumBytes = 1 << 20

    /// The most values of a file, aliases counted each time: a few lines of nested aliases can stand for billions.
    package static let maximumNodes = 200_000

    /// Parses a file of one or more documents; an empty one gives none.
    ///
    /// Values have the types of YAML 1.2's core schema (`yes` and `on` are strings), null is left out of tables and is an
    /// empty string elsewhere, keys that are no strings are written as text, `<<` is merged.
    ///
    /// - Throws: ``Fault`` such as `compose.yaml:3:5: did not find expected key`.
    package static func documents(_ text: String, file: String) throws(Fault) -> [ConfigNode] {
        guard text.utf8.count <= maximumBytes else {
            throw Fault(.tooLarge, "\(file): expected at most \(maximumBytes) bytes, found \(text.utf8.count)")
        }
        do {
            var reader = YAMLTree(file: file)
            let parser = try Yams.Parser(yaml: text)
            var documents: [ConfigNode] = []
            while let root = try parser.nextRoot() { documents.append(try reader.node(root)) }
            return documents
        } catch let fault as Fault {
            throw fault
        } catch let error as YamlError {
            throw fault(from: error, in: text, file: file)
        } catch {
            throw Fault(.invalidConfig, "\(file): \(error)")
        }
    }

    /// Parses a file that has one document; an empty one is an empty table.
    package static func parse(_ text: String, file: String) throws(Fault) -> ConfigNode {
        let all = try documents(text, file: file)
        guard all.count <= 1 else {
            throw Fault(.invalidConfig, "\(file): expected one document, found \(all.count)")
        }
        return all.first ?? ConfigNode(.table([]), at: .init(line: 1, column: 1))
    }

    // MARK: - Private

    private static func fault(from error: YamlError, in text: String, file: String) -> Fault {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let isTab = line(mark.line, of: text).dropFirst(mark.column - 1).first == "\t"
            let reason = isTab ? "found a tab, expected spaces: YAML is indented with them alone" : problem
            return Fault(.invalidConfig, "\(file):\(mark.line):\(mark.column): \(reason)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let key = duplicates.first ?? ""
            let found = repeated(key, in: text, from: context.mark.line)
            let place = found.map { "\($0.line):\($0.column)" } ?? "\(context.mark.line)"
            return Fault(
                .invalidConfig,
                "\(file):\(place): expected a new key, found \(ConfigNode.quoted(key)) again in the same table"
            )
        default: return Fault(.invalidConfig, "\(file): \(error)")
        }
    }

    private static func line(_ number: Int, of text: String) -> String.UnicodeScalarView.SubSequence {
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        return number > 0 && number <= lines.count ? lines[number - 1] : ""[...].unicodeScalars
    }

    /// Where a key stands the second time at the same depth: the parser itself only knows where the table begins.
    private static func repeated(_ key: String, in text: String, from first: Int) -> ConfigNode.Position? {
        var indent: Int?
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() where index + 1 >= first {
            let content = line.drop { $0 == " " || $0 == "-" }
            let depth = line.count - content.count
            let forms = [key, "\"\(key)\"", "'\(key)'"]
            guard forms.contains(where: { content.starts(with: "\($0):".unicodeScalars) }) else { continue }
            guard let known = indent else {
                indent = depth
                continue
            }
            if known == depth { return ConfigNode.Position(line: index + 1, column: depth + 1) }
        }
        return nil
    }
}

/// Turns the nodes of Yams into ours, counting them.
private struct YAMLTree {
    let file: String
    var count = 0
    var depth = 0

    init(file: String) {
        self.file = file
    }

    mutating func node(_ node: Node) throws(Fault) -> ConfigNode {
        let position = ConfigNode.Position(line: node.mark?.line ?? 1, column: node.mark?.column ?? 1)
        count += 1
        depth += 1
        defer { depth -= 1 }
        guard count <= YAML.maximumNodes, depth <= 64 else {
            throw Fault(.tooLarge, "\(file):\(position.line): too many or too deeply nested values")
        }
        switch node {
        case .scalar(let scalar): return ConfigNode(Self.value(scalar), at: position)
        case .sequence(let sequence):
            var items: [ConfigNode] = []
            for item in sequence { items.append(try self.node(item)) }
            return ConfigNode(.array(items), at: position)
        case .mapping(let mapping): return ConfigNode(.table(try entries(mapping)), at: position)
        case .alias: throw Fault(.invalidConfig, "\(file):\(position.line): an alias without its anchor")
        }
    }

    private mutating func entries(_ mapping: Node.Mapping) throws(Fault) -> [ConfigNode.Entry] {
        var entries: [ConfigNode.Entry] = []
        var merged: [ConfigNode.Entry] = []
        for (key, value) in mapping {
            let place = ConfigNode.Position(line: key.mark?.line ?? 1, column: key.mark?.column ?? 1)
            if key.scalar?.string == "<<" {
                merged += Self.tables(try node(value))
                continue
            }
            if value.tag == Tag(.null) || (value.scalar.map(Self.isNull) ?? false) { continue }
            guard let name = key.scalar?.string else {
                throw Fault(.invalidConfig, "\(file):\(place.line):\(place.column): expected a plain key")
            }
            entries.append(.init(key: name, keyPosition: place, node: try node(value)))
        }
        let own = Set(entries.map(\.key))
        var seen = own
        return entries + merged.filter { seen.insert($0.key).inserted }
    }

    /// What `<<` brings in: a table, or several.
    private static func tables(_ node: ConfigNode) -> [ConfigNode.Entry] {
        switch node.value {
        case .table(let entries): entries
        case .array(let nodes): nodes.flatMap(tables)
        default: []
        }
    }

    private static func isNull(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    private static func value(_ scalar: Node.Scalar) -> ConfigNode.Value {
        guard scalar.style == .plain || scalar.style == .any else { return .string(scalar.string) }
        let text = scalar.string
        switch text {
        case "true", "True", "TRUE": return .boolean(true)
        case "false", "False", "FALSE": return .boolean(false)
        case "", "~", "null", "Null", "NULL": return .string("")
        default: break
        }
        if let number = integer(text) { return .integer(number) }
        let isDecimal = text.contains(where: \.isNumber) && text.allSatisfy { "0123456789+-.eE".contains($0) }
        return isDecimal ? Double(text).map { .float($0) } ?? .string(text) : .string(text)
    }

    private static func integer(_ text: String) -> Int64? {
        if text.hasPrefix("0x") { return Int64(text.dropFirst(2), radix: 16) }
        if text.hasPrefix("0o") { return Int64(text.dropFirst(2), radix: 8) }
        return Int64(text)
    }
}
