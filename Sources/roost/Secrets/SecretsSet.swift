import ArgumentParser
import Foundation
import Model

struct SecretsSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Set secrets and give them to the app, one Machine after the other.",
        discussion: """
            NAME=- reads the value from standard input, NAME alone asks for it on a terminal without showing it: that way \
            it stands neither in the shell's history nor in the list of processes.
            """
    )

    @OptionGroup var options: SecretsOptions
    @Argument(help: "NAME=VALUE, NAME=- or NAME.") var secrets: [String]

    func validate() throws {
        let fromInput = secrets.filter { $0.hasSuffix("=-") }
        guard fromInput.count <= 1 else { throw ValidationError("only one value can be read from standard input") }
        for text in secrets {
            let name = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
            guard SecretRules.isName(String(name)) else {
                // What was meant for a value must not end up on the screen.
                throw ValidationError("expected NAME=VALUE: letters, digits and _ before the =")
            }
        }
    }

    func run() async throws {
        var values: [String: String?] = [:]
        for text in secrets {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = parts[0]
            guard parts.count == 2 else {
                values[name] = try ask(name)
                continue
            }
            values[name] = parts[1] == "-" ? try Self.standardInput() : parts[1]
        }
        try await options.send(values)
    }

    // MARK: - Private

    private func ask(_ name: String) throws -> String {
        guard Terminal.hasPerson else {
            throw UsageError(
                message: "\(name) has no value, and there is no terminal to ask for it",
                hint: "give it on standard input: roost secrets set \(name)=- < FILE"
            )
        }
        guard let value = try Person.ask("\(name): ", isSecret: true) else {
            throw Fault(.cancelled, "nothing was set")
        }
        return value
    }

    /// All of standard input, without the line feed that `echo` leaves at its end.
    static func standardInput() throws -> String {
        var data = FileHandle.standardInput.readDataToEndOfFile()
        if data.last == UInt8(ascii: "\n") { data.removeLast() }
        guard let text = String(data: data, encoding: .utf8) else {
            throw Fault(
                .invalidRequest,
                "standard input is no UTF-8 text",
                hint: "encode it first, for example in base64"
            )
        }
        return text
    }
}
