package import Logging
import Model
import ServiceLifecycle
package import Store
import Toolkit

/// Puts idle Machines to sleep, a few minutes after their last request.
package actor Autostop: Service {
    private let store: any StateStore
    private let machines: Machines
    private let edges: EdgeLink
    private let pace: Pace
    private let logger: Logger
    /// Those that are being put to sleep, which takes as long as their processes take to end.
    private var underWay: Set<Machine.ID> = []
    /// The records as they were at the last look.
    private var look = Records<Machine>.Look()
    /// When this daemon began: what was before, it can't know.
    private let began = Timestamp.now()

    /// How often to look, and how long a Machine has to be idle.
    package struct Pace: Sendable {
        package var look = Duration.seconds(30)
        package var patience = Duration.seconds(300)

        package init() {}
    }

    package init(
        store: any StateStore,
        machines: Machines,
        edges: EdgeLink,
        logger: Logger,
        pace: Pace = Pace()
    ) {
        self.store = store
        self.machines = machines
        self.edges = edges
        self.logger = logger
        self.pace = pace
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                await repeating(every: self.pace.look, after: self.pace.look) {
                    for choice in await self.choose(.now()) { group.addTask { await self.sleep(choice) } }
                }
                group.cancelAll()
            }
        }
    }

    /// A Machine that is to sleep, and how.
    struct Choice {
        let machine: Machine
        let mode: MachineConfig.Autostop
    }

    /// Looks at all Machines once; the caller puts to sleep what this returns, each by itself: one whose process takes its
    /// time to end holds up none of the others, nor the next look.
    func choose(_ now: Timestamp) async -> [Choice] {
        do {
            let chosen = try await idle(now)
            underWay.formUnion(chosen.map(\.machine.id))
            return chosen
        } catch {
            logger.warning("autostop pass failed", error: error)
            return []
        }
    }

    /// Those that are to sleep now.
    func idle(_ now: Timestamp) async throws -> [Choice] {
        // Without an edge nobody tells of requests: no word of them is not the same as none.
        guard await edges.isWatched else { return [] }
        look = try await store.machines.look(after: look)
        let started = look.values.filter { $0.status.state.process != nil }
        var chosen: [Choice] = []
        for (app, own) in Dictionary(grouping: started, by: \.app).sorted(by: { $0.key < $1.key }) {
            // A deploy decides itself which Machines run.
            if try await store.deployUnderWay(app) != nil { continue }
            var candidates: [AutostopPlanner.Candidate] = []
            for machine in own where !underWay.contains(machine.id) {
                if let one = await candidate(machine, now) { candidates.append(one) }
            }
            for choice in AutostopPlanner.plan(candidates, patience: pace.patience) {
                guard let machine = own.first(where: { $0.id == choice.id }) else { continue }
                chosen.append(Choice(machine: machine, mode: choice.service.autostop))
            }
        }
        return chosen
    }

    /// Puts one to sleep; it is not chosen again before that is over.
    func sleep(_ choice: Choice) async {
        let machine = choice.machine
        let tags: Logger.Metadata = ["machine.id": "\(machine.id)", "app": "\(machine.app)"]
        logger.notice("idle machine put to sleep", metadata: tags)
        do {
            try await machines.sleep(machine, suspending: choice.mode == .suspend)
        } catch {
            // One that can't sleep must not keep the others awake.
            logger.warning("idle machine not put to sleep", error: error, metadata: tags)
        }
        underWay.remove(machine.id)
    }

    // MARK: - Private

    private func candidate(_ machine: Machine, _ now: Timestamp) async -> AutostopPlanner.Candidate? {
        guard let awake = machine.awakeSince, let service = machine.spec.config.sleep else { return nil }
        // Whoever has a console there works with it, whether or not requests come.
        let load = await edges.inFlight(machine.id) + (machines.sessions.isOpen(machine.id) ? 1 : 0)
        let since = max(await edges.lastBusy(machine.id) ?? began, awake, began)
        return AutostopPlanner.Candidate(
            id: machine.id,
            region: machine.region,
            service: service,
            primaryRegion: machine.spec.config.env["PRIMARY_REGION"],
            load: load,
            idle: now.since(since)
        )
    }
}
