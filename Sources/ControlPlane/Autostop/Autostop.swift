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
    private var lastBusy: [Machine.ID: Timestamp] = [:]

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
            while !Task.isCancelled {
                try? await Task.sleep(for: self.pace.look)
                do {
                    try await self.pass(.now())
                } catch {
                    self.logger.warning("autostop pass failed", error: error)
                }
            }
        }
    }

    // MARK: - Private

    private func pass(_ now: Timestamp) async throws {
        let started = try await store.machines.list { _, _ in }.filter { $0.status.state.process != nil }
        let known = Set(started.map(\.id))
        lastBusy = lastBusy.filter { known.contains($0.key) }
        for (app, own) in Dictionary(grouping: started, by: \.app).sorted(by: { $0.key < $1.key }) {
            // A deploy decides itself which Machines run.
            if try await store.deployUnderWay(app) != nil { continue }
            var candidates: [AutostopPlanner.Candidate] = []
            for machine in own { if let one = await candidate(machine, now) { candidates.append(one) } }
            for choice in AutostopPlanner.plan(candidates, patience: pace.patience) {
                guard let machine = own.first(where: { $0.id == choice.id }) else { continue }
                logger.notice("idle machine put to sleep", metadata: ["machine.id": "\(machine.id)", "app": "\(app)"])
                do {
                    try await sleep(machine, choice.service.autostop)
                } catch {
                    // One that can't sleep must not keep the others awake.
                    let tags: Logger.Metadata = ["machine.id": "\(machine.id)", "app": "\(app)"]
                    logger.warning("idle machine not put to sleep", error: error, metadata: tags)
                }
            }
        }
    }

    private func candidate(_ machine: Machine, _ now: Timestamp) async -> AutostopPlanner.Candidate? {
        guard case .started(let process) = machine.status.state, let service = machine.spec.config.services.first else {
            return nil
        }
        let load = await edges.inFlight(machine.id)
        if load > 0 { lastBusy[machine.id] = now }
        let since = max(lastBusy[machine.id] ?? process.startedAt, process.startedAt)
        return AutostopPlanner.Candidate(
            id: machine.id,
            region: machine.region,
            service: service,
            primaryRegion: machine.spec.config.env["PRIMARY_REGION"],
            load: load,
            idle: now.since(since)
        )
    }

    private func sleep(_ machine: Machine, _ mode: MachineConfig.Autostop) async throws {
        if mode == .suspend { return try await machines.suspend(machine) }
        try await machines.stop(machine, then: .stopped)
    }
}
