import ArgumentParser
import Client
import Model
import Toolkit

struct IPsGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ips",
        abstract: "Show and change the addresses at which an app answers.",
        discussion: """
            Every app answers at the addresses of its host's edge, by its host name, until it gives them back: \
            `roost ips release ADDRESS`. A private one (Flycast) is for Machines of one network: \
            `roost ips allocate-v6 --private` gives the app the name APP.flycast there.
            """,
        subcommands: [
            IPsList.self, IPsPrivate.self, IPsAllocateV4.self, IPsAllocateV6.self, IPsRelease.self,
        ],
        aliases: ["ip"]
    )
}

struct IPsList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the app's addresses.",
        aliases: ["ls"]
    )

    @OptionGroup var connection: Connection
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let all = try await RoostClient.atHost { try await $0.addresses(of: app) }
        if json { return try Output.json(try all.map { try FlyKeys.address($0) }) }
        Output.table(IPTable.make(all))
    }
}

struct IPsPrivate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "private",
        abstract: "List the addresses of the app's Machines in their network."
    )

    @OptionGroup var connection: Connection
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let machines = try await RoostClient.atHost { try await $0.machines(of: app) }
        let rows = machines.filter { !$0.privateIP.isEmpty }
        if json {
            return try Output.json(rows.map { ["id": $0.id, "region": $0.region, "ip": $0.privateIP] })
        }
        var table = Table("ID", "REGION", "IP")
        for machine in rows { table.add(machine.id, machine.region, machine.privateIP) }
        Output.table(table)
    }
}

struct IPsAllocateV4: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "allocate-v4",
        abstract: "Let the app answer at the host's IPv4 address.",
        discussion:
            "All apps of a host share it, and are told apart by their host names: there is none for one app alone."
    )

    @OptionGroup var connection: Connection
    @Flag(help: "What it is in any case: shared with the host's other apps.") var shared = false
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let kind: IPAssignment.Kind = shared ? .sharedV4 : .v4
        try await RoostClient.atHost { client in
            guard let address = try await client.allocate(kind, to: app) else { return }
            if !shared {
                Output.warn(
                    "This host has no address for one app alone: \(app) answers at \(address.ip), by its host name."
                )
            }
            try IPTable.show(address, json: json)
        }
    }
}

struct IPsAllocateV6: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "allocate-v6",
        abstract: "Let the app answer at the host's IPv6 address, or give it a private one (Flycast)."
    )

    @OptionGroup var connection: Connection
    @Flag(name: .customLong("private"), help: "An address for Machines of one network, which find it as APP.flycast.")
    var isPrivate = false
    @Option(help: "The network whose Machines reach the private address; else the app's own.") var network: String?
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        guard isPrivate || network == nil else {
            throw UsageError(
                message: "--network is for a private address",
                hint: "roost ips allocate-v6 --private --network \(network ?? "NAME")"
            )
        }
        let app = try connection.appName()
        try await RoostClient.atHost { client in
            guard let address = try await client.allocate(isPrivate ? .privateV6 : .v6, to: app, network: network)
            else {
                return
            }
            if !isPrivate {
                Output.warn("The host's apps share its address: \(app) answers at \(address.ip), by its host name.")
            }
            try IPTable.show(address, json: json)
        }
    }
}

struct IPsRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Take addresses away from the app.",
        discussion:
            "At an address of the host's the app is no longer found; other apps are. Without any the app is private."
    )

    @OptionGroup var connection: Connection
    @Argument(help: "Addresses, as roost ips list shows them.") var addresses: [String]

    func run() async throws {
        let app = try connection.appName()
        try await RoostClient.atHost { client in
            for address in addresses {
                try await client.delete(apiPath("apps", app, "ip_assignments", address))
                print("Released \(Output.harmless(address)) from \(app)")
            }
            guard try await client.addresses(of: app).allSatisfy(\.isPrivate) else { return }
            Output.warning("\(app) answers at no public address now")
            Output.warn("to open it again: roost ips allocate-v4 -a \(app)")
        }
    }
}

/// Addresses as flyctl shows them.
enum IPTable {
    static func make(_ all: [IPAssignment]) -> Table {
        var table = Table("VERSION", "IP", "TYPE", "REGION", "CREATED AT")
        for one in all { table.add(one.isIPv6 ? "v6" : "v4", one.ip, one.words, one.region, one.createdAt) }
        return table
    }

    static func show(_ one: IPAssignment, json: Bool) throws {
        if json { return try Output.json(try FlyKeys.address(one)) }
        Output.table(make([one]))
    }
}

extension RoostClient {
    /// Where an app answers.
    func addresses(of app: String) async throws -> [IPAssignment] {
        try await get(apiPath("apps", app, "ip_assignments"), as: IPAssignments.self).ips
    }

    /// Gives an app an address.
    ///
    /// - Returns: nil where the host has none of that family, which is said: a script that asks for both families, as is
    ///   usual on Fly, has what there is to be had.
    func allocate(_ kind: IPAssignment.Kind, to app: String, network: String? = nil) async throws -> IPAssignment? {
        var order = ["type": kind.rawValue]
        order["network"] = network
        do {
            return try await post(apiPath("apps", app, "ip_assignments"), order, as: IPAssignment.self)
        } catch let fault as Fault where fault.code == .hostUnfit && kind != .privateV6 {
            Output.warning("\(fault.message): \(app) gets none")
            if let hint = fault.hint { Output.warn(hint) }
            return nil
        }
    }
}
