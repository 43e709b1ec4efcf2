/// One of several words that are stored or sent; a word that only a newer version knows is carried, not fatal.
package protocol OpenWord: RawRepresentable<String>, CaseIterable, Codable, Hashable, Sendable {
    /// A word of a newer version.
    static func unknown(_ word: String) -> Self
}

extension OpenWord {
    /// A word that is known here; nil for all others.
    package init?(rawValue: String) {
        guard let known = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = known
    }

    /// Any word.
    package init(word: String) {
        self = Self(rawValue: word) ?? .unknown(word)
    }

    package init(from decoder: any Decoder) throws {
        self.init(word: try decoder.singleValueContainer().decode(String.self))
    }

    /// Writes the word, also one that this version does not know.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}
