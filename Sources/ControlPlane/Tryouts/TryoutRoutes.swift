import Hummingbird
import Model
import Toolkit

/// `/v1/apps/{app}/tryouts`.
struct TryoutRoutes {
    let apps: Apps

    func add(to router: Router<BasicRequestContext>) {
        router.post("/v1/apps/:app/tryouts") { request, context in
            let app = try await apps.get(try context.parameters.require("app"))
            let wanted = try await request.json(TryoutRequest.self, limit: 256 << 10)
            guard (1...8).contains(wanted.wishes.count) else {
                throw Fault(.invalidRequest, "request body: expected 1 to 8 wishes, found \(wanted.wishes.count)")
            }
            return try JSONAnswer.make(try await apps.tryouts.ask(app, wanted))
        }
    }
}
