/// A value on its way into the configuration, with the path that names it in messages.
struct ConfigField {
    /// Dotted, arrays by index from 0: `services[0].ports[1].port`.
    var path: String
    var keyPosition: ConfigNode.Position
    var node: ConfigNode

    /// The elements of an array, each with its own path; nil when this is no array.
    var elements: [ConfigField]? {
        guard case .array(let nodes) = node.value else { return nil }
        return nodes.enumerated().map { offset, node in
            ConfigField(path: "\(path)[\(offset)]", keyPosition: node.position, node: node)
        }
    }

    var isTable: Bool {
        guard case .table = node.value else { return false }
        return true
    }

    var isEmptyTable: Bool {
        guard case .table(let entries) = node.value else { return false }
        return entries.isEmpty
    }
}
