package import Model
package import Store
import Toolkit

/// What users do with single Machines.
package struct Machines: Sendable {
    let store: any StateStore
    let fleet: any Fleet
    let edges: EdgeLink
    /// Consoles and tunnels that are open.
    package let sessions = OpenSessions()
    let settings: Settings
    let leases: Leases
    let claims = NameClaims()
    private static let drainLimit = Duration.seconds(10)

    /// What Machines are made from on this host.
    package struct Settings: Sendable {
        /// Where Machines stand whose maker names no region.
        package var region: String
        /// Others that Machines may stand in, for trying things out.
        package var extraRegions: [String] = []
        /// Whether this host has the image of a digest.
        package var holds: @Sendable (_ digest: String) -> Bool
        /// Brings an image from its registry; gives its digest.
        package var pull: @Sendable (_ app: String, _ name: String) async throws -> String

        package init(
            region: String,
            holds: @escaping @Sendable (String) -> Bool,
            pull: @escaping @Sendable (String, String) async throws -> String
        ) {
            self.region = region
            self.holds = holds
            self.pull = pull
        }
    }

    package init(store: any StateStore, fleet: any Fleet, edges: EdgeLink, settings: Settings) {
        self.store = store
        self.fleet = fleet
        self.edges = edges
        self.settings = settings
        leases = Leases(store: store)
    }

    func list(_ app: String) async throws -> [Machine] {
        try await store.machines.list("\(app)/") { _, _ in }
    }

    /// Machines that are gone and can still be read.
    func destroyed(_ app: String) async throws -> [Machine] {
        let living = Set(try await list(app).map(\.id))
        return try await store.destroyedMachines.list("\(app)/") { _, _ in }.filter { !living.contains($0.id) }
    }

    /// - Throws: ``Fault`` `machineNotFound`, also for a Machine of another app, and one that is gone.
    func get(_ app: String, _ id: String) async throws -> Machine {
        let machine = try await find(app, id)
        guard case .destroyed = machine.status.state else { return machine }
        throw Fault(
            .machineNotFound,
            "machine not found: \(id) in app \(app) was destroyed at \(machine.status.updatedAt.rfc3339)",
            hint: "roost machine list -a \(app) shows those there are"
        )
    }

    /// As `get`, but also a Machine that was destroyed within the last hour.
    func find(_ app: String, _ id: String) async throws -> Machine {
        if let id = Machine.ID(id) {
            if let machine = try await store.machines.get("\(app)/\(id)")?.value { return machine }
            if let machine = try await store.destroyedMachines.get("\(app)/\(id)")?.value { return machine }
        }
        throw Fault(
            .machineNotFound,
            "machine not found: \(id) in app \(app)",
            hint: "roost machine list -a \(app) shows those there are"
        )
    }

    func start(_ machine: Machine) async throws {
        try await fleet.start(machine.id)
    }

    /// Takes it out of routing, lets requests end, then stops it.
    ///
    /// - Throws: ``Fault`` `deployInProgress` while a roll-out works on it.
    func stop(_ machine: Machine, then: Machine.AfterStop, order: StopOrder = StopOrder()) async throws {
        try await refuseDuringDeploy(machine)
        if then == .destroyed {
            try await quiesce(machine, Hold(owner: "destroy", reason: "it is being destroyed", since: .now()))
            return try await fleet.stop(machine.id, then: then, order: order)
        }
        try await whileQuiet(machine) {
            try await fleet.stop(machine.id, then: then, order: order)
            try await settle(machine.id)
        }
    }

    /// As `stop`, but what runs is frozen: a request that came in between would hang in it.
    func suspend(_ machine: Machine) async throws {
        try await refuseDuringDeploy(machine)
        try await whileQuiet(machine) { try await fleet.suspend(machine.id) }
    }

    /// As `stop` or `suspend`, unless it turns out to have something to do: a WebSocket may have been opened since it was
    /// found idle, and a stop does not wait for those.
    func sleep(_ machine: Machine, suspending: Bool) async throws {
        try await whileQuiet(machine) {
            guard await edges.inFlight(machine.id) == 0 else { return }
            if suspending { return try await fleet.suspend(machine.id) }
            try await fleet.stop(machine.id, then: .stopped, order: StopOrder())
            try await settle(machine.id)
        }
    }

    /// Destroys it and waits for its end; with `force` whatever its state.
    func destroy(_ machine: Machine, force: Bool) async throws {
        if case .started = machine.status.state, !force {
            throw Fault(
                .invalidState,
                "Machine \(machine.id) is started",
                hint: "stop it first, or destroy it with --force"
            )
        }
        let changes = try await fleet.changes(of: machine.id)
        try await stop(machine, then: .destroyed)
        for await _ in changes {}
        // A daemon that shuts down ends the stream too.
        try Task.checkCancellation()
    }

    /// Runs `body` while nothing is sent to the Machine; afterwards it is routed as others want it.
    func whileQuiet(_ machine: Machine, _ body: () async throws -> Void) async throws {
        let hold = Hold(owner: "command \(ULID.make())", reason: "a command stops it", since: .now())
        try await quiesce(machine, hold)
        do {
            try await body()
        } catch {
            try? await fleet.release(machine.id, owner: hold.owner)
            throw error
        }
        try await fleet.release(machine.id, owner: hold.owner)
    }

    // MARK: - Private

    private func quiesce(_ machine: Machine, _ hold: Hold) async throws {
        guard case .started = machine.status.state else { return }
        try await fleet.hold(machine.id, hold)
        do {
            try await edges.drain(machine.id, limit: Self.drainLimit)
        } catch let fault as Fault where fault.code == .timedOut {
            // Long requests end with their Machine: that is what stopping it means.
        }
    }

    /// Waits until a stop has ended.
    private func settle(_ id: Machine.ID) async throws {
        for await machine in try await fleet.changes(of: id) {
            if case .stopping = machine.status.state { continue }
            return
        }
    }
}

/// Names of Machines that are being made, so that of two with one name only one is.
actor NameClaims {
    private var names: Set<String> = []

    /// Runs `body` unless somebody else makes a Machine of that name just now.
    func with<Result: Sendable>(
        _ app: String,
        _ name: String,
        _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        guard names.insert("\(app)/\(name)").inserted else {
            throw Fault(.revisionConflict, "a Machine named \(name) is being made in \(app) just now")
        }
        defer { names.remove("\(app)/\(name)") }
        return try await body()
    }
}
