import Hummingbird
import Model
import Toolkit

/// `/v1/apps/{app}/logs`: the lines of all its Machines, or of one, in the order of time.
struct LogRoutes {
    let apps: Apps
    let machines: Machines
    /// How often a follower looks for Machines that are new.
    private static let newcomers = Duration.seconds(2)

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/apps/:app/logs") { request, context in
            let app = try await apps.get(try context.parameters.require("app"))
            let query = try LogQuery(request)
            let one = request.query("machine")
            var wanted = try await machines.list(app.name).filter(query.wants)
            if let one { wanted = [try await machines.get(app.name, one)] }
            if query.follows { return try await follow(app.name, wanted, query, newcomers: one == nil) }
            var lines: [LogLine] = []
            for machine in wanted {
                let feed = try await machines.fleet.logs(machine.id, tail: query.read, follow: false)
                var sieve = MachineSieve(machine, query)
                for line in await feed.all() { lines += sieve.take(line) }
            }
            return try JSONAnswer.make(LogOrder.last(query.tail, of: lines))
        }
    }

    // MARK: - Private

    private func follow(
        _ app: String,
        _ wanted: [Machine],
        _ query: LogQuery,
        newcomers: Bool
    ) async throws -> Response {
        var past: [LogLine] = []
        var feeds: [(sieve: MachineSieve, rest: AsyncStream<LogLine>)] = []
        for machine in wanted {
            let feed = try await machines.fleet.logs(machine.id, tail: query.read, follow: true)
            var sieve = MachineSieve(machine, query)
            for line in feed.past { past += sieve.take(line) }
            feeds.append((sieve, feed.rest))
        }
        let first = LogOrder.last(query.tail, of: past)
        let queue = LineQueue()
        return JSONAnswer.stream(queue) { [feeds] in
            for line in first { await queue.put(line) }
            await withDiscardingTaskGroup { group in
                for (sieve, rest) in feeds {
                    group.addTask { await Self.pass(rest, through: sieve, to: queue) }
                }
                var known = Set(feeds.map(\.sieve.machine.id))
                while newcomers, await Self.pause() {
                    if await isGone(app) { break }
                    guard let now = try? await machines.list(app) else { continue }
                    for machine in now where query.wants(machine) && known.insert(machine.id).inserted {
                        guard
                            let feed = try? await machines.fleet.logs(
                                machine.id,
                                tail: LogQuery.maximumTail,
                                follow: true
                            )
                        else { continue }
                        group.addTask {
                            var sieve = MachineSieve(machine, query)
                            for line in feed.past { for line in sieve.take(line) { await queue.put(line) } }
                            await Self.pass(feed.rest, through: sieve, to: queue)
                        }
                    }
                }
            }
            queue.finish()
        }
    }

    /// False when the follower has left meanwhile.
    private static func pause() async -> Bool {
        do {
            try await Task.sleep(for: newcomers)
            return true
        } catch {
            return false
        }
    }

    private func isGone(_ app: String) async -> Bool {
        do {
            _ = try await apps.get(app)
            return false
        } catch {
            return (error as? Fault)?.code == .appNotFound
        }
    }

    private static func pass(
        _ lines: AsyncStream<LogLine>,
        through sieve: MachineSieve,
        to queue: LineQueue
    ) async {
        var sieve = sieve
        for await line in lines { for line in sieve.take(line) { await queue.put(line) } }
    }
}
