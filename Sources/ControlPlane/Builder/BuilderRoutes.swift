import Hummingbird
import Model

/// `/v1/builder`: what a project may count on before it is deployed.
struct BuilderRoutes {
    let workbench: Workbench

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/builder") { _, _ in
            try JSONAnswer.make(BuilderView(pythons: try await workbench.pythons()))
        }
    }
}
