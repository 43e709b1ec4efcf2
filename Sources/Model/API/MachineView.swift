/// A Machine as the Machines API shows it.
///
/// > Source: `machines-api`, section 9.
package struct MachineView: Codable, Equatable, Sendable {
    package var id: String
    package var name: String
    package var state: String
    package var region: String
    package var instanceID: String
    package var version: String
    package var privateIP: String
    package var createdAt: String
    package var updatedAt: String
    package var config: MachineConfig
    package var events: [Event]
    package var checks: [Check]
    package var hostStatus: String
    package var cordoned: Bool
    package var ready: Bool

    package init(_ machine: Machine) {
        id = machine.id.text
        name = machine.name
        state = machine.status.state.name
        region = machine.region
        instanceID = machine.spec.instance
        version = machine.spec.instance
        privateIP = machine.status.address?.ipv6 ?? ""
        createdAt = machine.createdAt.rfc3339
        updatedAt = machine.status.updatedAt.rfc3339
        config = machine.spec.config
        events = machine.status.events.reversed().map(Event.init)
        checks = machine.status.checks.map(Check.init)
        hostStatus = "ok"
        cordoned = machine.spec.cordoned
        ready = machine.status.ready
        // Secrets never stand in `config.env`, yet what a user put there need not be shown to everybody either.
        config.env = config.env.filter { $0.key == "PRIMARY_REGION" || $0.key == "FLY_PROCESS_GROUP" }
    }

    package enum CodingKeys: String, CodingKey {
        case id, name, state, region, version, config, events, checks, cordoned, ready
        case instanceID = "instance_id"
        case privateIP = "private_ip"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case hostStatus = "host_status"
    }

    package struct Check: Codable, Equatable, Sendable {
        package var name: String
        package var status: String
        package var output: String
        package var updatedAt: String

        package init(_ check: Machine.CheckStatus) {
            name = check.name
            status = check.status.rawValue
            output = check.output
            updatedAt = check.updatedAt.rfc3339
        }

        package enum CodingKeys: String, CodingKey {
            case name, status, output
            case updatedAt = "updated_at"
        }
    }

    package struct Event: Codable, Equatable, Sendable {
        package var type: String
        package var status: String
        package var source: String
        /// Milliseconds since 1970.
        package var timestamp: Int64
        package var detail: String?
        package var request: Request?

        package init(_ event: Machine.Event) {
            type = event.kind.rawValue
            status = event.kind == .launch ? "created" : event.kind == .exit ? "stopped" : "started"
            source = event.exit.map { $0.requested ? "user" : "flyd" } ?? "flyd"
            timestamp = event.at.milliseconds
            detail = event.detail
            request = event.exit.map { Request(exitEvent: Exit($0)) }
        }
    }

    package struct Request: Codable, Equatable, Sendable {
        package var exitEvent: Exit

        package enum CodingKeys: String, CodingKey {
            case exitEvent = "exit_event"
        }
    }

    package struct Exit: Codable, Equatable, Sendable {
        package var exitCode: Int32
        package var guestExitCode: Int32
        package var guestSignal: Int32
        package var oomKilled: Bool
        package var requestedStop: Bool
        package var exitedAt: String

        package init(_ exit: Machine.Exit) {
            exitCode = exit.code
            guestExitCode = exit.code
            guestSignal = exit.signal ?? -1
            oomKilled = exit.outOfMemory
            requestedStop = exit.requested
            exitedAt = exit.at.rfc3339
        }

        package enum CodingKeys: String, CodingKey {
            case exitCode = "exit_code"
            case guestExitCode = "guest_exit_code"
            case guestSignal = "guest_signal"
            case oomKilled = "oom_killed"
            case requestedStop = "requested_stop"
            case exitedAt = "exited_at"
        }
    }
}
