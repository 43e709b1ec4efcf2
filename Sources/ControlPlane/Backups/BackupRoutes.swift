import Hummingbird
import Model

/// `/v1/backups`: how this host's backups went, and one more of them.
struct BackupRoutes {
    let desk: BackupDesk

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/backups") { _, _ in try JSONAnswer.make(try await desk.view()) }
        router.post("/v1/backups") { _, _ in try JSONAnswer.make(try await desk.begin(), status: .accepted) }
    }
}
