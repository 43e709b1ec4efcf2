import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct ScaleCount: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "count",
        abstract: "Change how many Machines a process group has; those that stay are left alone.",
        discussion: "Volumes of Machines that go are kept. `-1` needs `--` before it, or a group: app=-1."
    )

    @OptionGroup var connection: Connection
    @Argument(help: "3, +1, or GROUP=3 …") var counts: [String]
    @Option(name: [.customShort("g"), .long], help: "The group of counts that name none.") var processGroup: String?
    @Option(name: [.short, .long], help: "Count those in these regions: iad,cdg; new ones are spread over them.")
    var region: String?
    @Option(help: "The most of a group in each of those regions.") var maxPerRegion: Int?
    @Flag(name: [.short, .long], help: "Don't ask.") var yes = false
    @Flag(name: [.short, .long], help: "Print how it ended as JSON; the rest goes to standard error.") var json = false

    func run() async throws {
        let wishes = try counts.map { text throws(Fault) in try CountWish(text) }
        let app = try connection.appName()
        try await RoostClient.atHost { client in
            let state = try await ScaleState(client, app)
            let group = try state.group(processGroup, mustBeOne: false)
            let regions = region.map {
                $0.split(separator: ",").map { String($0.trimmingPrefix(while: \.isWhitespace)) }
            }
            let present = state.counts(in: regions)
            let wanted = try CountWish.counts(wishes, group: group, present: present)
            let changes = wanted.filter { present[$0.key] != $0.value }
            let unknown = wanted.keys.filter { present[$0] == nil }
            if changes.isEmpty, unknown.isEmpty {
                Output.warn("App already scaled to desired state. No need for changes")
                return
            }
            for (group, count) in changes.sorted(by: { $0.key < $1.key }) {
                let change = count - (present[group] ?? 0)
                let place = region.map { " in \($0)" } ?? ""
                let words = "\(change < 0 ? "" : "+")\(change) Machines for group '\(group)'\(place)"
                Output.warn("App '\(app)' is going to be scaled: \(words)")
            }
            if unknown.isEmpty { try Person.confirm("Scale app \(app)?", yes: yes) }
            var order = ReleaseOrder(.count, user: Person.current)
            order.counts = wanted
            order.regions = regions
            order.maxPerRegion = maxPerRegion
            let rollout = try await client.post(apiPath("apps", app, "releases"), order, as: Rollout.self)
            try await DeployWatch(client: client, json: json).follow(rollout)
        }
    }
}
