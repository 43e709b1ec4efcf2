package import Model

/// A way through a tree: `services[0].internal_port` is `["services", 0, "internal_port"]`.
package struct ConfigPath: Hashable, Sendable, ExpressibleByArrayLiteral, CustomStringConvertible {
    package var parts: [Part]

    package init(_ parts: [Part]) {
        self.parts = parts
    }

    package init(arrayLiteral elements: Part...) {
        parts = elements
    }

    package enum Part: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
        case key(String)
        case index(Int)

        package init(stringLiteral text: String) { self = .key(text) }

        package init(integerLiteral number: Int) { self = .index(number) }
    }

    package var description: String {
        parts.reduce(into: "") { text, part in
            switch part {
            case .key(let key): text += text.isEmpty ? TOMLWriter.key(key) : ".\(TOMLWriter.key(key))"
            case .index(let index): text += "[\(index)]"
            }
        }
    }

    /// The keys alone, as a header names them.
    var names: [String] {
        parts.compactMap { part in
            guard case .key(let key) = part else { return nil }
            return key
        }
    }

    var parent: ConfigPath { ConfigPath(Array(parts.dropLast())) }

    func hasPrefix(_ other: ConfigPath) -> Bool { parts.starts(with: other.parts) }

    static func + (left: ConfigPath, right: [Part]) -> ConfigPath { ConfigPath(left.parts + right) }
}

extension ConfigNode {
    /// The value at the end of a path; nil when there is none.
    package func value(at path: ConfigPath) -> ConfigNode? {
        path.parts.reduce(self) { node, part in node?.child(part) }
    }

    /// The tree with a value set; tables on the way are made, and one element may be added at the end of a list.
    func setting(_ path: ArraySlice<ConfigPath.Part>, to new: Value) throws(Fault) -> ConfigNode {
        guard let part = path.first else { return ConfigNode(new, at: position) }
        let rest = path.dropFirst()
        let empty = ConfigNode(made: Self.container(for: rest.first))
        let inner = try (child(part) ?? empty).setting(rest, to: new)
        switch (value, part) {
        case (.table(var entries), .key(let key)):
            if let index = entries.firstIndex(where: { $0.key == key }) {
                entries[index].node = inner
            } else {
                entries.append(Entry(key: key, keyPosition: position, node: inner))
            }
            return ConfigNode(.table(entries), at: position)
        case (.array(var nodes), .index(let index)) where (0...nodes.count).contains(index):
            if index < nodes.count { nodes[index] = inner } else { nodes.append(inner) }
            return ConfigNode(.array(nodes), at: position)
        default:
            throw Fault(.invalidRequest, "\(ConfigPath([part])) can't be set in \(summary)")
        }
    }

    /// The tree without a value; nil when it has none there.
    func removing(_ path: ArraySlice<ConfigPath.Part>) -> ConfigNode? {
        guard let part = path.first, let child = child(part) else { return nil }
        let inner = path.count > 1 ? child.removing(path.dropFirst()) : nil
        guard path.count == 1 || inner != nil else { return nil }
        switch (value, part) {
        case (.table(var entries), .key(let key)):
            guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
            if let inner { entries[index].node = inner } else { entries.remove(at: index) }
            return ConfigNode(.table(entries), at: position)
        case (.array(var nodes), .index(let index)):
            if let inner { nodes[index] = inner } else { nodes.remove(at: index) }
            return ConfigNode(.array(nodes), at: position)
        default: return nil
        }
    }

    /// The tree without tables and lists that have nothing in them.
    var pruned: ConfigNode? {
        switch value {
        case .table(let entries):
            let kept = entries.compactMap { entry in
                entry.node.pruned.map { Entry(key: entry.key, keyPosition: entry.keyPosition, node: $0) }
            }
            return kept.isEmpty ? nil : ConfigNode(.table(kept), at: position)
        case .array(let nodes):
            let kept = nodes.compactMap(\.pruned)
            return kept.isEmpty ? nil : ConfigNode(.array(kept), at: position)
        default: return self
        }
    }

    // MARK: - Private

    private func child(_ part: ConfigPath.Part) -> ConfigNode? {
        switch (value, part) {
        case (.table(let entries), .key(let key)): entries.first { $0.key == key }?.node
        case (.array(let nodes), .index(let index)) where nodes.indices.contains(index): nodes[index]
        default: nil
        }
    }

    private static func container(for part: ConfigPath.Part?) -> Value {
        switch part {
        case .index: .array([])
        case .key, nil: .table([])
        }
    }
}
