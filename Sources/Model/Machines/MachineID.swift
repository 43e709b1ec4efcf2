extension Machine {
    /// 14 lower-case hex digits, as Fly writes them: `148e21b7c65089`.
    package struct ID: Hashable, Comparable, Codable, Sendable, CustomStringConvertible {
        package let text: String

        /// Takes exactly 14 lower-case hex digits; anything else is nil.
        package init?(_ text: String) {
            guard text.utf8.count == 14, text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
            else { return nil }
            self.text = text
        }

        /// What stands for an ID until one is read; no Machine has it.
        package static let none = Self(unchecked: "")

        private init(unchecked text: String) { self.text = text }

        /// A new one.
        package static func random() -> Self {
            var generator = SystemRandomNumberGenerator()
            let digits = String(UInt64.random(in: 0..<(1 << 56), using: &generator), radix: 16)
            let text = String(repeating: "0", count: 14 - digits.count) + digits
            guard let id = Self(text) else { preconditionFailure("14 hex digits are an ID") }
            return id
        }

        package init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            guard let id = Self(try container.decode(String.self)) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a Machine ID")
            }
            self = id
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(text)
        }

        package static func < (left: Self, right: Self) -> Bool { left.text < right.text }

        package var description: String { text }
    }
}
