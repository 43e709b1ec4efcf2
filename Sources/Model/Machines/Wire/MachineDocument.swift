/// A Machine's configuration as its writer gave it.
///
/// Stored as text: it holds numbers and keys that nothing here understands, and they have to come back as they were.
package struct MachineDocument: Equatable, Sendable {
    package var value: JSONValue

    package init(_ value: JSONValue) {
        self.value = value
    }
}

extension MachineDocument: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        do {
            value = try JSONValue.parse(text.utf8, what: "the stored configuration")
        } catch {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.message)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(value.text)
    }
}
