/// A value of any kind without its place, for parts of a configuration that nobody here knows the keys of.
package enum ConfigValue: Equatable, Sendable {
    case string(String)
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
    case array([ConfigValue])
    case table([String: ConfigValue])

    /// Dates become text, and numbers without a fraction integers, as they are in JSON.
    package init(_ node: ConfigNode) {
        switch node.value {
        case .string(let text), .datetime(let text): self = .string(text)
        case .integer(let number): self = .integer(number)
        case .float(let number): self = Int64(exactly: number).map { .integer($0) } ?? .float(number)
        case .boolean(let flag): self = .boolean(flag)
        case .array(let nodes): self = .array(nodes.map { ConfigValue($0) })
        case .table(let entries):
            self = .table(Dictionary(entries.map { ($0.key, ConfigValue($0.node)) }) { first, _ in first })
        }
    }
}

extension ConfigValue: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = .boolean(flag)
        } else if let number = try? container.decode(Int64.self) {
            self = .integer(number)
        } else if let number = try? container.decode(Double.self) {
            self = .float(number)
        } else if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let values = try? container.decode([ConfigValue].self) {
            self = .array(values)
        } else {
            self = .table(try container.decode([String: ConfigValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .string(let text): try container.encode(text)
        case .integer(let number): try container.encode(number)
        case .float(let number): try container.encode(number)
        case .boolean(let flag): try container.encode(flag)
        case .array(let values): try container.encode(values)
        case .table(let values): try container.encode(values)
        }
    }
}
