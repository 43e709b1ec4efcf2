import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print an app's log, and follow it.")

    @OptionGroup var connection: Connection
    @Option(name: [.short, .long], help: "Only this Machine.") var machine: Machine.ID?
    @Flag(name: [.short, .customLong("no-tail")], help: "Print what there is and end.") var noTail = false
    @Option(help: "How many lines of the past.") var tail = 100
    @Flag(help: "Show what the app writes about health checks that pass, too.") var checks = false
    @Flag(name: [.short, .long], help: "Print JSON lines.") var json = false

    func validate() throws {
        guard (0...10_000).contains(tail) else { throw ValidationError("--tail takes 0 to 10000") }
    }

    func run() async throws {
        let app = try connection.appName()
        var path = apiPath("apps", app, "logs") + "?tail=\(tail)"
        if let machine { path += "&machine=\(machine)" }
        if checks { path += "&checks=true" }
        try await RoostClient.with(socketPath: Connection.socketPath) { client in
            if noTail {
                for line in try await client.get(path, as: [LogLine].self) { try show(line, app) }
                return
            }
            try await client.follow(path + "&follow=true", as: LogLine.self) { try show($0, app) }
        }
    }

    /// Standard output is a terminal, and nobody asked for none (https://no-color.org).
    private static let colors = isatty(1) == 1 && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty

    private func show(_ line: LogLine, _ app: String) throws {
        if json {
            let data = try JSONEncoder().encode(line)
            print(String(decoding: data, as: UTF8.self))
        } else {
            let text = LogText.shown(line.text, colors: Self.colors, harmless: Output.harmless)
            let level = line.stream == .platform ? .warning : LogLevel(of: line.text)
            print("\(line.timestamp) app[\(line.machine?.text ?? app)] [\(level.rawValue)] \(text)")
        }
        fflush(nil)
    }
}
