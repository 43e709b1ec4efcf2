import Toolkit

extension AuditContext {
    /// A line of a file, for ``Finding/found``: without blanks at its ends, not too long.
    func line(_ place: Place) -> String {
        guard let number = place.line else { return "" }
        return memo.value("lines") { SourceText(project) }.line(place.file, number)
    }

    /// A line as it is, for a patch; nil when there is none.
    func rawLine(_ place: Place) -> String? {
        guard let number = place.line else { return nil }
        let lines = memo.value("lines") { SourceText(project) }.lines(place.file)
        return lines.indices.contains(number - 1) ? String(lines[number - 1]) : nil
    }

    /// A line replaced; nil when it does not hold what is to be replaced.
    func patch(_ place: Place, replacing part: String, with new: String) -> Finding.Patch? {
        guard let line = place.line, let text = rawLine(place), let range = text.firstRange(of: part) else {
            return nil
        }
        return Finding.Patch(
            file: place.file,
            first: line,
            last: line,
            lines: [text.replacingCharacters(in: range, with: new)]
        )
    }

    /// A line deleted.
    func deletion(_ place: Place) -> Finding.Patch? {
        place.line.map { Finding.Patch(file: place.file, first: $0, last: $0, lines: []) }
    }

    /// The line of a long instruction that has some text; its first line when none has.
    func place(of text: String, in item: Dockerfile.Instruction, _ path: String) -> Place {
        let lines = memo.value("lines") { SourceText(project) }.lines(path)
        let range = item.line...max(item.line, item.endLine)
        let number = range.first { lines.indices.contains($0 - 1) && lines[$0 - 1].contains(text) }
        return Place(path, number ?? item.line)
    }

    /// Whether files of a target count: it was named, or none was.
    func concerns(_ targets: Set<AuditTarget>) -> Bool { !isTargetGiven || targets.contains(target) }

    /// Whether a dependency is declared outside the groups for development.
    func depends(on name: String) -> Bool {
        facts.dependencies.contains { $0.name == name && !Vocabulary.development.contains($0.group ?? "") }
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with new: String) -> String {
        self[..<range.lowerBound] + new + self[range.upperBound...]
    }
}
