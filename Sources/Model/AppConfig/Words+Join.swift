extension Words {
    /// A command that ``split(_:)`` takes apart into these words again.
    package static func join(_ words: [String]) -> String {
        words.map(quoted).joined(separator: " ")
    }

    // MARK: - Private

    private static func quoted(_ word: String) -> String {
        let special: Set<Unicode.Scalar> = [" ", "\t", "\r", "\n", "\"", "'", "\\"]
        let scalars = word.unicodeScalars
        guard scalars.isEmpty || scalars.first == "#" || scalars.contains(where: special.contains) else { return word }
        guard scalars.contains("'") else { return "'\(word)'" }
        var result = "\""
        for scalar in scalars {
            if scalar == "\"" || scalar == "\\" { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }
}
