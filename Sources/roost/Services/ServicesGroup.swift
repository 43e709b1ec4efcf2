import ArgumentParser
import Client
import Model
import Toolkit

struct ServicesGroup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "services",
        abstract: "Show what the app's Machines publish.",
        subcommands: [ServicesList.self]
    )
}

struct ServicesList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the app's services: ports of the edge, and the ports of Machines that they lead to.",
        aliases: ["ls"]
    )

    @OptionGroup var connection: Connection
    @Flag(name: [.short, .long], help: "Print JSON.") var json = false

    func run() async throws {
        let app = try connection.appName()
        let machines = try await RoostClient.atHost { try await $0.machines(of: app) }
        let rows = ServiceRow.all(machines)
        if json { return try Output.json(rows) }
        var table = Table("PROTOCOL", "PORTS", "HANDLERS", "FORCE HTTPS", "PROCESS GROUP", "REGIONS", "MACHINES")
        for row in rows {
            table.add(
                row.transport.uppercased(),
                "\(row.ports) => \(row.internalPort)",
                "[\(row.handlers.map { Output.harmless($0).uppercased() }.joined(separator: ","))]",
                row.forceHTTPS ? "True" : "False",
                Output.harmless(row.group),
                row.regions.joined(separator: ","),
                "\(row.machines)"
            )
        }
        Output.table(table)
    }
}

/// A port of the edge, with those Machines that say the same of it.
struct ServiceRow: Encodable {
    var transport: String
    var ports: String
    var internalPort: Int64
    var handlers: [String]
    var forceHTTPS: Bool
    var group: String
    var regions: [String]
    var machines: Int

    enum CodingKeys: String, CodingKey {
        case transport = "protocol"
        case ports
        case internalPort = "internal_port"
        case handlers
        case forceHTTPS = "force_https"
        case group = "process_group"
        case regions
        case machines
    }

    /// Those of all Machines, by group and port.
    static func all(_ machines: [MachineView]) -> [ServiceRow] {
        var rows: [ServiceRow] = []
        for machine in machines {
            let group = machine.config.metadata[MachineConfig.groupKey] ?? "app"
            for service in machine.config.value["services"]?.array ?? [] {
                for port in service["ports"]?.array ?? [] {
                    add(ServiceRow(service, port, group: group, region: machine.region), to: &rows)
                }
            }
        }
        return rows.sorted { ($0.group, $0.ports, $0.internalPort) < ($1.group, $1.ports, $1.internalPort) }
    }

    // MARK: - Private

    private init(_ service: JSONValue, _ port: JSONValue, group: String, region: String) {
        transport = service["protocol"]?.string ?? "tcp"
        let first = port["start_port"]?.int ?? port["port"]?.int ?? 0
        let last = port["end_port"]?.int ?? first
        ports = first == last ? "\(first)" : "\(first)-\(last)"
        internalPort = service["internal_port"]?.int ?? 0
        handlers = (port["handlers"]?.array ?? []).compactMap(\.string)
        forceHTTPS = port["force_https"]?.bool ?? false
        self.group = group
        regions = [region]
        machines = 1
    }

    private static func add(_ row: ServiceRow, to rows: inout [ServiceRow]) {
        let place = rows.firstIndex {
            ($0.transport, $0.ports, $0.internalPort, $0.group) == (
                row.transport, row.ports, row.internalPort, row.group
            )
                && $0.handlers == row.handlers && $0.forceHTTPS == row.forceHTTPS
        }
        guard let place else { return rows.append(row) }
        rows[place].machines += 1
        rows[place].regions = Set(rows[place].regions + row.regions).sorted()
    }
}
