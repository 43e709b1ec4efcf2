import Hummingbird
import Model
import Toolkit

/// `/v1/apps/{app}/logs`: the lines of all its Machines, or of one.
struct LogRoutes {
    let apps: Apps
    let machines: Machines

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/apps/:app/logs") { request, context in
            let app = try await apps.get(try context.parameters.require("app"))
            var wanted = try await machines.list(app.name)
            if let id = request.query("machine") { wanted = [try await machines.get(app.name, id)] }
            let tail = min(max(request.query("tail").flatMap(Int.init) ?? 100, 0), 10_000)
            if request.query("follow") == "true" {
                return try await follow(wanted.map(\.id), tail: tail)
            }
            return try JSONAnswer.make(try await last(wanted.map(\.id), tail: tail))
        }
    }

    // MARK: - Private

    private func last(_ ids: [Machine.ID], tail: Int) async throws -> [LogLine] {
        var lines: [LogLine] = []
        for id in ids {
            for await var line in try await machines.fleet.logs(id, tail: tail, follow: false) {
                line.machine = id
                lines.append(line)
            }
        }
        return Array(lines.sorted { $0.timestamp < $1.timestamp }.suffix(tail))
    }

    private func follow(_ ids: [Machine.ID], tail: Int) async throws -> Response {
        var sources: [(id: Machine.ID, lines: AsyncStream<LogLine>)] = []
        for id in ids { sources.append((id, try await machines.fleet.logs(id, tail: tail, follow: true))) }
        let (merged, lines) = AsyncStream.makeStream(of: LogLine.self, bufferingPolicy: .bufferingNewest(4096))
        return JSONAnswer.stream(merged) { [sources] in
            await withDiscardingTaskGroup { group in
                for (id, own) in sources {
                    group.addTask {
                        for await var line in own {
                            line.machine = id
                            lines.yield(line)
                        }
                    }
                }
            }
            lines.finish()
        }
    }
}
