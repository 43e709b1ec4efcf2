import Model
import Toolkit

/// Waits until a Machine has passed its gates with its new configuration, or says why it never will.
struct HealthWatch {
    let fleet: any Fleet
    let rollout: Rollout
    /// Told of what the user should know while we wait.
    let note: @Sendable (String) async -> Void
    /// An app that listens elsewhere is told so after this long.
    private static let listenPatience = Duration.seconds(8)

    init(fleet: any Fleet, rollout: Rollout, note: @escaping @Sendable (String) async -> Void) {
        self.fleet = fleet
        self.rollout = rollout
        self.note = note
    }

    /// - Throws: ``Fault`` `rolloutFailed` with the cause; `limit` bounds the wait.
    func wait(_ id: Machine.ID, limit: Duration) async throws {
        do {
            try await withTimeout(limit, "health") {
                try await withThrowingTaskGroup { group in
                    group.addTask { try await self.followHealth(id) }
                    group.addTask { try await self.followListeners(id) }
                    // The listeners only ever end the wait by an error.
                    try await group.next()
                    group.cancelAll()
                }
            }
        } catch let fault as Fault where fault.code == .timedOut {
            throw await timedOut(id, limit)
        }
    }

    // MARK: - Private

    private func followHealth(_ id: Machine.ID) async throws {
        for await machine in try await fleet.changes(of: id) {
            if let fault = failure(machine) { throw fault }
            guard case .started = machine.status.state, machine.status.ready, machine.status.proven,
                machine.status.runningInstance == machine.spec.instance
            else { continue }
            return
        }
        throw Fault(.rolloutFailed, "Machine \(id) went away while the roll-out waited for it")
    }

    private func failure(_ machine: Machine) -> Fault? {
        switch machine.status.state {
        case .failed(let reason): return Fault(.rolloutFailed, "Machine \(machine.id) could not start: \(reason)")
        case .stopped(let exit?) where !exit.requested: return ended(machine, exit)
        case .restarting(_, let attempt) where attempt >= 2:
            guard let exit = machine.status.events.last(where: { $0.kind == .exit })?.exit else { return nil }
            return ended(machine, exit)
        default: return nil
        }
    }

    private func ended(_ machine: Machine, _ exit: Machine.Exit) -> Fault {
        let group = "[processes] \(machine.group)"
        if exit.outOfMemory {
            return Fault(
                .rolloutFailed,
                "Machine \(machine.id) ran out of memory (\(machine.spec.config.guest.memoryMiB) MB)",
                hint: "give it more in fly.toml:\n[[vm]]\n  memory = \"\(machine.spec.config.guest.memoryMiB * 2)mb\""
            )
        }
        let how = exit.signal.map { "signal \($0)" } ?? "exit code \(exit.code)"
        return Fault(
            .rolloutFailed,
            "the app in Machine \(machine.id) ended with \(how) right after its start",
            hint: "its last lines stand above; it is started by \(place("processes.\(machine.group)", group))"
        )
    }

    /// Tells when the app listens where nobody can reach it; fails at once when it can only be a mistake.
    private func followListeners(_ id: Machine.ID) async throws {
        try await Task.sleep(for: Self.listenPatience)
        var told = false
        while true {
            for await machine in try await fleet.changes(of: id) {
                if let problem = try await listenProblem(machine) {
                    if problem.certain { throw problem.fault }
                    if !told { await note("\(problem.fault.message); still waiting") }
                    told = true
                }
                break
            }
            try await Task.sleep(for: .seconds(2))
        }
    }

    private func listenProblem(_ machine: Machine) async throws -> (fault: Fault, certain: Bool)? {
        guard let port = machine.spec.config.services.first?.internalPort, !machine.status.ready,
            case .started = machine.status.state
        else { return nil }
        let heard = try await fleet.listeners(machine.id)
        if heard.isEmpty || heard.contains(where: { $0.hasSuffix(":\(port)") && !Self.isLoopback($0) }) { return nil }
        let list = heard.joined(separator: ", ")
        let process = place("processes.\(machine.group)", "[processes] \(machine.group)")
        if let inner = heard.first(where: { $0.hasSuffix(":\(port)") }) {
            let fault = Fault(
                .rolloutFailed,
                "the app listens on \(inner), which only processes of its own Machine can reach",
                hint: "let it listen on 0.0.0.0:\(port): change \(process)"
            )
            return (fault, true)
        }
        let service = place("http_service.internal_port", "[http_service] internal_port")
        let fault = Fault(
            .rolloutFailed,
            "the app listens on \(list), but requests go to port \(port)",
            hint: "set internal_port to the app's port (\(service)), or let it listen on \(port) (\(process))"
        )
        return (fault, false)
    }

    private static func isLoopback(_ address: String) -> Bool {
        address.hasPrefix("127.") || address.hasPrefix("[::1]")
    }

    /// `fly.toml:12`, or the setting's name when the file does not have it.
    private func place(_ path: String, _ name: String) -> String {
        rollout.lines[path].map { "\(rollout.configFile ?? "fly.toml"):\($0)" } ?? name
    }

    private func timedOut(_ id: Machine.ID, _ limit: Duration) async -> Fault {
        let waited = "Machine \(id) was not healthy within \(GoDuration(limit).text) ([deploy] wait_timeout)"
        guard let stream = try? await fleet.changes(of: id) else { return Fault(.rolloutFailed, waited) }
        for await machine in stream {
            if let problem = try? await listenProblem(machine) { return problem.fault }
            let failing = machine.status.checks.filter { $0.status != .passing }
            if let check = failing.first {
                return Fault(
                    .rolloutFailed,
                    "\(waited): check \(check.name) says: \(check.output)",
                    hint: "mend what the check asks for, or change it: "
                        + place("http_service.checks", "[[http_service.checks]]")
                )
            }
            if let port = machine.spec.config.services.first?.internalPort {
                return Fault(
                    .rolloutFailed,
                    "\(waited): nothing listens on port \(port)",
                    hint: "set internal_port to the app's port: "
                        + place("http_service.internal_port", "[http_service] internal_port")
                )
            }
            break
        }
        return Fault(.rolloutFailed, waited)
    }
}
