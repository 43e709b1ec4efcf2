package import Model
package import Store
import Toolkit

/// What users do with single Machines.
package struct Machines: Sendable {
    let store: any StateStore
    let fleet: any Fleet
    let edges: EdgeLink
    private static let drainLimit = Duration.seconds(10)

    package init(store: any StateStore, fleet: any Fleet, edges: EdgeLink) {
        self.store = store
        self.fleet = fleet
        self.edges = edges
    }

    func list(_ app: String) async throws -> [Machine] {
        try await store.machines.list("\(app)/") { _, _ in }
    }

    /// - Throws: ``Fault`` `machineNotFound`, also for a Machine of another app.
    func get(_ app: String, _ id: String) async throws -> Machine {
        guard let id = Machine.ID(id), let machine = try await store.machines.get("\(app)/\(id)")?.value else {
            throw Fault(
                .machineNotFound,
                "machine not found: \(id) in app \(app)",
                hint: "roost machine list -a \(app) shows those there are"
            )
        }
        return machine
    }

    func start(_ machine: Machine) async throws {
        try await fleet.start(machine.id)
    }

    /// Takes it out of routing, lets requests end, then stops it.
    func stop(_ machine: Machine, then: Machine.AfterStop) async throws {
        if then == .destroyed {
            try await quiesce(machine)
            return try await fleet.stop(machine.id, then: then)
        }
        try await whileQuiet(machine) {
            try await fleet.stop(machine.id, then: then)
            try await settle(machine.id)
        }
    }

    /// As `stop`, but what runs is frozen: a request that came in between would hang in it.
    func suspend(_ machine: Machine) async throws {
        try await whileQuiet(machine) { try await fleet.suspend(machine.id) }
    }

    /// Waits until the Machine is in one of the states, `GET …/wait` of the Machines API.
    ///
    /// - Throws: ``Fault`` `timedOut` in the words that clients look for.
    func wait(_ machine: Machine, for states: Set<String>, limit: Duration) async throws -> Machine {
        let last = LastSeen(machine)
        do {
            return try await withTimeout(limit, "wait") {
                for await now in try await fleet.changes(of: machine.id) {
                    await last.set(now)
                    if Self.matches(now, states) { return now }
                }
                if states.contains("destroyed") || states.contains("settled") { return await last.machine }
                throw Fault(
                    .machineNotFound,
                    "machine not found: \(machine.id)",
                    hint: "it was destroyed meanwhile; roost machine list shows those there are"
                )
            }
        } catch let fault as Fault where fault.code == .timedOut {
            let state = await last.machine.status.state.name
            throw Fault(
                .timedOut,
                "machine failed to reach desired state, \(states.sorted().joined(separator: ",")), currently \(state)"
            )
        }
    }

    // MARK: - Private

    /// Runs `body` while nothing is sent to the Machine; afterwards it is routed as it was before.
    private func whileQuiet(_ machine: Machine, _ body: () async throws -> Void) async throws {
        try await quiesce(machine)
        do {
            try await body()
        } catch {
            try? await fleet.quiesce(machine.id, false)
            throw error
        }
        try await fleet.quiesce(machine.id, false)
    }

    private func quiesce(_ machine: Machine) async throws {
        guard case .started = machine.status.state else { return }
        try await fleet.quiesce(machine.id, true)
        do {
            try await edges.drain(machine.id, limit: Self.drainLimit)
        } catch let fault as Fault where fault.code == .timedOut {
            // Long requests end with their Machine: that is what stopping it means.
        }
    }

    private static func matches(_ machine: Machine, _ states: Set<String>) -> Bool {
        let name = machine.status.state.name
        if states.contains(name) { return true }
        // A Machine that was made and never started counts as stopped, as clients expect.
        if name == "created", states.contains("stopped") { return true }
        return states.contains("settled")
            && ["created", "started", "stopped", "suspended", "failed", "destroyed"].contains(name)
    }

    /// Waits until a stop has ended.
    private func settle(_ id: Machine.ID) async throws {
        for await machine in try await fleet.changes(of: id) {
            if case .stopping = machine.status.state { continue }
            return
        }
    }
}

/// What a wait saw last, for its message.
private actor LastSeen {
    private(set) var machine: Machine

    init(_ machine: Machine) {
        self.machine = machine
    }

    func set(_ machine: Machine) {
        self.machine = machine
    }
}
