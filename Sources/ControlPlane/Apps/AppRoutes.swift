import Hummingbird
import Model
import Store
import Toolkit

/// `/v1/apps`.
struct AppRoutes {
    let apps: Apps

    private struct CreateApp: Decodable {
        var name: String?
        /// The documents' spelling of `name`.
        var appName: String?
        var owner: String?

        private enum CodingKeys: String, CodingKey {
            case name
            case appName = "app_name"
            case owner
        }
    }

    private struct AppList: Encodable {
        var totalApps: Int
        var apps: [AppView]

        private enum CodingKeys: String, CodingKey {
            case totalApps = "total_apps"
            case apps
        }
    }

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/apps") { _, _ in
            var views: [AppView] = []
            let readable = try await apps.store.apps.list { _, _ in }
            for app in readable { views.append(try await apps.view(app)) }
            return try JSONAnswer.make(AppList(totalApps: views.count, apps: views))
        }
        router.post("/v1/apps") { request, _ in
            let wanted = try await request.json(CreateApp.self)
            guard let name = wanted.name ?? wanted.appName else {
                throw Fault(.invalidRequest, "request body: name is missing")
            }
            let app = try await apps.create(name, owner: wanted.owner ?? "api")
            return try JSONAnswer.make(try await apps.view(app), status: .created)
        }
        router.get("/v1/apps/:app") { _, context in
            try JSONAnswer.make(try await apps.view(try await apps.get(try context.parameters.require("app"))))
        }
        router.delete("/v1/apps/:app") { _, context in
            try await apps.destroy(try context.parameters.require("app"))
            return Response(status: .accepted)
        }
    }
}
