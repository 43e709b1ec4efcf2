import Hummingbird
import Model
import Toolkit

/// `/v1/apps/{app}/env`: values of an app that stand in no configuration; they are taken and never given.
struct EnvironmentRoutes {
    let apps: Apps

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/apps/:app/env-names") { _, context in
            let app = try await apps.get(try context.parameters.require("app"))
            let own = try environment()
            return try JSONAnswer.make(
                SetVariables(names: try own.values(of: app.name).keys.sorted(), file: own.path(of: app.name))
            )
        }
        router.post("/v1/apps/:app/env") { request, context in
            let app = try await apps.get(try context.parameters.require("app"))
            let changes = try await request.json([String: String?].self)
            let own = try environment()
            return try JSONAnswer.make(
                SetVariables(names: try own.change(app.name, changes), file: own.path(of: app.name))
            )
        }
    }

    private func environment() throws(Fault) -> AppEnvironment {
        guard let own = apps.environment else { throw Fault(.unsupported, "this host keeps no values of apps") }
        return own
    }
}
