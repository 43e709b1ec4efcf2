/// Values that a build needs and that nobody else may see: the token of a private package index.
///
/// They travel in the request alone: never in a record, an argument of a program, a log or a layer.
package struct BuildSecrets: Codable, Equatable, Sendable, CustomStringConvertible {
    /// By the names under which a Dockerfile, or the environment of a build without one, has them.
    package var values: [String: String]

    package init(_ values: [String: String] = [:]) {
        self.values = values
    }

    package init(from decoder: any Decoder) throws {
        values = try decoder.singleValueContainer().decode([String: String].self)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }

    /// Names alone.
    package var description: String { values.keys.sorted().map { "\($0)=•••" }.joined(separator: " ") }

    /// - Throws: ``Fault`` `invalidRequest` for a name that can't be one, and for more than any build needs.
    package func check() throws(Fault) {
        for name in values.keys.sorted() where !Self.isName(name) {
            throw Fault(
                .invalidRequest,
                "\(ConfigNode.quoted(name)) is not the name of a build secret",
                hint: "letters, digits, _, - and ., at most 64 of them: roost deploy --build-secret NAME=VALUE"
            )
        }
        let bytes = values.values.reduce(0) { $0 + $1.utf8.count }
        guard values.count <= 64, bytes <= 1 << 20 else {
            throw Fault(.tooLarge, "a build has at most 64 secrets of 1 MiB together")
        }
    }

    /// A text with dots in place of every secret in it.
    ///
    /// Values of fewer than four characters stand in many words by chance, and guard nothing.
    package func redacted(_ text: String) -> String {
        guard !values.isEmpty else { return text }
        var text = text
        for value in hidden where text.contains(value) { text = text.replacing(value, with: "•••") }
        return text
    }

    // MARK: - Private

    /// The longest first: one may be part of another.
    ///
    /// Of values with several lines each line, as a log has them.
    private var hidden: [String] {
        let all = values.values.flatMap { value in [value] + value.split(whereSeparator: \.isNewline).map(String.init) }
        return Set(all.filter { $0.count >= 4 }).sorted { ($0.count, $0) > ($1.count, $1) }
    }

    private static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.first?.isLetter == true
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) }
    }
}
