import Hummingbird
import Model
import Store
import Toolkit

/// `/v1/apps/{app}/rollouts` and `/v1/apps/{app}/releases`.
struct RolloutRoutes {
    let apps: Apps
    let rollouts: Rollouts

    func add(to router: Router<BasicRequestContext>) {
        router.post("/v1/apps/:app/rollouts") { request, context in
            let app = try await apps.get(try context.parameters.require("app"))
            guard !app.destroying else {
                throw Fault(.invalidState, "app \(app.name) is being destroyed", hint: App.untilDestroyed)
            }
            if let tryout = app.tryout {
                throw Fault(
                    .invalidState,
                    "\(app.name) is a throw-away of \(tryout.of): nothing is deployed to it",
                    hint: "to be rid of it: roost apps destroy \(app.name)"
                )
            }
            let wanted = try await request.json(DeployRequest.self, limit: 64 << 20)
            try wanted.config.check()
            return try JSONAnswer.make(try await rollouts.begin(app.name, wanted), status: .created)
        }
        router.get("/v1/apps/:app/rollouts") { _, context in
            let app = try await apps.get(try context.parameters.require("app"))
            return try JSONAnswer.make(try await rollouts.store.rollouts.list("\(app.name)/"))
        }
        router.get("/v1/apps/:app/rollouts/:id/events") { _, context in
            JSONAnswer.stream(await rollouts.follow(try await rollout(context)))
        }
        router.post("/v1/apps/:app/rollouts/:id/cancel") { _, context in
            try await rollouts.cancel(try await rollout(context).id)
            return Response(status: .accepted)
        }
        router.get("/v1/apps/:app/releases") { _, context in
            let app = try await apps.get(try context.parameters.require("app"))
            return try JSONAnswer.make(try await rollouts.store.releases.list("\(app.name)/"))
        }
    }

    // MARK: - Private

    private func rollout(_ context: BasicRequestContext) async throws -> Rollout {
        let app = try context.parameters.require("app")
        let id = try context.parameters.require("id")
        guard let rollout = try await rollouts.store.rollouts.get("\(app)/\(id)")?.value else {
            throw Fault(.rolloutNotFound, "no roll-out \(id) of \(app)", hint: "roost status -a \(app) shows the last")
        }
        return rollout
    }
}
