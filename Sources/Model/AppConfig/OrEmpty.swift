/// A list that is empty when it is absent from JSON: for what was added after values had been stored.
@propertyWrapper
package struct OrEmpty<Element: Codable & Equatable & Sendable>: Codable, Equatable, Sendable {
    package var wrappedValue: [Element]

    package init(wrappedValue: [Element] = []) {
        self.wrappedValue = wrappedValue
    }

    package init(from decoder: any Decoder) throws {
        wrappedValue = try decoder.singleValueContainer().decode([Element].self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(wrappedValue)
    }
}

extension KeyedDecodingContainer {
    /// What a synthesised decoder calls for such a property.
    package func decode<Element>(_ type: OrEmpty<Element>.Type, forKey key: Key) throws -> OrEmpty<Element> {
        try decodeIfPresent(type, forKey: key) ?? OrEmpty()
    }
}
