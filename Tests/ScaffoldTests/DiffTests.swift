import Foundation
import Model
import Testing
import Toolkit

@testable import Scaffold

@Suite("Unified differences")
struct DiffTests {
    @Test("equal texts have none")
    func equal() {
        #expect(UnifiedDiff.make(old: "a\nb\n", new: "a\nb\n", path: "x").isEmpty)
    }

    @Test("look as people know them")
    func golden() {
        let old = (1...12).map { "\($0)\n" }.joined()
        let new = old.replacing("6\n", with: "six\n")
        #expect(
            UnifiedDiff.make(old: old, new: new, path: "a.txt") == """
                --- a/a.txt
                +++ b/a.txt
                @@ -3,7 +3,7 @@
                 3
                 4
                 5
                -6
                +six
                 7
                 8
                 9

                """
        )
    }

    @Test("name files so that the line ends after the name")
    func names() {
        let diff = UnifiedDiff.make(old: nil, new: "x\n", path: "a b\n\"c\"")
        #expect(diff.hasPrefix("--- /dev/null\n+++ \"b/a b\\012\\\"c\\\"\"\n@@ -0,0 +1,1 @@\n+x\n"))
    }

    @Test("patch makes the one text from the other", .enabled(if: Command.find("patch") != nil, "no patch"))
    func applies() async throws {
        var random = Seeded(state: 20_261_121)
        let folder = try ScratchFolder()
        for round in 0..<120 {
            let old = Self.text(&random, lines: Int(random.next() % 40))
            let new = Self.changed(old, &random)
            let path = ["plain.txt", "a b.txt", "deep/er.txt"][round % 3]
            try await check(old: old, new: new, path: path, folder)
        }
    }

    @Test("of other line ends and spellings are bytes", .enabled(if: Command.find("patch") != nil, "no patch"))
    func bytes() async throws {
        let folder = try ScratchFolder()
        let pairs = [
            ("a\r\nb\r\nc\r\n", "a\r\nx\r\nc\r\n"), ("a", "b"), ("a\n", "a"), ("a", "a\n"), ("", "a\n"), ("a\n", ""),
            ("\u{E9}\n", "e\u{301}\n"), ("a\u{2028}b\n", "a\u{2028}c\n"), ("\n\n\n", "\n\n"),
        ]
        for (old, new) in pairs { try await check(old: old, new: new, path: "a.txt", folder) }
    }

    @Test("of long texts that have nothing in common are made in time")
    func bounded() {
        let old = (0..<20_000).map { "old \($0)\n" }.joined()
        let new = (0..<20_000).map { "new \($0)\n" }.joined()
        let begin = ContinuousClock.now
        #expect(UnifiedDiff.make(old: old, new: new, path: "a").contains("@@ -1,20000 +1,20000 @@"))
        #expect(ContinuousClock.now - begin < .seconds(60))
    }

    @Test("are as short as can be")
    func shortest() {
        var random = Seeded(state: 7)
        for _ in 0..<300 {
            let old = (0..<Int(random.next() % 12)).map { _ in Int(random.next() % 4) }
            let new = (0..<Int(random.next() % 12)).map { _ in Int(random.next() % 4) }
            var comparison = LineComparison(old, new)
            comparison.run()
            let kept = comparison.edits.count { $0.kind == .keep }
            #expect(kept == Self.common(old, new), "\(old) \(new)")
        }
    }

    // MARK: - Private

    private func check(old: String, new: String, path: String, _ folder: ScratchFolder) async throws {
        let diff = UnifiedDiff.make(old: old, new: new, path: path)
        try folder.write(old, to: "tree/\(path)")
        let patch = try folder.write(diff, to: "change.patch")
        guard !diff.isEmpty else { return #expect(old == new) }
        let arguments = ["-p1", "--binary", "--no-backup-if-mismatch", "-i", patch]
        let outcome = try await Command("patch", arguments, workingDirectory: "\(folder.path)/tree").run()
        #expect(outcome.code == 0, "\(outcome.output)\(diff)")
        let data = FileManager.default.contents(atPath: "\(folder.path)/tree/\(path)") ?? Data()
        #expect(Array(data) == Array(new.utf8), "\(diff)")
    }

    private static func text(_ random: inout Seeded, lines: Int) -> String {
        let text = (0..<lines).map { _ in "line \(random.next() % 6)\n" }.joined()
        return random.next() % 4 == 0 ? String(text.dropLast()) : text
    }

    private static func changed(_ text: String, _ random: inout Seeded) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for _ in 0..<(1 + random.next() % 4) {
            let place = Int(random.next() % UInt64(lines.count))
            switch random.next() % 3 {
            case 0: lines.insert("new \(random.next() % 3)", at: place)
            case 1 where lines.count > 1: lines.remove(at: place)
            default: lines[place] = "other \(random.next() % 3)"
            }
        }
        return lines.joined(separator: "\n")
    }

    /// The length of the longest common subsequence, the slow way.
    private static func common(_ old: [Int], _ new: [Int]) -> Int {
        var table = Array(repeating: Array(repeating: 0, count: new.count + 1), count: old.count + 1)
        for (i, left) in old.enumerated() {
            for (j, right) in new.enumerated() {
                table[i + 1][j + 1] = left == right ? table[i][j] + 1 : max(table[i][j + 1], table[i + 1][j])
            }
        }
        return table[old.count][new.count]
    }

    /// SplitMix64: the same numbers on each run.
    private struct Seeded {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }
}
