import ArgumentParser
import Client
import Model
import Toolkit

/// Sandboxes that run on the host and have no record, as after a store was put back.
struct MachineStrangers: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "strangers",
        abstract: "List sandboxes that run without a record; `adopt` or `destroy` decides about them."
    )

    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let all = try await RoostClient.atHost {
            try await $0.get("/v1/strangers", as: [Stranger].self)
        }
        if json { return try Output.json(all) }
        if all.isEmpty { return print("nothing runs here that has no record") }
        var table = Table("ID", "STATE", "APP", "ADDRESS")
        for one in all { table.add(one.id.text, one.state, one.machine?.app ?? "?", one.address?.ipv4 ?? "") }
        Output.table(table)
    }
}

/// Takes such a sandbox up again, as the Machine that it was when it was started.
struct MachineAdopt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "adopt",
        abstract: "Make a sandbox that runs without a record a Machine of its app again."
    )

    @Argument(help: "Machine IDs.") var ids: [Machine.ID]

    func run() async throws {
        try await RoostClient.atHost { client in
            for id in ids {
                try await client.post(apiPath("strangers", id.text, "adopt"))
                print("Machine \(id) has been adopted")
            }
        }
    }
}
