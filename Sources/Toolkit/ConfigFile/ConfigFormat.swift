package import Model

/// The formats of a configuration file; all give the same tree.
package enum ConfigFormat: String, CaseIterable, Sendable {
    case toml
    case json
    case yaml

    /// By the suffix of a path; whatever has none of ours is TOML.
    ///
    /// flyctl takes `.yml` for TOML, which nobody means.
    package init(path: String) {
        let name = path.lowercased()
        if name.hasSuffix(".json") {
            self = .json
        } else if name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
            self = .yaml
        } else {
            self = .toml
        }
    }

    /// Reads a whole file.
    ///
    /// - Throws: ``Fault`` with the place of the first thing that is not of this format.
    package func parse(_ bytes: [UInt8], file: String) throws(Fault) -> ConfigNode {
        switch self {
        case .toml: return try TOML.parse(bytes, file: file)
        case .json: return try ConfigJSON.parse(bytes, file: file)
        case .yaml:
            try TOMLScanner(bytes: bytes, file: file).refuseBrokenText()
            return try YAML.parse(String(decoding: bytes, as: UTF8.self), file: file)
        }
    }

    /// Writes a tree; what is read back from it says the same.
    ///
    /// - Throws: ``Fault`` `invalidConfig` for what the format has no form for: infinity in JSON, a list at the top in TOML.
    package func text(of root: ConfigNode) throws(Fault) -> String {
        switch self {
        case .toml: try TOMLWriter.text(of: root)
        case .json: try ConfigJSONWriter.text(of: root)
        case .yaml: try YAMLWriter.text(of: root)
        }
    }
}
