import Hummingbird
import Model

/// `/v1/builder`: what a project may count on before it is deployed.
struct BuilderRoutes {
    let workbench: Workbench

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/builder") { _, _ in
            try JSONAnswer.make(BuilderView(pythons: try await workbench.pythons()))
        }
        router.post("/v1/builder/bases") { request, _ in
            let question = try await request.json(BaseImagesRequest.self)
            return try JSONAnswer.make(try await workbench.bases(question.names))
        }
    }
}
