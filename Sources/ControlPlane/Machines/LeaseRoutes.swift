import Hummingbird
import Model
import Toolkit

/// `/v1/apps/{app}/machines/{id}/lease`, in its own envelope, also when it is refused.
struct LeaseRoutes {
    let apps: Apps
    let machines: Machines

    func add(to router: Router<BasicRequestContext>) {
        let path: RouterPath = "/v1/apps/:app/machines/:id/lease"
        router.get(path) { _, context in
            try await inEnvelope {
                let machine = try await machines.get(context, apps)
                guard let lease = try await machines.leases.current(machine) else { throw Leases.missing(machine) }
                return (lease.wire, .ok)
            }
        }
        router.post(path) { request, context in
            try await inEnvelope {
                let machine = try await machines.get(context, apps)
                let order = try await order(request)
                return (try await machines.leases.acquire(machine, order).wire, .created)
            }
        }
        router.delete(path) { request, context in
            try await inEnvelope {
                let machine = try await machines.get(context, apps)
                try await machines.leases.release(machine, nonce: request.headers[.leaseNonce])
                return (.object(["ok": .bool(true)]), .ok)
            }
        }
    }

    // MARK: - Private

    private func order(_ request: Request) async throws -> Leases.Order {
        let body = try await request.object()
        let longest = MachineLease.maximumSeconds
        let inQuery = try request.number("ttl", in: 1...longest)
        let ttl = try inQuery ?? body.number("ttl", in: 1...Int64(longest)) ?? MachineLease.defaultSeconds
        return Leases.Order(
            nonce: request.headers[.leaseNonce],
            ttl: .seconds(ttl),
            owner: Caller.current?.name ?? "root",
            description: try body.text("description") ?? request.query("description") ?? ""
        )
    }

    /// Clients of this path read `status` and `message`, of all others `error`; both are there.
    private func inEnvelope(
        _ body: () async throws -> (JSONValue, HTTPResponse.Status)
    ) async throws -> Response {
        do {
            let (data, status) = try await body()
            return JSONAnswer.make(.object(["status": .string("success"), "data": data]), status: status)
        } catch let fault as Fault {
            let answer = JSONValue.members([
                ("status", .string("error")), ("message", .string(fault.message)), ("error", .string(fault.message)),
                ("code", .string(fault.code.rawValue)), ("hint", fault.hint.map { .string($0) }),
            ])
            return JSONAnswer.make(answer, status: fault.status)
        }
    }
}
