/// A Machine's record as the Machines API shows it.
///
/// Fly's fields by their names; `ready`, `release` and an event's `detail` are Roost's own.
///
/// > Source: `machines-api`, section 9.
package enum MachineWire {
    /// A Machine as Fly's API writes it.
    package static func value(_ machine: Machine) -> JSONValue {
        .members([
            ("id", .string(machine.id.text)), ("name", .string(machine.name)),
            ("state", .string(machine.status.state.name)), ("region", .string(machine.region)),
            ("instance_id", .string(machine.spec.instance)), ("version", .string(machine.spec.instance)),
            ("private_ip", .string(machine.status.address?.ipv6 ?? "")),
            ("image_ref", MachineImageName.reference(machine.spec.config)),
            ("created_at", .string(machine.createdAt.rfc3339)),
            ("updated_at", .string(machine.status.updatedAt.rfc3339)),
            ("config", MachineConfigWire.write(machine.spec.config)), ("events", .array(events(machine))),
            ("checks", .array(machine.status.checks.map(check))), ("host_status", .string("ok")),
            ("cordoned", .bool(machine.spec.cordoned)), ("ready", .bool(machine.status.ready)),
            ("release", machine.spec.release > 0 ? .int(Int64(machine.spec.release)) : nil),
        ])
    }

    /// Without what is long: `?summary=true`.
    package static func summary(_ machine: Machine) -> JSONValue {
        guard var members = value(machine).object else { return .null }
        for name in ["config", "checks", "events", "host_status", "nonce"] { members[name] = nil }
        return .object(members)
    }

    /// As the list of an organisation shows it, which says whose it is.
    package static func inOrganization(_ machine: Machine, summary isShort: Bool) -> JSONValue {
        guard var members = (isShort ? summary(machine) : value(machine)).object else { return .null }
        members["app_name"] = .string(machine.app)
        if let config = members["config"]?.object {
            members["config"] = .object(config.filter { ["image", "guest", "metadata"].contains($0.key) })
        }
        return .object(members)
    }

    /// Newest first.
    package static func events(_ machine: Machine) -> [JSONValue] {
        let events = machine.status.events
        let ids = eventIDs(machine)
        return events.indices.reversed().map { index in
            let event = events[index]
            return .members([
                ("id", .string(ids[index])), ("type", .string(event.kind.rawValue)),
                ("status", .string(status(event.kind))), ("source", .string(source(event))),
                ("timestamp", .int(event.at.milliseconds)), ("detail", event.detail.map { .string($0) }),
                ("request", event.exit.map { exit in request(exit, at: index, machine) }),
            ])
        }
    }

    /// Names of the events, oldest first, that sort by their time and stay the same for as long as the events are kept.
    package static func eventIDs(_ machine: Machine) -> [String] {
        var last = ""
        var repeats = 0
        return machine.status.events.map { event in
            let time = String(event.at.milliseconds, radix: 32, uppercase: true)
            let id = String(repeating: "0", count: max(0, 10 - time.count)) + time + event.kind.rawValue.uppercased()
            repeats = id == last ? repeats + 1 : 0
            last = id
            return repeats == 0 ? id : "\(id)\(repeats)"
        }
    }

    // MARK: - Private

    private static func status(_ kind: Machine.Event.Kind) -> String {
        switch kind {
        case .launch: "created"
        case .start, .resume, .adopt: "started"
        case .exit: "stopped"
        case .stop: "stopping"
        case .suspend: "suspended"
        case .restart: "started"
        case .update: "replaced"
        case .destroy: "destroying"
        case .failure: "failed"
        case .schedule: "scheduled"
        case .unknown(let word): word
        }
    }

    private static func source(_ event: Machine.Event) -> String {
        switch event.kind {
        case .launch, .stop, .suspend, .update, .destroy: "user"
        case .exit, .start, .restart, .resume, .failure, .adopt, .schedule, .unknown: "flyd"
        }
    }

    private static func request(_ exit: Machine.Exit, at index: Int, _ machine: Machine) -> JSONValue {
        let later = machine.status.events[(index + 1)...].first { $0.kind == .restart || $0.kind == .start }
        var restarting = later?.kind == .restart
        if later == nil, case .restarting = machine.status.state { restarting = true }
        let end = JSONValue.object([
            "exit_code": .int(Int64(exit.code)), "guest_exit_code": .int(Int64(exit.code)),
            "guest_signal": .int(Int64(exit.signal ?? -1)), "signal": .int(Int64(exit.signal ?? -1)),
            "oom_killed": .bool(exit.outOfMemory), "requested_stop": .bool(exit.requested),
            "restarting": .bool(restarting), "exited_at": .string(exit.at.rfc3339),
        ])
        let restarts = machine.status.events[...index].count { $0.kind == .restart }
        return .object([
            "exit_event": end, "MonitorEvent": .object(["exit_event": end]), "restart_count": .int(Int64(restarts)),
        ])
    }

    private static func check(_ check: Machine.CheckStatus) -> JSONValue {
        .object([
            "name": .string(check.name), "status": .string(check.status.rawValue), "output": .string(check.output),
            "updated_at": .string(check.updatedAt.rfc3339),
        ])
    }
}
