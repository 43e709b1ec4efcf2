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
            let app = try await deployable(context)
            let wanted = try await request.json(DeployRequest.self, limit: 64 << 20)
            try wanted.config.check()
            return try JSONAnswer.make(try await rollouts.begin(app.name, wanted), status: .created)
        }
        // What would be done, for an app that may not be there yet; nothing is changed.
        router.post("/v1/apps/:app/rollouts/plan") { request, context in
            let app = try context.parameters.require("app")
            let wanted = try await request.json(DeployRequest.self, limit: 64 << 20)
            try wanted.config.check()
            return try JSONAnswer.make(try await rollouts.explain(app, wanted))
        }
        router.get("/v1/apps/:app/rollouts") { _, context in
            let app = try await apps.get(try context.parameters.require("app"))
            return try JSONAnswer.make(try await rollouts.store.rollouts.list("\(app.name)/"))
        }
        router.get("/v1/apps/:app/rollouts/:id/events") { _, context in
            JSONAnswer.stream(await rollouts.follow(try await rollout(context)))
        }
        router.post("/v1/apps/:app/rollouts/:id/cancel") { _, context in
            try await rollouts.cancel(try await rollout(context))
            return Response(status: .accepted)
        }
        router.get("/v1/apps/:app/releases") { _, context in
            let app = try await apps.get(try context.parameters.require("app"))
            return try JSONAnswer.make(try await rollouts.store.releases.list("\(app.name)/"))
        }
        router.post("/v1/apps/:app/releases") { request, context in
            let app = try await deployable(context)
            let order = try await request.json(ReleaseOrder.self)
            return try JSONAnswer.make(try await rollouts.begin(app.name, order), status: .created)
        }
    }

    // MARK: - Private

    private func deployable(_ context: BasicRequestContext) async throws -> App {
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
        return app
    }

    private func rollout(_ context: BasicRequestContext) async throws -> Rollout {
        let app = try context.parameters.require("app")
        let id = try context.parameters.require("id")
        guard let rollout = try await rollouts.store.rollouts.get("\(app)/\(id)")?.value else {
            throw Fault(.rolloutNotFound, "no roll-out \(id) of \(app)", hint: "roost status -a \(app) shows the last")
        }
        return rollout
    }
}
