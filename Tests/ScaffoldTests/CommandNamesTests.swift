import Foundation
import Testing

@Suite("Commands that messages, pages and the manual name")
struct CommandNamesTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// What the program says of itself.
    private struct Help: Decodable {
        var command: Command

        struct Command: Decodable {
            var commandName: String
            var subcommands: [Command]?
            /// Takes what no subcommand is named: an app, for example.
            var defaultSubcommand: String?

            /// The words that may stand behind it; empty where anything may.
            var verbs: [String: Command] {
                Dictionary((subcommands ?? []).map { ($0.commandName, $0) }) { first, _ in first }
            }
        }
    }

    /// Words that stand behind the name where it is that of the program and no command is meant.
    private static let prose: Set<String> = ["wrote", "would", "writes", "is", "has"]

    @Test(
        "exist",
        .enabled(if: RoostProgram.missing == nil, "the program is not built: swift build"),
        .timeLimit(.minutes(2))
    )
    func exist() throws {
        let dump = try RoostProgram.run(["--experimental-dump-help"])
        let help = try JSONDecoder().decode(Help.self, from: Data(dump.output.utf8))
        #expect(help.command.verbs["deploy"] != nil)
        var count = 0
        for (path, text) in try Self.texts() {
            for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
            {
                for words in Self.commands(in: String(line), isCode: path.hasSuffix(".swift")) {
                    count += 1
                    #expect(Self.isThere(words, help.command), "\(path):\(number + 1): \(words.joined(separator: " "))")
                }
            }
        }
        #expect(count > 50)
    }

    @Test("are found in text, and prose is left alone")
    func finds() {
        let found = Self.commands(in: #"hint: "run `roost machine stop` or roost deploy -a x""#, isCode: true)
        #expect(found == [["roost", "machine", "stop"], ["roost", "deploy"]])
        let digits = Self.commands(in: "`roost ips allocate-v6 --private`", isCode: false)
        #expect(digits == [["roost", "ips", "allocate-v6"]])
        #expect(Self.commands(in: "edited since roost wrote it", isCode: true).isEmpty)
        #expect(Self.commands(in: "    /// `roost scale` is not there", isCode: true).isEmpty)
        #expect(Self.commands(in: "With roost you can", isCode: false).isEmpty)
        #expect(Self.commands(in: "| `roost audit [DIR]` | x |", isCode: false) == [["roost", "audit"]])
    }

    // MARK: - Private

    private static func isThere(_ words: [String], _ root: Help.Command) -> Bool {
        guard words.count > 1, let command = root.verbs[words[1]] ?? (words[1] == "help" ? root : nil) else {
            return false
        }
        guard words.count > 2, !command.verbs.isEmpty else { return true }
        return command.verbs[words[2]] != nil || command.defaultSubcommand != nil
    }

    /// `roost VERB` and a word behind it: in Swift anywhere but in comments, in Markdown where it is set as code.
    private static func commands(in line: String, isCode: Bool) -> [[String]] {
        guard line.utf8.count < 20_000, line.contains("roost ") else { return [] }
        let plain = line.drop { $0 == " " || $0 == "\t" }
        if isCode, plain.hasPrefix("//") { return [] }
        let pieces: [Substring]
        if isCode || !line.contains("`") {
            // A line of a block of code begins with the command.
            pieces = isCode ? [line[...]] : plain.hasPrefix("roost ") ? [plain] : []
        } else {
            pieces = line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }.map(\.element)
        }
        return pieces.flatMap { piece in
            piece.matches(of: /(?:^|[^\w\/.-])roost ([a-z][a-z-]*)(?: ([a-z][a-z0-9-]*))?/).compactMap {
                match -> [String]? in
                let verb = String(match.output.1)
                guard !prose.contains(verb) else { return nil }
                return ["roost", verb] + [match.output.2.map(String.init)].compactMap { $0 }
            }
        }
    }

    private static func texts() throws -> [(path: String, text: String)] {
        var result: [(String, String)] = []
        for folder in ["Sources", "docs", "packaging", "examples"] {
            let all = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
            while let name = all?.nextObject() as? String {
                // Decisions speak of their own day.
                guard name.hasSuffix(".swift") || name.hasSuffix(".md"), !name.hasPrefix("decisions/") else { continue }
                let path = "\(folder)/\(name)"
                result.append((path, try String(contentsOf: root.appending(path: path), encoding: .utf8)))
            }
        }
        for name in ["README.md", "ARCHITECTURE.md"] {
            result.append((name, try String(contentsOf: root.appending(path: name), encoding: .utf8)))
        }
        return result
    }
}
