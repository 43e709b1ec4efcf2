import Hummingbird
import Model
import Toolkit

/// `/v1/apps/{app}/machines`: made, listed, shown, changed, destroyed.
struct MachineRoutes {
    let apps: Apps
    let machines: Machines

    static let ok = JSONValue.object(["ok": .bool(true)])

    func add(to router: Router<BasicRequestContext>) {
        let all: RouterPath = "/v1/apps/:app/machines"
        let one: RouterPath = "/v1/apps/:app/machines/:id"
        router.get(all) { request, context in
            let app = try await apps.get(try context.parameters.require("app"))
            return JSONAnswer.make(.array(try await list(app, request)))
        }
        router.post(all) { request, context in
            let app = try await apps.get(try context.parameters.require("app"))
            return JSONAnswer.make(try await machines.create(app, try await request.object()))
        }
        router.get(one) { _, context in
            JSONAnswer.make(MachineWire.value(try await machines.find(context, apps)))
        }
        router.post(one) { request, context in
            let machine = try await machines.get(context, apps)
            let nonce = request.headers[.leaseNonce]
            return JSONAnswer.make(try await machines.update(machine, try await request.object(), nonce: nonce))
        }
        router.delete(one) { request, context in
            let machine = try await machines.get(context, apps)
            let force = try request.flag("force") || request.flag("kill")
            // Who destroys by force does so over anybody's lease.
            if !force { try await machines.leases.admit(machine, nonce: request.headers[.leaseNonce]) }
            try await machines.destroy(machine, force: force)
            return JSONAnswer.make(Self.ok)
        }
    }

    // MARK: - Private

    private func list(_ app: App, _ request: Request) async throws -> [JSONValue] {
        let filter = try MachineFilter(request)
        var found = try await machines.list(app.name)
        if filter.includesDeleted { found += try await machines.destroyed(app.name) }
        var values: [JSONValue] = []
        for machine in found where filter.matches(machine) {
            var value = filter.isSummary ? MachineWire.summary(machine) : MachineWire.value(machine)
            if filter.includesLeases, let lease = try await machines.leases.current(machine),
                var members = value.object
            {
                members["nonce"] = .string(lease.nonce)
                value = .object(members)
            }
            values.append(value)
        }
        return values
    }
}

/// Which Machines a list shows.
struct MachineFilter: Sendable {
    var includesDeleted: Bool
    var includesLeases: Bool
    var isSummary: Bool
    private var region: String?
    private var states: Set<String>
    private var metadata: [String: String] = [:]

    init(_ request: Request) throws(Fault) {
        includesDeleted = try request.flag("include_deleted")
        includesLeases = try request.flag("include_leases")
        isSummary = try request.flag("summary")
        region = request.query("region").flatMap { $0.isEmpty ? nil : $0 }
        states = Set((request.query("state") ?? "").split(separator: ",").map(String.init))
        let prefix = "metadata."
        for (name, value) in request.uri.queryParameters where name.hasPrefix(prefix) {
            metadata[String(name.dropFirst(prefix.count))] = String(value)
        }
    }

    func matches(_ machine: Machine) -> Bool {
        if let region, region != machine.region { return false }
        if !states.isEmpty, !states.contains(machine.status.state.name) { return false }
        return metadata.allSatisfy { machine.spec.config.metadata[$0.key] == $0.value }
    }
}

extension Machines {
    /// The Machine that a path names.
    func get(_ context: BasicRequestContext, _ apps: Apps) async throws -> Machine {
        let app = try await apps.get(try context.parameters.require("app"))
        return try await get(app.name, try context.parameters.require("id"))
    }

    /// The same, also for an hour after its end.
    func find(_ context: BasicRequestContext, _ apps: Apps) async throws -> Machine {
        let app = try await apps.get(try context.parameters.require("app"))
        return try await find(app.name, try context.parameters.require("id"))
    }
}
