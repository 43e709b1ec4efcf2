import Hummingbird
import Model
import Toolkit

/// `/v1/apps/{app}/volumes`.
struct VolumeRoutes {
    let apps: Apps
    let volumes: Volumes

    func add(to router: Router<BasicRequestContext>) {
        let all: RouterPath = "/v1/apps/:app/volumes"
        let one: RouterPath = "/v1/apps/:app/volumes/:volume"
        router.get(all) { request, context in
            let app = try await apps.get(try context.parameters.require("app"))
            _ = try request.flag("summary")
            var values: [JSONValue] = []
            for volume in try await volumes.list(app.name) { values.append(try await volumes.wire(volume)) }
            return JSONAnswer.make(.array(values))
        }
        router.post(all) { request, context in
            let app = try await apps.get(try context.parameters.require("app"))
            guard !app.destroying else {
                throw Fault(.invalidState, "app \(app.name) is being destroyed", hint: App.untilDestroyed)
            }
            return try await show(try await volumes.create(app.name, try await request.object()))
        }
        router.get(one) { _, context in
            let (app, id) = try await place(context)
            return try await show(try await volumes.get(app, id))
        }
        for method in [HTTPRequest.Method.put, .post] {
            router.on(one, method: method) { request, context in
                let (app, id) = try await place(context)
                return try await show(try await volumes.update(app, id, try await request.object()))
            }
        }
        router.delete(one) { _, context in
            let (app, id) = try await place(context)
            return try await show(try await volumes.destroy(app, id))
        }
        addMore(to: router)
    }

    // MARK: - Private

    private func addMore(to router: Router<BasicRequestContext>) {
        router.put("/v1/apps/:app/volumes/:volume/extend") { request, context in
            let (app, id) = try await place(context)
            let body = try await request.object()
            guard let size = try body.number("size_gb", in: 1...1_000_000) else {
                throw Fault(.invalidRequest, "request body: size_gb is missing")
            }
            let (volume, needsRestart) = try await volumes.extend(app, id, to: size)
            return JSONAnswer.make(
                .object(["volume": try await volumes.wire(volume), "needs_restart": .bool(needsRestart)])
            )
        }
        router.post("/v1/apps/:app/volumes/:volume/restore") { _, context in
            let (app, id) = try await place(context)
            return try await show(try await volumes.restore(app, id))
        }
        router.get("/v1/apps/:app/volumes/:volume/snapshots") { _, context in
            let (app, id) = try await place(context)
            return JSONAnswer.make(.array(try await volumes.snapshots(app, id).map(Volumes.wire)))
        }
        router.post("/v1/apps/:app/volumes/:volume/snapshots") { _, context in
            let (app, id) = try await place(context)
            return JSONAnswer.make(Volumes.wire(try await volumes.takeSnapshot(app, id)))
        }
    }

    private func place(_ context: BasicRequestContext) async throws -> (app: String, id: String) {
        let app = try await apps.get(try context.parameters.require("app"))
        return (app.name, try context.parameters.require("volume"))
    }

    private func show(_ volume: Volume) async throws -> Response {
        JSONAnswer.make(try await volumes.wire(volume))
    }
}
