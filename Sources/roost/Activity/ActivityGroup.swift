import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct ActivityGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "activity",
        abstract: "Who changed what: the record that only grows.",
        subcommands: [ActivityList.self, ActivityVerify.self]
    )
}

struct ActivityList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show what was changed or refused, newest first.",
        aliases: ["ls"]
    )

    @Option(name: [.short, .long], help: "Only this app.") var app: String?
    @Option(help: "How many.") var limit = 50
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let allowed = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "-_."))
        let filter = app.map { "&app=" + ($0.addingPercentEncoding(withAllowedCharacters: allowed) ?? "") } ?? ""
        let answer = try await RoostClient.atHost {
            try await $0.get("/v1/activity?limit=\(limit)\(filter)", as: JSONValue.self)
        }
        let entries = answer["entries"]?.array ?? []
        if json { return try Output.json(entries) }
        var table = Table("TIME", "WHO", "FROM", "STATUS", "WHAT", "WHY NOT")
        for entry in entries {
            table.add(
                entry["at"]?.string ?? "",
                Output.harmless(entry["actor"]?.string ?? ""),
                Output.harmless(entry["from"]?.string ?? ""),
                "\(entry["status"]?.int ?? 0)",
                Output.harmless("\(entry["method"]?.string ?? "") \(entry["path"]?.string ?? "")"),
                Output.harmless(entry["error"]?.string ?? "")
            )
        }
        Output.table(table)
    }
}

struct ActivityVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check that no entry of the record was changed or taken out; exit code 1 when one was."
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let verdict = try await RoostClient.atHost {
            try await $0.get("/v1/activity/verify", as: JSONValue.self)
        }
        let isWhole = verdict["ok"]?.bool == true
        if json {
            try Output.json(verdict)
        } else if isWhole {
            print("\(verdict["entries"]?.int ?? 0) entries, none changed; head \(verdict["head"]?.string ?? "")")
        } else {
            for problem in verdict["problems"]?.array ?? [] { print(Output.harmless(problem.string ?? "")) }
        }
        guard isWhole else { throw ExitCode(1) }
    }
}
