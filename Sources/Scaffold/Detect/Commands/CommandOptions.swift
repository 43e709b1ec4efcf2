/// The options and plain words of a command, for programs that take options anywhere.
struct CommandOptions {
    /// Options with their values, the last of several; those without one are empty.
    private(set) var values: [String: String] = [:]
    /// Words that belong to no option.
    private(set) var plain: [String] = []

    /// Takes words apart.
    ///
    /// - Parameters:
    ///   - words: without the program's name.
    ///   - flags: options that take no value; any other takes the next word unless that looks like an option.
    init(_ words: [String], flags: Set<String>) {
        var place = 0
        while place < words.count {
            let word = words[place]
            place += 1
            if word == "--" {
                plain += words[place...]
                return
            }
            guard word.hasPrefix("-"), word.count > 1 else {
                plain.append(word)
                continue
            }
            if word.hasPrefix("--"), let equals = word.firstIndex(of: "=") {
                values[String(word[..<equals])] = String(word[word.index(after: equals)...])
            } else if flags.contains(word) {
                values[word] = ""
            } else if !word.hasPrefix("--"), word.count > 2 {
                // `-w4`, `-b0.0.0.0:80`, `-k=class`
                let rest = word.dropFirst(2)
                values[String(word.prefix(2))] = String(rest.first == "=" ? rest.dropFirst() : rest)
            } else if place < words.count, !words[place].hasPrefix("-") {
                values[word] = words[place]
                place += 1
            } else {
                values[word] = ""
            }
        }
    }

    subscript(_ name: String) -> String? {
        guard let value = values[name], !value.isEmpty else { return nil }
        return value
    }

    func has(_ name: String) -> Bool { values[name] != nil }

    /// Plain words that may name an app, and such that an unknown option has swallowed.
    var targets: [String] {
        if let known = plain.first(where: { $0.contains(":") }) { return [known] }
        let swallowed = values.sorted { $0.key < $1.key }.map(\.value).first { Self.isTarget($0) }
        return plain.isEmpty ? [swallowed].compactMap { $0 } : plain
    }

    /// Whether text is written like `package.module:attribute`.
    static func isTarget(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        let module = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let attribute = parts[1].prefix { $0 != "(" }.split(separator: ".", omittingEmptySubsequences: false)
        return (module + attribute).allSatisfy { part in
            part.first.map { $0.isLetter || $0 == "_" } == true
                && part.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
        }
    }
}
