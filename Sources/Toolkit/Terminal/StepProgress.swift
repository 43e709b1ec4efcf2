import Foundation
import Model

/// What a person sees of a long job: events and a clock go in, text for the terminal comes out.
///
/// Where a line can be redrawn, the step under way is one such line, with the time it has taken and what it said last;
/// elsewhere every event is a line of its own. Output of steps whose output is noise unless they fail is kept, not shown,
/// but for lines that begin with `note: `.
package struct StepProgress: Sendable {
    /// What can happen.
    package enum Event: Equatable, Sendable {
        /// A step begins.
        case stage(String)
        /// Something that a step said.
        case line(String)
        /// A step went well.
        case done(String, seconds: Double)
    }

    /// Kept of what was not shown.
    package static let kept = 20

    /// Columns of the terminal, which may change while the job goes on.
    package var width: Int?
    private let style: TerminalStyle
    /// Steps whose output is shown only when they fail.
    private let quiet: Set<String>
    private var step: (name: String, since: Duration)?
    private var said = ""
    private var isDrawn = false
    private var unshown: [String] = []
    private var shown: [String] = []

    /// - Parameters:
    ///   - style: of the stream that the text is for.
    ///   - quiet: steps whose lines are shown only when they fail; without effect where lines are not redrawn.
    package init(style: TerminalStyle, quiet: Set<String> = []) {
        self.style = style
        width = style.width
        self.quiet = style.isLive ? quiet : []
    }

    /// Takes in what happened, at a time by any clock that only goes forward; returns what is to be written, as it is.
    package mutating func take(_ event: Event, at now: Duration) -> String {
        switch event {
        case .stage(let name):
            step = (name, now)
            (said, unshown) = ("", [])
            return style.isLive ? erase() + draw(at: now) : "==> \(name)\n"
        case .line(let text): return line(text, at: now)
        case .done(let name, let seconds):
            step = nil
            unshown = []
            // Scripts read this form: always seconds.
            guard style.isLive else { return "    done: \(name) (\(String(format: "%.2f", seconds))s)\n" }
            return erase() + row(style.paint("==>", .green), name, Elapsed.text(seconds)) + "\n"
        }
    }

    /// Draws the step under way again, for time has passed.
    package mutating func tick(at now: Duration) -> String {
        style.isLive && step != nil ? erase() + draw(at: now) : ""
    }

    /// Ends the step under way as one that failed: its line stays, and what it said last follows.
    package mutating func fail(at now: Duration) -> String {
        guard style.isLive, let step else { return "" }
        self.step = nil
        let took = Elapsed.text((now - step.since).seconds)
        let lines = unshown.map { "    \($0)\n" }.joined()
        shown += unshown
        unshown = []
        return erase() + row(style.paint("==>", .red), step.name, took) + "\n" + lines
    }

    /// Takes the line that is redrawn away, for other text to follow.
    package mutating func clear() -> String { erase() }

    /// A fault's message without lines that stand on the screen already, and with no more than the last `kept` of others.
    package func unsaid(_ message: String) -> String {
        var lines = message.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let head = lines.removeFirst()
        let before = Set(shown.flatMap { [Self.bare($0[...]), Self.words($0)] })
        lines = lines.suffix(Self.kept).filter { !before.contains(Self.bare($0[...])) }
        guard lines.isEmpty else { return ([head] + lines).joined(separator: "\n") }
        return head.hasSuffix(":") && message != head ? String(head.dropLast()) : head
    }

    // MARK: - Private

    /// What an indented copy of a line has in common with it.
    private static func bare(_ line: Substring) -> Substring {
        var text = line
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    /// A builder's line without the part of the build that it comes from: `dependencies: Resolved 12 packages`.
    private static func words(_ line: String) -> Substring {
        guard let colon = line.firstRange(of: ": ") else { return bare(line[...]) }
        return bare(line[colon.upperBound...])
    }

    /// A line that matters although its step goes well.
    private static func isNote(_ line: String) -> Bool {
        bare(line[...]).lowercased().hasPrefix("note: ") || words(line).lowercased().hasPrefix("note: ")
    }

    private mutating func line(_ text: String, at now: Duration) -> String {
        if let step, quiet.contains(step.name), !Self.isNote(text) {
            said = text.replacing("\t", with: " ")
            if unshown.count == Self.kept { unshown.removeFirst() }
            unshown.append(text)
            return erase() + draw(at: now)
        }
        // A message repeats at most the last lines of what was said.
        if shown.count == 4 * Self.kept { shown.removeFirst(Self.kept) }
        shown.append(text)
        guard style.isLive else { return "    \(text)\n" }
        return erase() + "    \(text)\n" + draw(at: now)
    }

    private mutating func erase() -> String {
        guard isDrawn else { return "" }
        isDrawn = false
        return "\r\u{1B}[2K"
    }

    private mutating func draw(at now: Duration) -> String {
        guard let step else { return "" }
        isDrawn = true
        let time = Elapsed.running((now - step.since).seconds)
        let last = said.isEmpty ? "" : "  \(style.paint(said, .dim))"
        let text = row(style.paint("==>", .cyan), step.name, time) + last
        // The last column stays free: a terminal may go on to the next line when it is written to.
        return DisplayWidth.cut(text, to: max((width ?? 80) - 1, 1))
    }

    private func row(_ mark: String, _ name: String, _ time: String) -> String { "\(mark) \(name)  \(time)" }
}
