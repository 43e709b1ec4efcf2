import Hummingbird
import Model
import Toolkit

/// `/v1/apps/{app}/machines`.
struct MachineRoutes {
    let apps: Apps
    let machines: Machines

    private struct Done: Encodable {
        var ok = true
    }

    private struct Started: Encodable {
        var previousState: String
        var migrated = false
        var newHost = ""

        private enum CodingKeys: String, CodingKey {
            case previousState = "previous_state"
            case migrated
            case newHost = "new_host"
        }
    }

    private struct Waited: Encodable {
        var ok = true
        var state: String
        var version: String
    }

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/apps/:app/machines") { _, context in
            let app = try await apps.get(try context.parameters.require("app"))
            return try JSONAnswer.make(try await machines.list(app.name).map(MachineView.init))
        }
        router.get("/v1/apps/:app/machines/:id") { _, context in
            try JSONAnswer.make(MachineView(try await machine(context)))
        }
        router.delete("/v1/apps/:app/machines/:id") { request, context in
            let machine = try await machine(context)
            let force = request.query("force") == "true" || request.query("kill") == "true"
            if case .started = machine.status.state, !force {
                throw Fault(
                    .invalidState,
                    "Machine \(machine.id) is started",
                    hint: "stop it first, or destroy it with --force"
                )
            }
            let changes = try await machines.fleet.changes(of: machine.id)
            try await machines.stop(machine, then: .destroyed)
            for await _ in changes {}
            return try JSONAnswer.make(Done())
        }
        router.post("/v1/apps/:app/machines/:id/:verb") { request, context in
            try await act(request, try await machine(context), try context.parameters.require("verb"))
        }
        router.get("/v1/apps/:app/machines/:id/look") { request, context in
            let machine = try await machine(context)
            let port = request.query("port").flatMap(Int.init) ?? 8080
            let paths = request.queries("path").prefix(10)
            guard (1...65_535).contains(port), paths.allSatisfy(HTTPText.isTarget) else {
                throw Fault(.invalidRequest, "expected port=1…65535 and path=/…")
            }
            return try JSONAnswer.make(try await machines.fleet.look(machine.id, port: port, paths: Array(paths)))
        }
        router.get("/v1/apps/:app/machines/:id/wait") { request, context in
            let machine = try await machine(context)
            let states = Set((request.query("state") ?? "started").split(separator: ",").map(String.init))
            let limit = min(max(request.query("timeout").flatMap(Int.init) ?? 60, 1), 60)
            let now = try await machines.wait(machine, for: states, limit: .seconds(limit))
            return try JSONAnswer.make(Waited(state: now.status.state.name, version: now.spec.instance))
        }
    }

    // MARK: - Private

    private func machine(_ context: BasicRequestContext) async throws -> Machine {
        let app = try await apps.get(try context.parameters.require("app"))
        return try await machines.get(app.name, try context.parameters.require("id"))
    }

    private func act(_ request: Request, _ machine: Machine, _ verb: String) async throws -> Response {
        switch verb {
        case "start":
            try await machines.start(machine)
            return try JSONAnswer.make(Started(previousState: machine.status.state.name))
        case "stop": try await machines.stop(machine, then: .stopped)
        case "restart": try await machines.stop(machine, then: .started)
        case "suspend": try await machines.suspend(machine)
        case "cordon": try await machines.fleet.cordon(machine.id, true)
        case "uncordon": try await machines.fleet.cordon(machine.id, false)
        default: throw Fault(.unsupported, "there is no \"\(verb)\" of a Machine")
        }
        return try JSONAnswer.make(Done())
    }
}
