import Hummingbird
import Model

/// `/v1/log-drains`: where lines of apps go, and whether they come there.
struct LogDrainRoutes {
    let drains: LogDrains

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/log-drains") { _, _ in try JSONAnswer.make(await drains.view()) }
        router.post("/v1/log-drains/:name/test") { _, context in
            try await drains.test(try context.parameters.require("name"))
            return Response(status: .noContent)
        }
    }
}
