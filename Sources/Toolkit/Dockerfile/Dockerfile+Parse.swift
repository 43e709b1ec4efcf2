import Foundation

extension Dockerfile {
    /// Takes a Dockerfile apart; what is wrong with it stands in ``problems``.
    ///
    /// - Parameters:
    ///   - text: the file's text, with any ends of lines.
    ///   - path: the file's path in the project.
    /// - Returns: stages and instructions with their lines, also of a file that is no Dockerfile at all.
    package static func parse(_ text: String, path: String) -> Dockerfile {
        let source = DockerfileLines(text)
        var file = Dockerfile(
            path: path,
            directives: source.directives,
            globalArguments: [:],
            stages: [],
            problems: source.problems
        )
        for line in source.lines { file.add(line, escape: source.escape) }
        file.problems.sort { $0.line < $1.line }
        return file
    }

    /// The instructions of Dockerfiles.
    package static let words: [String] = [
        "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
        "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
    ]

    // MARK: - Private

    /// Another frontend than Docker's own may know more instructions.
    private var hasOwnSyntax: Bool {
        guard let syntax = directives["syntax"]?.lowercased() else { return false }
        let image = syntax.hasPrefix("docker.io/") ? String(syntax.dropFirst(10)) : syntax
        return !["docker/dockerfile", "docker/dockerfile-upstream"].contains {
            image == $0 || image.hasPrefix($0 + ":") || image.hasPrefix($0 + "@")
        }
    }

    private mutating func add(_ line: DockerfileLines.Line, escape: Character) {
        let head = line.text.prefix { !$0.isWhitespace }
        let word = head.uppercased()
        guard Self.words.contains(word) else { return report(line, word: String(head)) }
        let (flags, rest) = Self.flags(in: ImageWords.trimmed(line.text.dropFirst(head.count)))
        var item = Instruction(
            word: word,
            flags: flags,
            exec: nil,
            text: String(rest),
            heredocs: line.heredocs,
            line: line.first,
            endLine: line.last
        )
        if Self.takesExec.contains(word), rest.first == "[" {
            item.exec = Self.exec(rest)
            if item.exec == nil, rest.last == "]" {
                let message = "\(word) looks like the exec form but is no JSON, so a shell gets the brackets"
                problems.append(.init(line: line.first, message: message, nearest: nil))
            }
        }
        switch word {
        case "FROM": addStage(item)
        case "ARG" where stages.isEmpty:
            for (name, value) in Self.arguments(item.text, escape: escape) { globalArguments[name] = value }
        default:
            guard !stages.isEmpty else {
                return problems.append(.init(line: line.first, message: "\(word) before the first FROM", nearest: nil))
            }
            stages[stages.count - 1].instructions.append(item)
        }
    }

    private static let takesExec: Set<String> = ["CMD", "ENTRYPOINT", "RUN", "SHELL", "VOLUME", "COPY", "ADD"]

    private static func exec(_ text: Substring) -> [String]? {
        try? JSONDecoder().decode([String].self, from: Data(text.utf8))
    }

    /// `NAME` or `NAME=value`; several in one line are allowed.
    package static func arguments(_ text: String, escape: Character = "\\") -> [(name: String, value: String?)] {
        ImageWords.raw(text, escape: escape).map { word in
            guard let equals = word.firstIndex(of: "=") else { return (ImageWords.plain(word, escape: escape), nil) }
            let value = ImageWords.plain(word[word.index(after: equals)...], escape: escape)
            return (String(word[..<equals]), value)
        }
    }

    private static func flags(in text: Substring) -> (flags: [(name: String, value: String)], rest: Substring) {
        var rest = text
        var flags: [(name: String, value: String)] = []
        while rest.hasPrefix("--") {
            let word = ImageWords.raw(rest).first ?? rest
            let body = word.dropFirst(2)
            guard let first = body.first, first.isLetter else { break }
            let name = body.prefix { $0 != "=" }
            flags.append((String(name), ImageWords.plain(body.dropFirst(name.count + 1))))
            rest = ImageWords.trimmed(rest.dropFirst(word.count))
        }
        return (flags, rest)
    }

    /// BuildKit refuses none, but nobody writes so many.
    private static let maximumStages = 200

    private mutating func addStage(_ item: Instruction) {
        guard stages.count < Self.maximumStages else {
            let message = "this is stage \(Self.maximumStages + 1)"
            if !problems.contains(where: { $0.message == message }) {
                problems.append(.init(line: item.line, message: message, nearest: nil))
            }
            return
        }
        let words = ImageWords.raw(item.text)
        guard let image = words.first else {
            return problems.append(.init(line: item.line, message: "FROM names no image", nearest: nil))
        }
        let known = globalArguments
        // A default may name an earlier argument.
        let base = Variables.expand(ImageWords.plain(image)) { name in
            (known[name] ?? nil).map { Variables.expand($0) { (known[$0] ?? nil) } }
        }
        let name = words.count > 2 && words[1].lowercased() == "as" ? String(words[2]) : nil
        if words.count > 1, name == nil {
            let message = "FROM takes an image and AS with a name"
            problems.append(.init(line: item.line, message: message, nearest: nil))
        }
        let written = ImageWords.plain(image)
        stages.append(Stage(name: name, base: base, written: written, line: item.line, instructions: [], from: item))
    }

    private mutating func report(_ line: DockerfileLines.Line, word: String) {
        guard !hasOwnSyntax else { return }
        let shown = word.count > 40 ? word.prefix(40) + "…" : word[...]
        let message = "\(shown) is no instruction"
        let nearest = Self.nearest(to: line.text)
        problems.append(.init(line: line.first, message: message, nearest: nearest))
    }

    /// The instruction that was probably meant: `HEALTH CHECK`, `ENTRY_POINT`, `WORKDIRS`.
    private static func nearest(to text: String) -> String? {
        let words = text.split(maxSplits: 2, whereSeparator: \.isWhitespace).prefix(2).map {
            $0.prefix(24).uppercased()
        }
        guard let first = words.first else { return nil }
        let plain = first.filter { $0.isLetter }
        let joined = words.joined().filter { $0.isLetter }
        if let exact = Self.words.first(where: { $0 == plain || $0 == joined }) { return exact }
        let ranked = Self.words.map { (distance: distance(Array(plain), Array($0)), word: $0) }
        guard let best = ranked.min(by: { ($0.distance, $0.word) < ($1.distance, $1.word) }) else { return nil }
        return best.distance <= max(1, min(2, plain.count / 3)) ? best.word : nil
    }

    /// Letters to change, add, drop or swap to get from one word to the other.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var before: [Int] = []
        var row = Array(0...right.count)
        for (i, letter) in left.enumerated() {
            var next = [i + 1]
            for (j, other) in right.enumerated() {
                var best = min(row[j + 1] + 1, next[j] + 1, row[j] + (letter == other ? 0 : 1))
                if i > 0, j > 0, letter == right[j - 1], left[i - 1] == other { best = min(best, before[j - 1] + 1) }
                next.append(best)
            }
            (before, row) = (row, next)
        }
        return row.last ?? 0
    }
}
