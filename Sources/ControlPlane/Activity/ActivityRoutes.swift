import Hummingbird
import Model
import Toolkit

/// `/v1/activity`: what was changed, by whom.
struct ActivityRoutes {
    let activity: ActivityLog

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/activity") { request, _ in
            let limit = try request.number("limit", in: 1...ActivityLog.maximumShown) ?? 50
            let app = request.query("app")
            let entries = try await activity.last(limit) { entry in
                guard let app else { return true }
                return entry.call.path == "/v1/apps/\(app)" || entry.call.path.hasPrefix("/v1/apps/\(app)/")
            }
            return JSONAnswer.make(.object(["entries": .array(entries.map(\.wire))]))
        }
        router.get("/v1/activity/verify") { _, _ in
            let verdict = try await activity.verify()
            return JSONAnswer.make(
                .object([
                    "ok": .bool(verdict.problems.isEmpty), "entries": .int(verdict.entries),
                    "head": .string(verdict.head), "problems": .strings(Array(verdict.problems.prefix(50))),
                ])
            )
        }
    }
}
