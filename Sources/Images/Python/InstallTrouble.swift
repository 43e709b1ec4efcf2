/// Why uv could not install what a project asks for, in one sentence that says what to do.
///
/// It hears every line: the one that names the package may stand far above the last ones.
///
/// > Source: what uv 0.13 and 0.9 wrote when each of these was tried.
struct InstallTrouble {
    /// The package that could not be had or built, as it was asked for.
    private var package: String?
    /// What the resolver found first, without its conclusion.
    private var because: String?
    private var kind: Kind?

    private enum Kind {
        case unbuilt
        case otherHash
        case closed
        case noRepository
    }

    mutating func hear(_ line: String) {
        let text = Self.bare(line)
        if let package = Self.name(in: text, after: Self.failures) {
            self.package = package
            if text.contains("build") { kind = kind ?? .unbuilt }
        }
        if because == nil, let found = Self.text(in: text, between: "Because ", and: ", we can conclude that ") {
            because = found
        }
        if let package = Self.name(in: text, after: ["Hash mismatch for `"]) {
            (self.package, kind) = (package, .otherHash)
        }
        if Self.refusals.contains(where: text.contains) { kind = .closed }
        if text.hasPrefix("Git operation failed") { kind = .noRepository }
    }

    /// Nil when the lines themselves are all that there is to say; `hint` is what is known otherwise.
    func advice(beside hint: String?) -> String? {
        if let because { return Self.advice(because) }
        let name = package.map { "`\($0)`" } ?? "a dependency"
        return switch kind {
        // A missing compiler is the likelier cause.
        case .unbuilt:
            hint
                ?? "\(name) has no wheel for this Python and could not be built with it: choose a newer version of it, "
                + "or an older Python in .python-version"
        case .otherHash: "\(name) is not the file whose hash the lock has: make the lock anew"
        case .closed:
            "the package index wants a login: give it as a build secret: "
                + "roost deploy --build-secret UV_INDEX_URL with the address, name and password in it, in your environment"
        case .noRepository: "is the address of the git dependency right, and may anybody read it?"
        case nil: hint
        }
    }

    // MARK: - Private

    private static let failures = [
        "Failed to build `", "Failed to download and build `", "Failed to download `", "Failed to prepare `",
    ]

    private static let refusals = ["401 Unauthorized", "403 Forbidden"]

    private static func advice(_ because: String) -> String {
        if let name = text(in: because, between: "", and: " was not found in the package registry") {
            return "no package index has '\(name)': is its name right, and is the index named that has it?"
        }
        if let asked = text(in: because, between: "there is no version of ", and: " and ") {
            return "there is no \(asked): choose a version that exists"
        }
        if because.contains("Python version") {
            return "\(because): name a Python that fits in .python-version, or choose an older version of the package"
        }
        return "the requirements contradict each other: \(because)"
    }

    /// Without the frames and words that lead in.
    private static func bare(_ line: String) -> String {
        var text = line[...]
        while let first = text.first, first.isWhitespace || "×╰─▶│├┬╭".contains(first) { text = text.dropFirst() }
        for word in ["error: ", "cause: "] where text.hasPrefix(word) { text = text.dropFirst(word.count) }
        return String(text)
    }

    private static func name(in text: String, after beginnings: [String]) -> String? {
        beginnings.lazy.compactMap { Self.text(in: text, between: $0, and: "`") }.first
    }

    private static func text(in whole: String, between start: String, and end: String) -> String? {
        var rest = whole[...]
        if !start.isEmpty {
            guard let found = rest.firstRange(of: start) else { return nil }
            rest = rest[found.upperBound...]
        }
        guard let found = rest.firstRange(of: end), found.lowerBound > rest.startIndex else { return nil }
        return String(rest[..<found.lowerBound])
    }
}
