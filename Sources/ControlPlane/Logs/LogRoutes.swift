import Hummingbird
import Model
import Toolkit

/// `/v1/apps/{app}/logs`: the lines of all its Machines, or of one, in the order of time.
struct LogRoutes {
    let apps: Apps
    let machines: Machines
    /// The most lines of the past that can be asked for.
    private static let maximumTail = 10_000
    /// How often a follower looks for Machines that are new.
    private static let newcomers = Duration.seconds(2)

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/apps/:app/logs") { request, context in
            let app = try await apps.get(try context.parameters.require("app"))
            let one = request.query("machine")
            var wanted = try await machines.list(app.name)
            if let one { wanted = [try await machines.get(app.name, one)] }
            let tail = min(max(request.query("tail").flatMap(Int.init) ?? 100, 0), Self.maximumTail)
            let checks = request.query("checks") == "true"
            if request.query("follow") == "true" {
                return try await follow(app.name, wanted, tail: tail, checks: checks, newcomers: one == nil)
            }
            var lines: [LogLine] = []
            for machine in wanted {
                let feed = try await machines.fleet.logs(machine.id, tail: read(tail, checks), follow: false)
                lines += Self.wanted(await feed.all(), of: machine, checks: checks)
            }
            return try JSONAnswer.make(LogOrder.last(tail, of: lines))
        }
    }

    // MARK: - Private

    /// More than what is asked for where lines will be left out.
    private func read(_ tail: Int, _ checks: Bool) -> Int { checks || tail == 0 ? tail : Self.maximumTail }

    private static func wanted(_ lines: [LogLine], of machine: Machine, checks: Bool) -> [LogLine] {
        let noise = CheckLines(machine.spec.config)
        return lines.compactMap { line in
            if !checks, noise.contains(line.text) { return nil }
            var line = line
            line.machine = machine.id
            return line
        }
    }

    private func follow(
        _ app: String,
        _ wanted: [Machine],
        tail: Int,
        checks: Bool,
        newcomers: Bool
    ) async throws -> Response {
        var past: [LogLine] = []
        var feeds: [(machine: Machine, rest: AsyncStream<LogLine>)] = []
        for machine in wanted {
            let feed = try await machines.fleet.logs(machine.id, tail: read(tail, checks), follow: true)
            past += Self.wanted(feed.past, of: machine, checks: checks)
            feeds.append((machine, feed.rest))
        }
        let first = LogOrder.last(tail, of: past)
        let queue = LineQueue()
        return JSONAnswer.stream(queue) { [feeds] in
            for line in first { await queue.put(line) }
            await withDiscardingTaskGroup { group in
                for (machine, rest) in feeds {
                    group.addTask { await Self.pass(rest, of: machine, checks, to: queue) }
                }
                var known = Set(feeds.map(\.machine.id))
                while newcomers, !Task.isCancelled {
                    try? await Task.sleep(for: Self.newcomers)
                    if await isGone(app) { break }
                    guard let now = try? await machines.list(app) else { continue }
                    for machine in now where known.insert(machine.id).inserted {
                        guard
                            let feed = try? await machines.fleet.logs(machine.id, tail: Self.maximumTail, follow: true)
                        else { continue }
                        group.addTask {
                            for line in Self.wanted(feed.past, of: machine, checks: checks) { await queue.put(line) }
                            await Self.pass(feed.rest, of: machine, checks, to: queue)
                        }
                    }
                }
            }
            queue.finish()
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
        of machine: Machine,
        _ checks: Bool,
        to queue: LineQueue
    ) async {
        let noise = CheckLines(machine.spec.config)
        for await var line in lines {
            if !checks, noise.contains(line.text) { continue }
            line.machine = machine.id
            await queue.put(line)
        }
    }
}
