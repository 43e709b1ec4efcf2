import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct MachineExec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Run one command in a Machine, and print what it says and how it ends.",
        discussion:
            "Ends with 0 whatever the command's own exit code is, as flyctl does; `roost ssh console -C` passes it on."
    )

    @OptionGroup var connection: Connection
    @Argument(help: "Machine ID, for example 148e21b7c65089.") var id: Machine.ID
    @Argument(help: "The command: one text, or after -- a program and its arguments.") var command: [String]
    @Option(help: "Seconds after which it is ended.") var timeout: Int?
    @Flag(name: [.short, .long], help: "Print both outputs and the exit code as JSON.") var json = false

    private struct Outcome: Encodable {
        var exitCode: Int32
        var stdout: String
        var stderr: String

        private enum CodingKeys: String, CodingKey {
            case exitCode = "exit_code"
            case stdout, stderr
        }
    }

    func run() async throws {
        let app = try connection.appName()
        let words = command.count == 1 ? try Words.split(command[0]) : command
        guard !words.isEmpty else { throw Fault(.invalidRequest, "the command is empty") }
        let path = apiPath("apps", app, "machines", id.text, "console")
        try await RoostClient.atHost { client in
            let outcome = try await withTimeout(timeout.map { .seconds($0) } ?? .seconds(86_400), "the command") {
                try await collect(client, path, words)
            }
            if json { return try Output.json(outcome) }
            print(outcome.stdout, terminator: "")
            fflush(nil)
            FileHandle.standardError.write(Data(outcome.stderr.utf8))
            if outcome.exitCode != 0 { print("Exit code: \(outcome.exitCode)") }
        }
    }

    private func collect(_ client: RoostClient, _ path: String, _ words: [String]) async throws -> Outcome {
        let order = SessionOrder.make(command: words, user: nil, terminal: false, force: false)
        let keyboard = Keyboard()
        keyboard.closeInput()
        defer { keyboard.end() }
        var (out, errors): ([UInt8], [UInt8]) = ([], [])
        let code = try await client.session(path, order, frames: keyboard.taken) { frame in
            // As much as the API of Machines gives back.
            if case .output(let bytes) = frame, out.count < 1 << 20 { out += bytes }
            if case .errors(let bytes) = frame, errors.count < 1 << 20 { errors += bytes }
        }
        return Outcome(
            exitCode: code,
            stdout: String(decoding: out, as: UTF8.self),
            stderr: String(decoding: errors, as: UTF8.self)
        )
    }
}
