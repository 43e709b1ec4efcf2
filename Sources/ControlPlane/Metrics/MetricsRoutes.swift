import HTTPTypes
import Hummingbird
import Model
import NIOCore
import Store
import Toolkit

/// `/metrics`, and where a Prometheus of one's own finds what apps say of themselves.
struct MetricsRoutes {
    let desk: MetricsDesk
    let machines: Machines

    func add(to router: Router<BasicRequestContext>) {
        router.get("/metrics") { _, _ in
            let page = await desk.page(for: .caller)
            return Response(
                status: .ok,
                headers: [.contentType: Exposition.mediaType],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: page.bytes))
            )
        }
        router.get("/v1/http_sd") { _, _ in
            let all = try await machines.store.machines.list { _, _ in }.filter { Caller.sees(app: $0.app) }
            return JSONAnswer.make(.array(all.sorted { $0.id < $1.id }.compactMap { group($0) }))
        }
    }

    // MARK: - Private

    /// A Machine that runs and has numbers, in Prometheus's form; a sleeping one is left alone.
    ///
    /// > Source: Prometheus, "HTTP SD"; `observability`, section 1.3.
    private func group(_ machine: Machine) -> JSONValue? {
        guard let metrics = machine.spec.config.metrics, let address = machine.status.address,
            machine.awakeSince != nil
        else { return nil }
        let labels: [String: JSONValue] = [
            "__metrics_path__": .string(metrics.path), "__scheme__": .string("http"),
            "__scrape_interval__": .string("15s"), "__scrape_timeout__": .string("10s"),
            "app": .string(machine.app), "region": .string(machine.region), "host": .string(desk.host),
            "instance": .string(machine.id.text), "__meta_roost_group": .string(machine.group),
        ]
        return .object([
            "targets": .strings(["[\(address.ipv6)]:\(metrics.port)"]), "labels": .object(labels),
        ])
    }
}
