import Hummingbird
import Model
import Toolkit

/// `/v1/apps/{app}/machines/{id}/…`: what is done with a Machine.
struct MachineVerbRoutes {
    let apps: Apps
    let machines: Machines

    private typealias Work = @Sendable (Request, Machine) async throws -> Response

    func add(to router: Router<BasicRequestContext>) {
        addLeased(to: router)
        router.post("/v1/apps/:app/machines/:id/signal") { request, context in
            let machine = try await machines.get(context, apps)
            let body = try await request.object()
            try await machines.fleet.signal(machine.id, try ProcessSignal.read(body["signal"]))
            return JSONAnswer.make(MachineRoutes.ok)
        }
        router.post("/v1/apps/:app/machines/:id/exec") { request, context in
            let machine = try await machines.get(context, apps)
            let body = try await request.object()
            let command = try MachineCommand(wire: .object(body.members))
            return JSONAnswer.make(try await machines.fleet.exec(machine.id, command).wire)
        }
        router.get("/v1/apps/:app/machines/:id/wait") { request, context in
            try await wait(request, try await machines.find(context, apps))
        }
        router.get("/v1/apps/:app/machines/:id/look") { request, context in
            let machine = try await machines.get(context, apps)
            let port = request.query("port").flatMap(Int.init) ?? 8080
            let paths = request.queries("path").prefix(10)
            guard (1...65_535).contains(port), paths.allSatisfy(HTTPText.isTarget) else {
                throw Fault(.invalidRequest, "expected port=1…65535 and path=/…")
            }
            return try JSONAnswer.make(try await machines.fleet.look(machine.id, port: port, paths: Array(paths)))
        }
    }

    // MARK: - Private

    /// The verbs that a lease guards.
    private func addLeased(to router: Router<BasicRequestContext>) {
        let verbs: [(String, Work)] = [
            ("start", start), ("stop", stop), ("restart", restart),
            ("suspend", { _, machine in try await done { try await machines.suspend(machine) } }),
            ("cordon", { _, machine in try await done { try await machines.fleet.cordon(machine.id, true) } }),
            ("uncordon", { _, machine in try await done { try await machines.fleet.cordon(machine.id, false) } }),
        ]
        for (verb, work) in verbs {
            router.post(RouterPath("/v1/apps/:app/machines/:id/\(verb)")) { request, context in
                let machine = try await machines.get(context, apps)
                try await machines.leases.admit(machine, nonce: request.headers[.leaseNonce])
                return try await work(request, machine)
            }
        }
    }

    private func done(_ body: () async throws -> Void) async throws -> Response {
        try await body()
        return JSONAnswer.make(MachineRoutes.ok)
    }

    private func start(_ request: Request, _ machine: Machine) async throws -> Response {
        try await machines.start(machine)
        return JSONAnswer.make(
            .object([
                "previous_state": .string(machine.status.state.name), "migrated": .bool(false),
                "new_host": .string(""),
            ])
        )
    }

    private func stop(_ request: Request, _ machine: Machine) async throws -> Response {
        let body = try await request.object()
        let order = try StopOrder(signal: body["signal"], timeout: body["timeout"])
        return try await done { try await machines.stop(machine, then: .stopped, order: order) }
    }

    private func restart(_ request: Request, _ machine: Machine) async throws -> Response {
        let isForced = try request.flag("force_stop")
        let order = try StopOrder(
            signal: isForced ? .string("SIGKILL") : request.query("signal").map { .string($0) },
            timeout: request.query("timeout").map { .string($0) }
        )
        return try await done { try await machines.stop(machine, then: .started, order: order) }
    }

    private func wait(_ request: Request, _ machine: Machine) async throws -> Response {
        let named = request.queries("state").flatMap { $0.split(separator: ",") }.map(String.init)
        let states = Set(named.isEmpty ? ["started"] : named)
        if let other = states.subtracting(WaitOrder.known).min() {
            throw Fault(
                .invalidRequest,
                "state: expected started, stopped, suspended, destroyed, failed or settled, found \(ConfigNode.quoted(other))"
            )
        }
        let version = request.query("version") ?? request.query("instance_id")
        let order = WaitOrder(
            states: states,
            limit: try timeout(request),
            version: version.flatMap { $0.isEmpty ? nil : $0 },
            after: request.query("from_event_id").flatMap { $0.isEmpty ? nil : $0 }
        )
        let now = try await machines.wait(machine, order)
        return JSONAnswer.make(
            .object([
                "ok": .bool(true), "state": .string(now.status.state.name), "version": .string(now.spec.instance),
                "event_id": .string(MachineWire.eventIDs(now).last ?? ""),
            ])
        )
    }

    /// Seconds, or a Go duration.
    private func timeout(_ request: Request) throws(Fault) -> Duration {
        guard let text = request.query("timeout"), !text.isEmpty else { return .seconds(60) }
        let limit =
            Int64(text).flatMap { (0...1_000_000).contains($0) ? Duration.seconds($0) : nil }
            ?? GoDuration.parse(text)
        guard let limit, limit >= .seconds(1), limit <= .seconds(60) else {
            throw Fault(
                .invalidRequest,
                "timeout: expected 1 to 60 seconds, found \(ConfigNode.quoted(text))",
                hint: "ask again when the time is up: 408 means no more than that"
            )
        }
        return limit
    }
}
