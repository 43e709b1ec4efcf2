package import Model

/// What a `.dockerignore` leaves out: each line in turn, the last one that fits decides.
///
/// > Source: docs.docker.com/build/concepts/context, ".dockerignore files"; github.com/moby/patternmatcher.
package struct IgnoreRules: Sendable {
    private var rules: [Rule] = []

    /// Leaves out nothing.
    package init() {}

    /// Reads a whole file.
    ///
    /// - Parameters:
    ///   - text: patterns line by line; lines that begin with `#` and empty ones are skipped, `!` takes a path back in.
    ///   - file: its name for messages.
    /// - Throws: ``Fault`` `invalidConfig` with the line whose pattern can't be read.
    package init(_ text: String, file: String) throws(Fault) {
        var scalars = text.unicodeScalars[...]
        if scalars.first == "\u{feff}" { scalars.removeFirst() }
        let lines = Substring(scalars).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            guard !line.hasPrefix("#") else { continue }
            var pattern = line.trimming(while: \.isWhitespace)
            let takesBack = pattern.hasPrefix("!")
            if takesBack { pattern = pattern.dropFirst().trimming(while: \.isWhitespace) }
            guard !pattern.isEmpty else {
                if takesBack { throw Self.fault(file, index, "\"!\" needs a pattern after it") }
                continue
            }
            guard let cleaned = Self.clean(pattern) else { continue }
            guard let ready = IgnorePattern(cleaned) else {
                throw Self.fault(file, index, "\"\(pattern)\" is not a pattern: a bracket or a backslash has no end")
            }
            rules.append(Rule(pattern: ready, takesBack: takesBack))
        }
    }

    /// What is known of a folder: for each rule whether it fits the folder or one above it.
    package struct Folder: Sendable {
        fileprivate var fits: [Bool]
    }

    /// The top folder, which no rule fits.
    package var top: Folder { Folder(fits: Array(repeating: false, count: rules.count)) }

    /// Decides on a path.
    ///
    /// - Parameters:
    ///   - path: relative to the top, `/` between its parts.
    ///   - folder: what this function said of the folder that holds it.
    /// - Returns: whether it is left out, and what is to be known when it is a folder itself.
    package func decide(_ path: String, in folder: Folder) -> (leftOut: Bool, Folder) {
        let scalars = Array(path.unicodeScalars)
        var leftOut = false
        var fits = folder.fits
        for (index, rule) in rules.enumerated() {
            if !fits[index] { fits[index] = rule.pattern.matches(scalars) }
            if fits[index] { leftOut = !rule.takesBack }
        }
        return (leftOut, Folder(fits: fits))
    }

    /// Whether a line takes this very path back in, so that somebody has named it: `!.env`.
    package func names(_ path: String) -> Bool {
        let scalars = Array(path.unicodeScalars)
        return rules.last { $0.pattern.matches(scalars) }?.takesBack == true
    }

    /// Whether something below a folder that is left out may be taken back in.
    package var takesBack: Bool { rules.contains { $0.takesBack } }

    // MARK: - Private

    private struct Rule: Sendable {
        var pattern: IgnorePattern
        var takesBack: Bool
    }

    /// Without a leading slash and `.` and `..` parts, as Go's `filepath.Clean` does; nil when that leaves nothing.
    private static func clean(_ pattern: Substring) -> String? {
        var parts: [Substring] = []
        for part in pattern.split(separator: "/") where part != "." {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else {
                parts.append(part)
            }
        }
        return parts.isEmpty ? nil : parts.joined(separator: "/")
    }

    private static func fault(_ file: String, _ index: Int, _ text: String) -> Fault {
        Fault(.invalidConfig, "\(file):\(index + 1): \(text)")
    }
}

extension StringProtocol {
    fileprivate func trimming(while drop: (Character) -> Bool) -> SubSequence {
        var text = self.drop(while: drop)
        while let last = text.last, drop(last) { text.removeLast() }
        return text
    }
}
