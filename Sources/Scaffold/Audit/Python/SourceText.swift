import Synchronization
import Toolkit

/// The lines of the project's files, split at most once a file.
final class SourceText: Sendable {
    private let project: Project
    private let cache = Mutex<[String: [Substring]]>([:])

    init(_ project: Project) {
        self.project = project
    }

    /// A file's lines; none when it can't be read.
    func lines(_ path: String) -> [Substring] {
        if let known = cache.withLock({ $0[path] }) { return known }
        let text = project.text(path) ?? ""
        let lines = text.textLines
        cache.withLock { $0[path] = lines }
        return lines
    }

    /// A line, from 1, without blanks at its ends and not longer than 160 characters; empty when there is none.
    func line(_ path: String, _ number: Int) -> String {
        let lines = lines(path)
        guard lines.indices.contains(number - 1) else { return "" }
        let text = ImageWords.trimmed(lines[number - 1])
        return text.count > 160 ? text.prefix(159) + "…" : String(text)
    }

    /// Some lines joined by blanks, for a test that goes over several.
    func text(_ path: String, _ range: ClosedRange<Int>) -> String {
        let lines = lines(path)
        let last = min(range.upperBound, lines.count)
        guard range.lowerBound >= 1, range.lowerBound <= last else { return "" }
        return lines[(range.lowerBound - 1)..<last].joined(separator: " ")
    }

    /// The line within a range on which a keyword argument stands: `debug=`; the first line when none has it.
    func line(of keyword: String, in path: String, _ range: ClosedRange<Int>) -> Int {
        let lines = lines(path)
        for number in range where lines.indices.contains(number - 1) {
            if Self.assigns(keyword, in: lines[number - 1]) { return number }
        }
        return range.lowerBound
    }

    /// The line within a range that has some text; the first line when none has.
    func line(having text: some StringProtocol, in path: String, _ range: ClosedRange<Int>) -> Int {
        let lines = lines(path)
        return range.first { lines.indices.contains($0 - 1) && lines[$0 - 1].contains(text) } ?? range.lowerBound
    }

    // MARK: - Private

    /// Whether a line has `keyword=` that is not the end of a longer name.
    private static func assigns(_ keyword: String, in line: Substring) -> Bool {
        var rest = line
        while let found = rest.firstRange(of: keyword) {
            let before = found.lowerBound > line.startIndex ? line[line.index(before: found.lowerBound)] : " "
            let tail = rest[found.upperBound...].drop { $0 == " " }
            let isWhole = !(before.isLetter || before.isNumber || before == "_" || before == ".")
            if isWhole, tail.first == "=", tail.dropFirst().first != "=" { return true }
            rest = rest[found.upperBound...]
        }
        return false
    }
}
