import ArgumentParser
import Foundation

/// A command as the parser's library tells it: its names, its flags, what is below it.
struct CommandTree: Decodable {
    var commandName: String
    var abstract: String?
    var aliases: [String]?
    var arguments: [Argument]?
    var subcommands: [CommandTree]?

    struct Argument: Decodable {
        var kind: String
        var names: [Name]?
        var abstract: String?
        var valueName: String?
        var shouldDisplay: Bool?

        struct Name: Decodable {
            var kind: String
            var name: String

            var text: String { (kind == "short" ? "-" : "--") + name }
        }

        /// With their dashes.
        var flags: [String] { (names ?? []).map(\.text) }
        var takesValue: Bool { kind == "option" }
    }

    private struct Dump: Decodable {
        var command: CommandTree
    }

    /// - Throws: `DecodingError` when the library tells it in another form than it did.
    init(_ type: any ParsableCommand.Type) throws {
        self = try JSONDecoder().decode(Dump.self, from: Data(type._dumpHelp().utf8)).command
    }

    /// The type of the command that a command line names, its words without aliases, and how many of them were said.
    static func find(_ words: [String]) -> (type: any ParsableCommand.Type, path: [String], said: Int) {
        var (found, path): (any ParsableCommand.Type, [String]) = (Roost.self, [])
        for word in words {
            let next = found.configuration.subcommands.first {
                name(of: $0) == word || $0.configuration.aliases.contains(word)
            }
            guard let next else { break }
            found = next
            path.append(name(of: next))
        }
        let said = path.count
        if let other = found.configuration.defaultSubcommand {
            found = other
            path.append(name(of: other))
        }
        return (found, path, said)
    }

    /// The library makes a name of the type's where none is given.
    private static func name(of type: any ParsableCommand.Type) -> String {
        type.configuration.commandName ?? String(describing: type).lowercased()
    }
}
