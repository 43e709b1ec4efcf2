import Hummingbird
import Model

/// `/v1/disk`: what takes the host's disk, and how some of it is given up.
struct DiskRoutes {
    let desk: DiskDesk

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/disk") { _, _ in try JSONAnswer.make(try await desk.view()) }
        router.post("/v1/disk/prune") { _, _ in try JSONAnswer.make(try await desk.room.pruneNow()) }
    }
}
