import Hummingbird
import Model
import Store
import Toolkit

/// `/v1/platform/regions`, and the lists of the one organisation.
struct PlatformRoutes {
    let machines: Machines
    let volumes: Volumes
    private static let maximumPage = 1000

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/platform/regions") { _, _ in
            let region = machines.settings.region
            let all = [region] + machines.settings.extraRegions
            return JSONAnswer.make(
                .object(["regions": .array(all.map(Self.region)), "nearest": .string(region)])
            )
        }
        router.post("/v1/platform/placements") { request, _ in
            JSONAnswer.make(try placements(try await request.object()))
        }
        router.get("/v1/orgs/:org/machines") { request, _ in try await listMachines(request) }
        router.get("/v1/orgs/:org/volumes") { request, _ in try await listVolumes(request) }
    }

    // MARK: - Private

    /// Where Machines would stand: spread evenly over those of the regions asked for that there are.
    private func placements(_ body: JSONBody) throws -> JSONValue {
        let own = machines.settings.region
        let count = try body.number("count", in: 1...1000) ?? 1
        let asked = try body.text("region") ?? ""
        let named = asked.split(separator: ",").map { String($0.trimmingPrefix(while: \.isWhitespace)) }
        let all = [own] + machines.settings.extraRegions
        let places = named.isEmpty || named.contains("any") ? [own] : all.filter(named.contains)
        guard !places.isEmpty else {
            throw Fault(
                .invalidRequest,
                "request body: region: could not reserve resource for machine: no host in \(ConfigNode.quoted(asked))",
                hint: "this host's regions: \(all.joined(separator: ", "))"
            )
        }
        let wire: [JSONValue] = places.enumerated().map { index, place in
            let share = count / places.count + (index < count % places.count ? 1 : 0)
            return .object(["region": .string(place), "count": .int(Int64(share)), "concurrency": .int(1)])
        }
        return .object(["regions": .array(wire)])
    }

    /// Nobody has told where the host stands on the earth, so that no place is claimed.
    private static func region(_ code: String) -> JSONValue {
        .object([
            "code": .string(code), "name": .string(code), "latitude": .int(0), "longitude": .int(0),
            "gateway_available": .bool(true), "requires_paid_plan": .bool(false), "deprecated": .bool(false),
            "capacity": .int(1), "geo_region": .string(code), "mpg_available": .bool(false),
        ])
    }

    private func listMachines(_ request: Request) async throws -> Response {
        let filter = try MachineFilter(request)
        let limit = try request.number("limit", in: 1...Self.maximumPage) ?? Self.maximumPage
        var all = try await machines.store.machines.list { _, _ in }
        if filter.includesDeleted {
            let living = Set(all.map(\.id))
            all += try await machines.store.destroyedMachines.list { _, _ in }.filter { !living.contains($0.id) }
        }
        if let after = request.query("updated_after"), !after.isEmpty {
            all = all.filter { $0.status.updatedAt.rfc3339 > after }
        }
        let cursor = request.query("cursor") ?? ""
        let rest = all.filter { filter.matches($0) && $0.id.text > cursor }.sorted { $0.id < $1.id }
        let page = rest.prefix(limit)
        return JSONAnswer.make(
            .object([
                "machines": .array(page.map { MachineWire.inOrganization($0, summary: filter.isSummary) }),
                "last_machine_id": .string(page.last?.id.text ?? ""),
                "last_updated_at": .string(page.map(\.status.updatedAt).max()?.rfc3339 ?? ""),
                "next_cursor": .string(rest.count > limit ? page.last?.id.text ?? "" : ""),
                "error_regions": .array([]),
            ])
        )
    }

    private func listVolumes(_ request: Request) async throws -> Response {
        let limit = try request.number("limit", in: 1...Self.maximumPage) ?? Self.maximumPage
        let region = request.query("region") ?? ""
        let states = Set((request.query("state") ?? "").split(separator: ",").map(String.init))
        let cursor = request.query("cursor") ?? ""
        let all = try await machines.store.volumes.list { _, _ in }.sorted { $0.id < $1.id }.filter {
            $0.id > cursor && (region.isEmpty || $0.region == region)
                && (states.isEmpty || states.contains(Volumes.state($0)))
        }
        let page = all.prefix(limit)
        var values: [JSONValue] = []
        for volume in page {
            var members = try await volumes.wire(volume).object ?? [:]
            members["app_name"] = .string(volume.app)
            values.append(.object(members))
        }
        return JSONAnswer.make(
            .object([
                "volumes": .array(values), "last_volume_id": .string(page.last?.id ?? ""),
                "next_cursor": .string(all.count > limit ? page.last?.id ?? "" : ""), "error_regions": .array([]),
            ])
        )
    }
}
