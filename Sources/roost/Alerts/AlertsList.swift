import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct AlertsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show what fires, of what nobody is told, and how the channels do.",
        aliases: ["ls"]
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let view = try await RoostClient.atHost { try await $0.get("/v1/alerts", as: AlertsView.self) }
        if json { return try Output.json(view) }
        let firing = view.alerts.filter { $0.isFiring && $0.clearSince == nil }
        if firing.isEmpty { print("nothing fires") }
        for alert in firing {
            print(Output.harmless("[\(alert.severity.rawValue)] \(alert.app ?? view.host): \(alert.summary)"))
            print("  \(alert.rule), since \(alert.since.rfc3339)\(Self.told(alert, view))")
            if let command = alert.command { print(Output.harmless("  \(command)")) }
        }
        for alert in view.alerts where !alert.isFiring && alert.clearSince == nil {
            print(Output.harmless("[soon] \(alert.app ?? view.host): \(alert.summary)"))
        }
        for silence in view.silences {
            let what = [silence.rule ?? "all alerts", silence.app.map { "of \($0)" }].compactMap { $0 }
            let why = silence.comment.map { ": \($0)" } ?? ""
            print(Output.harmless("silenced until \(silence.until.rfc3339): \(what.joined(separator: " "))\(why)"))
            print("  roost alerts unsilence \(silence.id)")
        }
        guard !view.channels.isEmpty else {
            return print("nobody is told: [alerts] in roost.toml names where (docs/alerts.md)")
        }
        print("")
        Output.table(ChannelText.table(view.channels))
    }

    private static func told(_ alert: Alert, _ view: AlertsView) -> String {
        if let told = alert.toldAt { return view.channels.isEmpty ? "" : ", told \(told.rfc3339)" }
        return ", nobody told yet"
    }
}

/// How channels are printed.
enum ChannelText {
    static func table(_ channels: [AlertsView.Channel]) -> Table {
        var table = Table("CHANNEL", "KIND", "DELIVERED", "WAITING", "LAST ERROR")
        for channel in channels {
            table.add(
                channel.name,
                channel.kind,
                channel.deliveredAt?.rfc3339 ?? "-",
                "\(channel.waiting)",
                Output.harmless(channel.error ?? "-")
            )
        }
        return table
    }
}

struct AlertsTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Send a message that means nothing, to see whether it comes."
    )

    @Argument(help: "The channel, as `list` names it; all if left out.") var channel: String?

    func run() async throws {
        let wish = channel.map { ["channel": $0] } ?? [:]
        let channels = try await RoostClient.atHost {
            try await $0.post("/v1/alerts/test", wish, as: [AlertsView.Channel].self)
        }
        for channel in channels where channel.error == nil { print("\(channel.name): sent") }
        let failed = channels.filter { $0.error != nil }
        guard !failed.isEmpty else { return }
        let reasons = failed.map { "\($0.name): \($0.error ?? "")" }.joined(separator: "\n")
        throw Fault(
            .toolFailed,
            reasons,
            hint: "[alerts] in the host's roost.toml says where; restart roostd serve after a change"
        )
    }
}

struct AlertsSilence: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "silence",
        abstract: "Tell nobody of some alerts for a while."
    )

    @Argument(help: "The alert, as CrashLoop; all of them if left out.") var rule: String?
    @Option(name: .shortAndLong, help: "Of this app alone.") var app: String?
    @Option(name: .customLong("for"), help: "How long: 30m, 2h, 24h.") var duration = "2h"
    @Option(name: .shortAndLong, help: "Why, for others who look.") var comment: String?

    private struct Wish: Encodable {
        var app: String?
        var rule: String?
        var seconds: Int64
        var comment: String?
    }

    func run() async throws {
        guard let time = GoDuration.parse(duration), time >= .seconds(60) else {
            throw UsageError(
                message: "--for: expected a time such as 2h, found \(duration)",
                hint: "roost alerts silence --for 2h"
            )
        }
        let wish = Wish(app: app, rule: rule, seconds: time.components.seconds, comment: comment)
        let silence = try await RoostClient.atHost {
            try await $0.post("/v1/alerts/silences", wish, as: AlertSilence.self)
        }
        print("silenced until \(silence.until.rfc3339); roost alerts unsilence \(silence.id) ends it")
    }
}

struct AlertsUnsilence: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "unsilence", abstract: "End a silence.")

    @Argument(help: "Its ID, as `list` shows it.") var id: String

    func run() async throws {
        try await RoostClient.atHost { try await $0.delete(apiPath("alerts", "silences", id)) }
        print("ended")
    }
}
