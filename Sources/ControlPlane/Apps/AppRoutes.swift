import Foundation
import Hummingbird
import Model
import Store
import Toolkit

/// `/v1/apps`, in Fly's shape with Roost's own fields beside it.
struct AppRoutes {
    let apps: Apps

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/apps") { _, _ in
            var views: [JSONValue] = []
            let readable = try await apps.store.apps.list { _, _ in }
            // A token for one app sees one app: a list that is short is better than none.
            for app in readable where Caller.sees(app: app.name) { views.append(try await wire(app)) }
            return JSONAnswer.make(.object(["total_apps": .int(Int64(views.count)), "apps": .array(views)]))
        }
        router.post("/v1/apps") { request, _ in
            let body = try await request.object()
            guard let name = try body.text("name") ?? body.text("app_name"), !name.isEmpty else {
                throw Fault(.invalidRequest, "request body: name is missing")
            }
            let app = try await apps.create(
                name,
                owner: try body.text("owner") ?? Caller.current?.name ?? "api",
                network: try body.text("network")
            )
            var members = try await wire(app).object ?? [:]
            members["created_at"] = .int(app.createdAt.milliseconds)
            return JSONAnswer.make(.object(members), status: .created)
        }
        router.get("/v1/apps/:app") { _, context in
            JSONAnswer.make(try await wire(try await apps.get(try context.parameters.require("app"))))
        }
        router.post("/v1/apps/:app/traffic") { request, context in
            let name = try context.parameters.require("app")
            let traffic = try App.Traffic.read(try await request.object().text("traffic"))
            return JSONAnswer.make(try await wire(try await apps.direct(name, traffic)))
        }
        router.delete("/v1/apps/:app") { _, context in
            try await apps.destroy(try context.parameters.require("app"))
            return Response(status: .accepted)
        }
    }

    // MARK: - Private

    private func wire(_ app: App) async throws -> JSONValue {
        let view = try await apps.view(app)
        var members = try JSONValue.parse(try JSON.encode(view), what: "app").object ?? [:]
        members["internal_numeric_id"] = .int(Int64(HostPaths.fnv1a(app.name) & 0x7fff_ffff))
        members["organization"] = Organization.wire
        members["cname_target"] = .string(view.hostname)
        members["app_role"] = .string("")
        return .object(members)
    }
}
