import ArgumentParser
import Model

/// All flags of all commands, as docs/flags.md has them.
struct FlagsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flags",
        abstract: "Print a table of all flags of all commands, in Markdown: those of flyctl that change nothing, too."
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    /// What is known of one command.
    struct Entry: Encodable {
        var command: String
        var abstract: String
        var aliases: [String]
        var flags: [Row]

        struct Row: Encodable {
            var names: [String]
            var takesValue: Bool
            var does: String
            /// It is one of flyctl's that changes nothing here.
            var isIgnored: Bool
        }
    }

    func run() throws {
        let entries = Self.entries(try CommandTree(Roost.self), path: [])
        if json { return try Output.json(entries) }
        print(Self.head)
        for entry in entries { print(Self.section(entry)) }
    }

    // MARK: - Private

    private static let head = """
        # All flags

        Made by `roost flags` from the commands themselves. `fly` and `flyctl` are the same program. Flags of flyctl that make \
        no sense on hosts of your own are taken, with one line on standard error that says why nothing happens; those of every \
        command are `-t`, `-o`, `--verbose`, `--debug` and, where the command has none of its own, `-y`, `-a`, `-c` and `-j`. \
        Go's spellings work: `--yes=true`, `--autostart=false`, `-a=my-app`, `-amy-app`.
        """

    private static func entries(_ tree: CommandTree, path: [String]) -> [Entry] {
        let below = (tree.subcommands ?? []).filter { $0.commandName != "help" }
        guard below.isEmpty else {
            return below.flatMap { entries($0, path: path + [$0.commandName]) }
        }
        let own = (tree.arguments ?? []).filter { !$0.flags.isEmpty && !$0.flags.contains("--help") }
        let known = Set(own.flatMap(\.flags))
        var rows = own.map {
            Entry.Row(names: $0.flags, takesValue: $0.takesValue, does: $0.abstract ?? "", isIgnored: false)
        }
        let general = Set(FlyFlags.everywhere.flatMap(\.names))
        for flag in FlyFlags.flags(of: path) {
            let names = flag.names.filter { !known.contains($0) && !general.contains($0) }
            guard !names.isEmpty else { continue }
            let does = "changes nothing: \(flag.why)"
            rows.append(.init(names: names, takesValue: flag.takesValue, does: does, isIgnored: true))
        }
        return [
            Entry(
                command: path.joined(separator: " "),
                abstract: tree.abstract ?? "",
                aliases: tree.aliases ?? [],
                flags: rows
            )
        ]
    }

    private static func section(_ entry: Entry) -> String {
        let also = entry.aliases.isEmpty ? "" : " Also: \(entry.aliases.map { "`\($0)`" }.joined(separator: ", "))."
        var lines = ["", "## `roost \(entry.command)`", "", entry.abstract + also]
        if !entry.flags.isEmpty { lines += ["", "| flag | what it does |", "|---|---|"] }
        for row in entry.flags {
            let names = row.names.map { "`\($0)`" }.joined(separator: ", ") + (row.takesValue ? " …" : "")
            let does = row.does.replacing("|", with: "\\|").replacing("\n", with: " ")
            lines.append("| \(names) | \(does) |")
        }
        return lines.joined(separator: "\n")
    }
}
