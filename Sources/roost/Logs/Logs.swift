import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct Logs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print an app's log, and follow it.")

    @OptionGroup var connection: Connection
    @Option(
        name: [.short, .long, .customShort("i"), .customLong("instance")],
        help: "Only this Machine."
    )
    var machine: Machine.ID?
    @Flag(name: [.short, .customLong("no-tail")], help: "Print what there is and end.") var noTail = false
    @Option(name: [.short, .long], help: "Only Machines of this region.") var region: String?
    @Option(name: [.short, .long, .customLong("process-group")], help: "Only Machines of this process group.")
    var group: String?
    @Option(help: "How many lines of the past.") var tail: Int?
    @Option(help: "From when on: 15m, 2h30m, 7d, or 2026-11-21T07:48Z.") var since: String?
    @Option(help: "Until when, as --since; prints what there is and ends.") var until: String?
    @Option(help: "Only lines that matter as much as this: debug, info, warning, error.") var level: LogLevel?
    @Option(name: .customLong("grep"), help: "Only lines with this text; small letters stand for capitals too.")
    var text: String?
    @Flag(help: "Show what the app writes about health checks that pass, too.") var checks = false
    @Flag(name: [.short, .long], help: "Print JSON lines.") var json = false

    func validate() throws {
        guard (0...10_000).contains(tail ?? 0) else { throw ValidationError("--tail takes 0 to 10000") }
        _ = try (since.map(Self.moment), until.map(Self.moment))
    }

    func run() async throws {
        let app = try connection.appName()
        let path = try apiPath("apps", app, "logs") + "?" + Self.query(parameters())
        try await RoostClient.atHost { client in
            if noTail || until != nil {
                for line in try await client.get(path, as: [LogLine].self) { try show(line, app) }
                return
            }
            try await client.follow(path + "&follow=true", as: LogLine.self) { try show($0, app) }
        }
    }

    private func parameters() throws -> [(String, String?)] {
        [
            ("tail", tail.map(String.init)), ("machine", machine?.text), ("region", region), ("group", group),
            ("checks", checks ? "true" : nil), ("level", level?.rawValue), ("grep", text),
            ("since", try since.map(Self.moment)?.rfc3339), ("until", try until.map(Self.moment)?.rfc3339),
        ]
    }

    private static func query(_ parameters: [(String, String?)]) -> String {
        parameters.compactMap { name, value in value.map { "\(name)=\(percentEncoded($0))" } }.joined(separator: "&")
    }

    /// A duration is counted back from now.
    private static func moment(_ text: String) throws -> Timestamp {
        let days = text.hasSuffix("d") ? Int(text.dropLast()).map { Duration.seconds($0 * 86_400) } : nil
        if let duration = days ?? GoDuration.parse(text), duration >= .zero {
            return Timestamp.now().advanced(by: .zero - duration)
        }
        guard let moment = Timestamp(rfc3339: text) else {
            throw ValidationError("\"\(text)\" is no time: 15m, 2h30m, 7d, 2026-11-21 or 2026-11-21T07:48:42Z")
        }
        return moment
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

extension LogLevel: ExpressibleByArgument {
    public init?(argument: String) { self.init(named: argument) }
}
