import Hummingbird
import Model
import Store
import Toolkit

/// `/v1/apps/{app}/machines/{id}/…`: what can be seen of a Machine.
struct MachineFactRoutes {
    let apps: Apps
    let machines: Machines

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/apps/:app/machines/:id/ps") { request, context in
            let machine = try await machines.get(context, apps)
            let order = request.query("order") ?? "asc"
            guard ["asc", "desc", ""].contains(order) else {
                throw Fault(.invalidRequest, "order: expected asc or desc, found \(ConfigNode.quoted(order))")
            }
            let all = try await machines.fleet.processes(machine.id)
            let sorted = try MachineProcess.sorted(
                all,
                by: request.query("sort_by") ?? "",
                descending: order == "desc"
            )
            return JSONAnswer.make(.array(sorted.map(\.wire)))
        }
        router.get("/v1/apps/:app/machines/:id/memory") { _, context in
            let machine = try await machines.get(context, apps)
            guard let memory = try await machines.fleet.usage(machine.id)?.memory else {
                throw Fault(.unsupported, "the host does not tell how much memory Machine \(machine.id) has")
            }
            return JSONAnswer.make(
                .object(["available_mb": .int(memory.available >> 20), "limit_mb": .int(memory.limit >> 20)])
            )
        }
        router.get("/v1/apps/:app/machines/:id/events") { request, context in
            let machine = try await machines.find(context, apps)
            let limit = try request.number("limit", in: 1...Machine.maximumEvents) ?? 20
            return JSONAnswer.make(.array(Array(MachineWire.events(machine).prefix(limit))))
        }
        router.get("/v1/apps/:app/machines/:id/versions") { _, context in
            let machine = try await machines.get(context, apps)
            let all = try await machines.store.machineVersions.list("\(machine.app)/\(machine.id)/") { _, _ in }
            return JSONAnswer.make(
                .array(
                    all.reversed().map { version in
                        let given = version.config.document?.value ?? MachineConfigWire.write(version.config)
                        return .object(["version": .string(version.instance), "user_config": given])
                    }
                )
            )
        }
    }
}
