import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

/// The records behind everything, for the day on which some of them are damaged or lost.
struct StoreGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Look at the host's records, and put damaged or lost ones right.",
        subcommands: [StoreShow.self, StoreRepair.self, StoreRestore.self, StoreAccept.self, StoreCopies.self]
    )
}

/// A record that can't be read.
private struct StoreTrouble: Codable {
    var key: String
    var revision: Int64
    var reason: String
    var older: Int64?
    var source: String?
}

struct StoreShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "List the records that can't be read, or print one record as it stands."
    )

    @Argument(help: "A record's key, for example /apps/notes.") var key: String?
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        try await RoostClient.atHost { client in
            if let key {
                let name = key.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? key
                return print(Output.harmless(try await client.text("/v1/store/record?key=\(name)")))
            }
            let troubles = try await client.get("/v1/store/troubles", as: [StoreTrouble].self)
            if json { return try Output.json(troubles) }
            if troubles.isEmpty { return print("every record can be read") }
            for trouble in troubles {
                print("\(trouble.key): \(Output.harmless(trouble.reason))")
                let older = trouble.older.map { "revision \($0) can be put back" } ?? "no older one is known"
                print("  \(older): roost store repair \(trouble.key)")
            }
        }
    }
}

struct StoreRepair: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Move a record that can't be read aside, and put the newest readable one in its place."
    )

    @Argument(help: "The record's key, as `store show` lists it.") var key: String
    @Flag(help: "Without an older one, remove the record.") var drop = false

    private struct Wanted: Encodable {
        var key: String
        var drop: Bool
    }

    func run() async throws {
        let done = try await RoostClient.atHost {
            try await $0.post("/v1/store/repair", Wanted(key: key, drop: drop), as: StoreTrouble.self)
        }
        if let older = done.older {
            print("\(key) is again as at revision \(older), from \(done.source ?? "an earlier record")")
        } else {
            print("\(key) is gone")
        }
        print("what was there is in the store as /damaged\(key)/\(done.revision)")
        guard key.hasPrefix("/machines/") else { return }
        print("start roostd serve anew: it then takes the Machine up again")
    }
}

struct StoreRestore: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put the newest good copy, or the one named, in the store's place; serve must be stopped."
    )

    @Argument(help: "A copy, as `store copies` lists them; else the newest.") var copy: String?

    func run() throws { try HostProgram.run(["store", "restore"] + (copy.map { [$0] } ?? [])) }
}

struct StoreAccept: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "accept",
        abstract: "Go on with the store that there is, though something of it is lost; serve must be stopped."
    )

    func run() throws { try HostProgram.run(["store", "accept"]) }
}

struct StoreCopies: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "copies",
        abstract: "List the copies of the store, newest first."
    )

    func run() throws { try HostProgram.run(["store", "copies"]) }
}
