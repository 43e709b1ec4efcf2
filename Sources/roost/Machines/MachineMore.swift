import ArgumentParser
import Client
import Foundation
import Model
import Toolkit

struct MachineCordon: MachineVerb {
    static let configuration = CommandConfiguration(
        commandName: "cordon",
        abstract: "Send Machines no new requests; they go on running."
    )
    static let verb = "cordon"
    static let done = "cordoned"

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID]
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false
}

struct MachineUncordon: MachineVerb {
    static let configuration = CommandConfiguration(commandName: "uncordon", abstract: "Send Machines requests again.")
    static let verb = "uncordon"
    static let done = "uncordoned"

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID]
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false
}

struct MachineKill: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "kill",
        abstract: "Kill a Machine's program at once; its restart policy decides what comes then."
    )

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID]

    func run() async throws {
        let app = try connection.appName()
        for id in ids {
            try await RoostClient.atHost { client in
                let body = JSONValue.object(["signal": .int(9)])
                _ = try await client.post(apiPath("apps", app, "machines", id.text, "signal"), body, as: JSONValue.self)
            }
            print("kill signal has been sent to \(id)")
        }
    }
}

struct MachineWait: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until a Machine is in a state."
    )

    @OptionGroup var connection: Connection
    @Argument(help: "Machine ID.") var id: Machine.ID
    @Option(help: "started, stopped, suspended, destroyed, failed, or settled: any of those.") var state = "settled"
    @Option(name: [.customShort("w"), .long], help: "For how long: 5m, 300 (seconds); 5m where nothing is said.")
    var waitTimeout: WaitTime?

    func run() async throws {
        let app = try connection.appName()
        let limit = waitTimeout?.seconds ?? 300
        Output.warn("Waiting up to \(GoDuration(.seconds(limit)).text) for Machine \(id) to reach \(state)")
        let reached = try await RoostClient.atHost {
            try await $0.wait(app, id.text, state, seconds: limit)
        }
        print("Machine \(id) reached state \(reached)")
    }
}

struct MachineLeases: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leases",
        abstract: "See and end the leases of Machines.",
        subcommands: [LeasesView.self, LeasesClear.self],
        aliases: ["lease"]
    )
}

struct LeasesView: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "view", abstract: "Show who holds the leases.")

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs; else all of the app.") var ids: [Machine.ID] = []
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let leases = try await RoostClient.atHost { client in
            var wanted = ids.map(\.text)
            if wanted.isEmpty {
                wanted = try await client.get(apiPath("apps", app, "machines"), as: [MachineView].self).map(\.id)
            }
            var found: [String: JSONValue] = [:]
            for id in wanted { found[id] = try await client.lease(app, id) }
            return found
        }
        if json { return try Output.json(leases) }
        var table = Table("MACHINE", "NONCE", "OWNER", "EXPIRES")
        for (id, lease) in leases.sorted(by: { $0.key < $1.key }) {
            let ends = Timestamp(milliseconds: (lease["expires_at"]?.int ?? 0) * 1000).rfc3339
            table.add(id, lease["nonce"]?.string ?? "", Output.harmless(lease["owner"]?.string ?? ""), ends)
        }
        Output.table(table)
    }
}

struct LeasesClear: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "clear", abstract: "End leases, whoever holds them.")

    @OptionGroup var connection: Connection
    @Argument(help: "Machine IDs.") var ids: [Machine.ID]

    func run() async throws {
        let app = try connection.appName()
        for id in ids {
            let cleared = try await RoostClient.atHost { client in
                guard let lease = try await client.lease(app, id.text) else { return false }
                var client = client
                client.headers["fly-machine-lease-nonce"] = lease["nonce"]?.string
                try await client.delete(apiPath("apps", app, "machines", id.text, "lease"))
                return true
            }
            print(cleared ? "Lease of Machine \(id) has been cleared" : "Machine \(id) has no lease")
        }
    }
}

extension RoostClient {
    /// The lease of a Machine; nil when nobody holds one.
    func lease(_ app: String, _ id: String) async throws -> JSONValue? {
        do {
            return try await get(apiPath("apps", app, "machines", id, "lease"), as: JSONValue.self)["data"]
        } catch let fault as Fault where fault.code == .leaseNotFound {
            return nil
        }
    }

    /// Waits until a Machine is in one of the states, asking again as often as it takes.
    ///
    /// - Throws: ``Fault`` `timedOut` with the Machine, the states, and the flag that gives it more time.
    func wait(_ app: String, _ id: String, _ states: String, seconds: Int) async throws -> String {
        let end = ContinuousClock.now.advanced(by: .seconds(max(1, seconds)))
        while true {
            let left = max(1, min(60, Int(ContinuousClock.now.duration(to: end).seconds)))
            let path = apiPath("apps", app, "machines", id, "wait") + "?state=\(states)&timeout=\(left)"
            do {
                return try await get(path, as: JSONValue.self)["state"]?.string ?? ""
            } catch let fault as Fault where fault.code == .timedOut {
                // What failed does not get better by asking again.
                guard ContinuousClock.now < end, !fault.message.hasSuffix("currently failed") else {
                    throw Fault(
                        .timedOut,
                        "Machine \(id): \(fault.message) (waited up to \(seconds) s)",
                        hint: "roost machine status \(id) -a \(app) shows its events; --wait-timeout gives it more time"
                    )
                }
            }
        }
    }

    /// Holds a Machine's lease while `body` works on it, and lets go of it whatever happens.
    func holdingLease<Result>(
        _ app: String,
        _ id: Machine.ID,
        _ body: (RoostClient) async throws -> Result
    ) async throws -> Result {
        let path = apiPath("apps", app, "machines", id.text, "lease")
        let wish = JSONValue.object(["ttl": .int(120), "description": .string("roost machine update")])
        let lease = try await post(path, wish, as: JSONValue.self)["data"]
        var client = self
        client.headers["fly-machine-lease-nonce"] = lease?["nonce"]?.string
        do {
            let result = try await body(client)
            try? await client.delete(path)
            return result
        } catch {
            try? await client.delete(path)
            throw error
        }
    }
}
