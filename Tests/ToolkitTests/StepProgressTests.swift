import Testing
import Toolkit

@Suite("Progress of steps")
struct ProgressTests {
    private let erase = "\r\u{1B}[2K"
    private let live = TerminalStyle(hasColor: false, isLive: true, width: 40)

    @Test("in a file every event is a line of its own, in the form that scripts read")
    func plain() {
        var progress = StepProgress(style: .plain, quiet: ["build"])
        #expect(progress.take(.stage("build"), at: .zero) == "==> build\n")
        #expect(progress.tick(at: .seconds(1)).isEmpty)
        #expect(progress.take(.line("Installed 12 packages"), at: .seconds(1)) == "    Installed 12 packages\n")
        #expect(progress.take(.done("build", seconds: 83.456), at: .seconds(84)) == "    done: build (83.46s)\n")
        #expect(progress.clear().isEmpty)
    }

    @Test("on a terminal the step under way is one line that is drawn again, with its time and last words")
    func redrawn() {
        var progress = StepProgress(style: live, quiet: ["build"])
        #expect(progress.take(.stage("build"), at: .seconds(10)) == "==> build  0.0s")
        #expect(progress.tick(at: .seconds(12)) == erase + "==> build  2.0s")
        #expect(progress.take(.line("a\tb"), at: .seconds(13)) == erase + "==> build  3.0s  a b")
        #expect(progress.take(.done("build", seconds: 4), at: .seconds(14)) == erase + "==> build  4.00s\n")
        #expect(progress.tick(at: .seconds(15)).isEmpty, "nothing is under way")
    }

    @Test("what an app or a release command says stays, above the line that is drawn again")
    func kept() {
        var progress = StepProgress(style: live, quiet: ["build"])
        _ = progress.take(.stage("release_command"), at: .zero)
        let text = progress.take(.line("upgrade 1 -> 2"), at: .seconds(1))
        #expect(text == erase + "    upgrade 1 -> 2\n==> release_command  1.0s")
        #expect(progress.clear() == erase)
        #expect(progress.clear().isEmpty, "it is gone already")
    }

    @Test("the redrawn line never reaches the last column, so that no terminal breaks it")
    func width() {
        var progress = StepProgress(style: live, quiet: ["build"])
        _ = progress.take(.stage("build"), at: .zero)
        let text = progress.take(.line(String(repeating: "日", count: 90)), at: .seconds(1))
        #expect(DisplayWidth.of(text) <= 39)
        #expect(text.hasSuffix("…"))
        progress.width = 20
        let narrow = progress.tick(at: .seconds(2))
        #expect(DisplayWidth.of(narrow) <= 19, "the window became narrower meanwhile")
    }

    @Test("a failed build shows its last 20 lines once, and the message does not say them again")
    func failed() {
        var progress = StepProgress(style: live, quiet: ["build"])
        _ = progress.take(.stage("build"), at: .zero)
        for number in 1...30 { _ = progress.take(.line("dependencies: line \(number)"), at: .seconds(1)) }
        let text = progress.fail(at: .seconds(5))
        let lines = text.split(separator: "\n")
        #expect(lines.count == 21)
        #expect(lines.first == "\(erase)==> build  5.00s")
        #expect(lines.last == "    dependencies: line 30")
        let message = "uv sync failed (exit code 1):\n" + (6...30).map { "line \($0)" }.joined(separator: "\n")
        #expect(progress.unsaid(message) == "uv sync failed (exit code 1)")
        #expect(progress.unsaid("uv sync failed:\nline 30\nno network") == "uv sync failed:\nno network")
    }

    @Test("a note of a quiet step stays")
    func note() {
        var progress = StepProgress(style: live, quiet: ["build"])
        _ = progress.take(.stage("build"), at: .zero)
        let text = progress.take(.line("image: note: built natively"), at: .seconds(1))
        #expect(text == erase + "    image: note: built natively\n==> build  1.0s")
    }

    @Test("in a file the lines of a failed build stand above already, and are not said again")
    func failedPlain() {
        var progress = StepProgress(style: .plain, quiet: ["build"])
        _ = progress.take(.stage("build"), at: .zero)
        for number in 1...30 { _ = progress.take(.line("line \(number)"), at: .seconds(1)) }
        #expect(progress.fail(at: .seconds(2)).isEmpty)
        let message = "uv sync failed:\n" + (6...30).map { "line \($0)" }.joined(separator: "\n")
        #expect(progress.unsaid(message) == "uv sync failed")
    }

    @Test("of lines that were never shown a message keeps the last 20, and one that has none stays as it is")
    func unsaid() {
        let progress = StepProgress(style: .plain)
        let message = "it failed:\n" + (1...25).map { "line \($0)" }.joined(separator: "\n")
        #expect(progress.unsaid(message).split(separator: "\n").count == 21)
        #expect(progress.unsaid("no app answers:") == "no app answers:")
    }

    @Test("colours mark what is under way, what went well and what failed")
    func colors() {
        var progress = StepProgress(style: TerminalStyle(hasColor: true, isLive: true, width: 80))
        #expect(progress.take(.stage("a"), at: .zero) == "\u{1B}[36m==>\u{1B}[0m a  0.0s")
        #expect(progress.take(.done("a", seconds: 1), at: .seconds(1)).contains("\u{1B}[32m==>\u{1B}[0m a  1.00s\n"))
        _ = progress.take(.stage("b"), at: .seconds(1))
        #expect(progress.fail(at: .seconds(2)).contains("\u{1B}[1;31m==>\u{1B}[0m b  1.00s\n"))
    }
}
