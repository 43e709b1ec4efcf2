/// A Machine as the Machines API shows it; what a newer server adds is kept.
///
/// > Source: `machines-api`, section 9.
package struct MachineView: Codable, Equatable, Sendable {
    package var value: JSONValue

    package init(_ value: JSONValue) {
        self.value = value
    }

    package init(_ machine: Machine) {
        value = MachineWire.value(machine)
    }

    package init(from decoder: any Decoder) throws {
        value = try JSONValue(from: decoder)
    }

    package func encode(to encoder: any Encoder) throws {
        try value.encode(to: encoder)
    }

    package var id: String { text("id") }
    package var name: String { text("name") }
    package var state: String { text("state") }
    package var region: String { text("region") }
    package var instanceID: String { text("instance_id") }
    package var version: String { text("version") }
    package var privateIP: String { text("private_ip") }
    package var createdAt: String { text("created_at") }
    package var updatedAt: String { text("updated_at") }
    package var hostStatus: String { text("host_status") }
    package var cordoned: Bool { value["cordoned"]?.bool ?? false }
    package var ready: Bool { value["ready"]?.bool ?? false }
    package var config: Config { Config(value: value["config"] ?? .object([:])) }
    package var events: [Event] { (value["events"]?.array ?? []).map { Event(value: $0) } }
    package var checks: [Check] { (value["checks"]?.array ?? []).map { Check(value: $0) } }

    private func text(_ name: String) -> String { value[name]?.string ?? "" }
}

extension MachineView {
    /// The part of a Machine's configuration that commands print.
    package struct Config: Equatable, Sendable {
        package var value: JSONValue

        package var image: String { value["image"]?.string ?? "" }

        package var metadata: [String: String] { (value["metadata"]?.object ?? [:]).compactMapValues(\.string) }

        package var env: [String: String] { (value["env"]?.object ?? [:]).compactMapValues(\.string) }

        package var guest: MachineConfig.Guest {
            let guest = value["guest"]
            return MachineConfig.Guest(
                cpuKind: guest?["cpu_kind"]?.string.flatMap { MachineConfig.CPUKind(rawValue: $0) } ?? .shared,
                cpus: Int(guest?["cpus"]?.int ?? 1),
                memoryMiB: Int(guest?["memory_mb"]?.int ?? 256)
            )
        }

        /// IDs of the volumes that it mounts.
        package var volumes: [String] { (value["mounts"]?.array ?? []).compactMap { $0["volume"]?.string } }
    }

    /// The latest result of one check.
    package struct Check: Equatable, Sendable {
        package var value: JSONValue

        package var name: String { value["name"]?.string ?? "" }
        package var status: String { value["status"]?.string ?? "" }
        package var output: String { value["output"]?.string ?? "" }
        package var updatedAt: String { value["updated_at"]?.string ?? "" }
    }

    /// Something that happened to a Machine.
    package struct Event: Equatable, Sendable {
        package var value: JSONValue

        package var type: String { value["type"]?.string ?? "" }
        package var status: String { value["status"]?.string ?? "" }
        package var source: String { value["source"]?.string ?? "" }
        package var detail: String? { value["detail"]?.string }
        /// Milliseconds since 1970.
        package var timestamp: Int64 { value["timestamp"]?.int ?? 0 }
        package var request: Request? {
            value["request"].map { Request(exitEvent: Exit(value: $0["exit_event"] ?? .null)) }
        }
    }

    /// What came with an event.
    package struct Request: Equatable, Sendable {
        package var exitEvent: Exit
    }

    /// How a Machine's process ended.
    package struct Exit: Equatable, Sendable {
        package var value: JSONValue

        package var exitCode: Int32 { Int32(truncatingIfNeeded: value["exit_code"]?.int ?? 0) }
        package var oomKilled: Bool { value["oom_killed"]?.bool ?? false }
        package var requestedStop: Bool { value["requested_stop"]?.bool ?? false }
    }
}
