import Model

/// The tables of a file while it is read, with TOML's rules on which may still grow.
///
/// Tables live in one array and name each other by index, so that a table with a hundred thousand keys is changed in
/// place.
struct TOMLTree {
    /// How a table came to be, which decides who may add to it.
    enum Origin {
        /// Named on the way to another: `a` in `[a.b]`. A header of its own may follow.
        case path
        /// By `[a]` or `[[a]]`.
        case header
        /// By the dots of `a.b = 1`. Only further dotted keys of the same table add to it.
        case dots
    }

    /// One part of a key, where it stands.
    struct KeyPart {
        var name: String
        var position: ConfigNode.Position
    }

    /// An error at a place; the parser adds the file.
    struct Objection: Error {
        var position: ConfigNode.Position
        var message: String
    }

    static let root = 0

    private var tables: [Table]
    private var arrays: [[Int]] = []

    init() {
        tables = [Table(origin: .header, position: ConfigNode.Position(line: 1, column: 1), depth: 0)]
    }

    /// Opens the table of a header.
    ///
    /// - Parameters:
    ///   - path: the parts of its name; at least one.
    ///   - position: of the bracket.
    ///   - isElement: for `[[a]]`, which makes a new table in an array.
    /// - Returns: the table's index.
    /// - Throws: ``Objection`` when the name is taken.
    mutating func open(_ path: [KeyPart], at position: ConfigNode.Position, isElement: Bool) throws(Objection) -> Int {
        var table = Self.root
        for part in path.dropLast() { table = try step(into: part, of: table) }
        guard let last = path.last else { return table }
        if isElement { return try append(last, to: table, at: position) }
        guard let entry = tables[table].entry(last.name) else {
            let new = try add(.header, at: position, depth: tables[table].depth + 1)
            tables[table].append(last, .table(new))
            return new
        }
        guard case .table(let existing) = entry.item, tables[existing].origin == .path else {
            throw duplicate(last, entry)
        }
        tables[existing].origin = .header
        tables[existing].position = position
        return existing
    }

    /// Sets a value under a key that may have dots.
    mutating func set(_ path: [KeyPart], of base: Int, to value: ConfigNode) throws(Objection) {
        var table = base
        for part in path.dropLast() {
            guard let entry = tables[table].entry(part.name) else {
                let new = try add(.dots, at: part.position, depth: tables[table].depth + 1)
                tables[table].append(part, .table(new))
                table = new
                continue
            }
            guard case .table(let existing) = entry.item, tables[existing].origin == .dots else {
                throw duplicate(part, entry)
            }
            table = existing
        }
        guard let last = path.last else { return }
        if let entry = tables[table].entry(last.name) { throw duplicate(last, entry) }
        tables[table].append(last, .value(value))
    }

    /// A table of its own, for one written in braces.
    mutating func openInline(at position: ConfigNode.Position, depth: Int) throws(Objection) -> Int {
        try add(.header, at: position, depth: depth)
    }

    func depth(of table: Int) -> Int { tables[table].depth }

    /// A table with everything in it.
    func node(of table: Int) -> ConfigNode {
        let entries = tables[table].entries.map { entry in
            ConfigNode.Entry(key: entry.part.name, keyPosition: entry.part.position, node: node(of: entry))
        }
        return ConfigNode(.table(entries), at: tables[table].position)
    }

    // MARK: - Private

    private enum Item {
        case value(ConfigNode)
        case table(Int)
        case array(Int)
    }

    private struct Entry {
        var part: KeyPart
        var item: Item
    }

    private struct Table {
        var origin: Origin
        var position: ConfigNode.Position
        let depth: Int
        var entries: [Entry] = []
        /// By bytes: to TOML a composed and a decomposed `é` are two keys, to `String` they are equal.
        var indexes: [[UInt8]: Int] = [:]

        init(origin: Origin, position: ConfigNode.Position, depth: Int) {
            self.origin = origin
            self.position = position
            self.depth = depth
        }

        func entry(_ name: String) -> Entry? {
            indexes[Array(name.utf8)].map { entries[$0] }
        }

        mutating func append(_ part: KeyPart, _ item: Item) {
            indexes[Array(part.name.utf8)] = entries.count
            entries.append(Entry(part: part, item: item))
        }
    }

    private mutating func add(_ origin: Origin, at position: ConfigNode.Position, depth: Int) throws(Objection) -> Int {
        guard depth <= TOML.maximumDepth else { throw Self.tooDeep(position) }
        tables.append(Table(origin: origin, position: position, depth: depth))
        return tables.count - 1
    }

    static func tooDeep(_ position: ConfigNode.Position) -> Objection {
        Objection(position: position, message: "expected at most \(TOML.maximumDepth) levels of nesting, found more")
    }

    /// Goes on along a header's path: into a table, into the newest element of an array, or into a new table.
    private mutating func step(into part: KeyPart, of table: Int) throws(Objection) -> Int {
        guard let entry = tables[table].entry(part.name) else {
            let new = try add(.path, at: part.position, depth: tables[table].depth + 1)
            tables[table].append(part, .table(new))
            return new
        }
        switch entry.item {
        case .table(let existing): return existing
        case .array(let array):
            guard let newest = arrays[array].last else { throw duplicate(part, entry) }
            return newest
        case .value: throw duplicate(part, entry)
        }
    }

    private mutating func append(
        _ part: KeyPart,
        to table: Int,
        at position: ConfigNode.Position
    ) throws(Objection) -> Int {
        let depth = tables[table].depth + 2  // the array is a level too
        guard let entry = tables[table].entry(part.name) else {
            let new = try add(.header, at: position, depth: depth)
            arrays.append([new])
            tables[table].append(part, .array(arrays.count - 1))
            return new
        }
        guard case .array(let array) = entry.item else { throw duplicate(part, entry) }
        let new = try add(.header, at: position, depth: depth)
        arrays[array].append(new)
        return new
    }

    private func duplicate(_ part: KeyPart, _ earlier: Entry) -> Objection {
        let place = "\(earlier.part.position.line):\(earlier.part.position.column)"
        return Objection(
            position: part.position,
            message:
                "expected a new key, found \(ConfigNode.quoted(part.name)) again, which is \(kind(earlier)) since \(place)"
        )
    }

    private func kind(_ entry: Entry) -> String {
        switch entry.item {
        case .array: "an array of tables"
        case .table: "a table"
        case .value(let node):
            switch node.value {
            case .table: "a table in braces"
            case .array: "an array"
            default: "a value"
            }
        }
    }

    private func node(of entry: Entry) -> ConfigNode {
        switch entry.item {
        case .value(let node): return node
        case .table(let table): return node(of: table)
        case .array(let array):
            let nodes = arrays[array].map { node(of: $0) }
            return ConfigNode(.array(nodes), at: nodes.first?.position ?? entry.part.position)
        }
    }
}
