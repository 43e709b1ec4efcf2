import Model
import Store
import Toolkit

/// Machines made and changed by the API's own words.
extension Machines {
    /// Makes a Machine, and starts it unless `skip_launch`; answers before it runs.
    func create(_ app: App, _ body: JSONBody) async throws -> JSONValue {
        guard !app.destroying else {
            throw Fault(.invalidState, "app \(app.name) is being destroyed", hint: App.untilDestroyed)
        }
        var config = try await config(app.name, body, metadata: [:])
        let id = CallSeed.current?.machine ?? .random()
        var region = try body.text("region") ?? ""
        if region.isEmpty { region = try await regionOf(config) }
        try MachineNames.validate(region: region)
        let name = try body.text("name").flatMap { $0.isEmpty ? nil : $0 } ?? MachineNames.generated(id)
        try MachineNames.validate(name)
        if let tryout = app.tryout { config.openTo = tryout.of }
        let order = MachineOrder(id: id, app: app.name, name: name, region: region, config: config, release: 0)
        // One that stands by for others rests until it is needed.
        let skipsLaunch = try body.flag("skip_launch") ?? false || config.standbys != nil
        let skipsRouting = try body.flag("skip_service_registration") ?? false
        let ttl = try leaseTTL(body)
        if let made = try await madeBefore(app.name, id) {
            if made.status.state == .created, !skipsLaunch { try await fleet.launch(id) }
            return answer(made, made.status.state == .destroyed ? nil : try await lease(made, ttl))
        }
        let machine = try await claims.with(app.name, name) {
            try await refuseTaken(name, app.name)
            do {
                return try await fleet.create(order)
            } catch {
                // Whoever asked hears that there is none, so none may be left.
                try? await fleet.stop(id, then: .destroyed)
                throw error
            }
        }
        if skipsRouting { try await fleet.cordon(id, true) }
        let nonce = try await lease(machine, ttl)
        if !skipsLaunch { try await fleet.launch(id) }
        return answer(machine, nonce)
    }

    /// Replaces the configuration; a Machine that runs is started again with it.
    func update(_ machine: Machine, _ body: JSONBody, nonce: String?) async throws -> JSONValue {
        try await leases.admit(machine, nonce: nonce)
        let expected = try body.text("current_version").flatMap { $0.isEmpty ? nil : $0 }
        if let name = try body.text("name"), !name.isEmpty, name != machine.name {
            throw Fault(.invalidRequest, "request body: name: a Machine's name can't be changed from \(machine.name)")
        }
        if let region = try body.text("region"), !region.isEmpty, region != machine.region {
            throw Fault(
                .invalidRequest,
                "request body: region: a Machine can't move from \(machine.region) to \(region)",
                hint: "make another there: roost machine clone \(machine.id) --region \(region)"
            )
        }
        var launches = !(try body.flag("skip_launch") ?? false)
        let ttl = try leaseTTL(body)
        let config = try await config(machine.app, body, metadata: machine.spec.config.metadata)
        if config.standbys != nil { launches = false }
        try await whileQuiet(machine) { [launches] in
            try await fleet.update(
                machine.id,
                config: config,
                release: machine.spec.release,
                launch: launches,
                expected: expected
            )
        }
        if try body.flag("skip_service_registration") == true { try await fleet.cordon(machine.id, true) }
        let now = try await get(machine.app, machine.id.text)
        return answer(now, try await lease(now, ttl))
    }

    // MARK: - Private

    private func config(_ app: String, _ body: JSONBody, metadata: [String: String]) async throws -> MachineConfig {
        guard let value = body["config"] else {
            throw Fault(
                .invalidRequest,
                "request body: config is missing",
                hint: "{\"config\": {\"image\": \"docker.io/library/nginx:latest\"}}"
            )
        }
        var config = try MachineConfigWire.read(value)
        config.metadata = try MetadataChange.merge(config.metadata, over: metadata)
        if let schedule = config.schedule { try ScheduleClock.check(schedule) }
        if try body.flag("skip_secrets") ?? false { config.skipsSecrets = true }
        try await refuseOlderSecrets(app, body)
        config.image = try await MachineImages(store: store, settings: settings).resolve(config.image, for: app)
        return config
    }

    /// - Throws: ``Fault`` `invalidRequest` for a version of the app's secrets that there is not.
    private func refuseOlderSecrets(_ app: String, _ body: JSONBody) async throws {
        guard let least = try body.number("min_secrets_version", in: 0...Int64.max), least > 0 else { return }
        let newest = try await store.secrets.list("\(app)/").last?.version ?? 0
        guard newest < least else { return }
        throw Fault(
            .invalidRequest,
            "request body: min_secrets_version: the secrets of \(app) are at version \(newest), expected \(least)",
            hint: "roost secrets list -a \(app) shows those that are set"
        )
    }

    /// A volume that is named by its ID says where its Machine has to stand.
    private func regionOf(_ config: MachineConfig) async throws -> String {
        guard let id = config.mounts.first?.volume, let volume = try await store.volumes.get(id)?.value else {
            return settings.region
        }
        return volume.region
    }

    /// What an earlier try of the same call has made, whatever has become of it.
    private func madeBefore(_ app: String, _ id: Machine.ID) async throws -> Machine? {
        guard CallSeed.current?.isAgain == true else { return nil }
        if let machine = try await list(app).first(where: { $0.id == id }) { return machine }
        return try await destroyed(app).first { $0.id == id }
    }

    private func refuseTaken(_ name: String, _ app: String) async throws {
        guard let other = try await list(app).first(where: { $0.name == name }) else { return }
        throw Fault(
            .revisionConflict,
            "already_exists: unique machine name violation, machine ID \(other.id) already exists with name \"\(name)\"",
            hint: "choose another name, or leave it out"
        )
    }

    private func leaseTTL(_ body: JSONBody) throws -> Duration? {
        let seconds = try body.number("lease_ttl", in: 0...Int64(MachineLease.maximumSeconds)) ?? 0
        return seconds > 0 ? .seconds(seconds) : nil
    }

    private func lease(_ machine: Machine, _ ttl: Duration?) async throws -> String? {
        guard let ttl else { return nil }
        // Who makes or changes a Machine and wants its lease holds it already, or nobody does.
        let held = try await leases.current(machine)?.nonce
        let owner = Caller.current?.name ?? "root"
        return try await leases.acquire(machine, .init(nonce: held, ttl: ttl, owner: owner, description: "")).nonce
    }

    private func answer(_ machine: Machine, _ nonce: String?) -> JSONValue {
        var members = MachineWire.value(machine).object ?? [:]
        if let nonce { members["nonce"] = .string(nonce) }
        return .object(members)
    }
}
