import Hummingbird
import Model
import Toolkit

/// `/v1/strangers`: sandboxes without a record, and what is to become of them.
struct StrangerRoutes {
    let desk: StrangerDesk

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/strangers") { _, _ in try JSONAnswer.make(await desk.list()) }
        router.post("/v1/strangers/:id/adopt") { _, context in
            try JSONAnswer.make(MachineView(try await desk.adopt(try id(context))))
        }
        router.delete("/v1/strangers/:id") { _, context in
            try await desk.destroy(try id(context))
            return Response(status: .noContent)
        }
    }

    private func id(_ context: BasicRequestContext) throws -> Machine.ID {
        let text = try context.parameters.require("id")
        guard let id = Machine.ID(text) else { throw Fault(.invalidRequest, "\"\(text)\" is no Machine's ID") }
        return id
    }
}
