import ArgumentParser
import Client
import Model
import Toolkit

struct LogDrainsGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log-drains",
        abstract: "Where lines of apps go, beside this host.",
        subcommands: [LogDrainsList.self, LogDrainsTest.self],
        defaultSubcommand: LogDrainsList.self
    )
}

struct LogDrainsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show how far each drain has come, and what is in its way.",
        aliases: ["ls"]
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let view = try await RoostClient.atHost { try await $0.get("/v1/log-drains", as: LogDrainsView.self) }
        if json { return try Output.json(view) }
        guard !view.drains.isEmpty else {
            return print("lines stay on this host: [log_drains] in roost.toml names receivers (docs/log-drains.md)")
        }
        var table = Table("DRAIN", "KIND", "APPS", "DELIVERED", "WAITING", "SENT", "REFUSED", "DROPPED", "LAST ERROR")
        for drain in view.drains {
            table.add(
                drain.name,
                drain.kind,
                drain.apps.isEmpty ? "all" : drain.apps.joined(separator: ","),
                drain.deliveredAt?.rfc3339 ?? "-",
                "\(drain.waiting >> 10) KiB",
                "\(drain.sent)",
                "\(drain.refused)",
                "\(drain.dropped)",
                Output.harmless(drain.error ?? "-")
            )
        }
        Output.table(table)
    }
}

struct LogDrainsTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Send a line that means nothing, and print what the receiver says."
    )

    @Argument(help: "The drain, as `list` names it.") var name: String

    func run() async throws {
        try await RoostClient.atHost { client in
            try await client.post(apiPath("log-drains", name, "test"))
        }
        print("\(name): the receiver has the line")
    }
}
