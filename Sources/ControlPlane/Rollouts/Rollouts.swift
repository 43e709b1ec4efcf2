import Foundation
package import Logging
package import Model
import ServiceLifecycle
package import Store
package import Toolkit

/// All deploys of this host: one an app at a time, each recorded before and after every step, so that a restart of the
/// daemon goes on where it stopped.
package actor Rollouts: Service {
    /// Makes the image that a request asks for; tells of its progress.
    package typealias Build =
        @Sendable (
            _ app: String, _ request: DeployRequest, _ progress: @escaping @Sendable (RolloutEvent) async -> Void
        ) async throws -> Image

    let store: any StateStore
    let fleet: any Fleet
    let edges: EdgeLink
    let secrets: SecretLedger
    package nonisolated let settings: Settings
    let journal: RolloutJournal
    let logger: Logger
    private let build: Build
    private let queue: AsyncStream<Job>
    private let enqueue: AsyncStream<Job>.Continuation
    /// Roll-outs under way in this process, each with whoever waits for its cancellation now.
    private var underWay: [String: AsyncStream<Void>.Continuation?] = [:]
    private var cancelled: Set<String> = []

    /// What a roll-out needs to know of its host.
    package struct Settings: Sendable {
        package var region: String
        /// Others that Machines may stand in, for trying things out.
        package var extraRegions: [String] = []
        /// Each app answers to `<app>.<domain>`.
        package var domain: String
        /// How many releases of an app can be returned to: so long are its images, layers and secrets kept.
        package var keepReleases = 10
        /// The URL at which an app is reached.
        package var url: @Sendable (_ app: String) -> String
        /// Told when an app is gone, for what builds keep of it.
        package var forgetApp: @Sendable (_ app: String) async throws -> Void
        /// Told after each roll-out, and when the disk is short of room, which images are still wanted; returns the bytes that
        /// came free.
        package var collectImages: @Sendable (_ keep: Set<String>, _ level: DiskLevel) async throws -> Int64
        /// Throws where the host has no room for anything new.
        package var admit: @Sendable () async throws -> Void = {}
        /// Asks for a path of an app as its clients do, through the edge; nil where that can't be done.
        package var ask: (@Sendable (_ app: String, _ path: String) async -> Void)?
        /// What it counts of its work.
        package var counts = CounterBook()
        /// Brings in an image for an app, by its name in a registry; returns its digest.
        package var pull: (@Sendable (_ app: String, _ name: String) async throws -> String)?

        package init(
            region: String,
            domain: String,
            url: @escaping @Sendable (String) -> String,
            forgetApp: @escaping @Sendable (String) async throws -> Void,
            collectImages: @escaping @Sendable (Set<String>, DiskLevel) async throws -> Int64
        ) {
            self.region = region
            self.domain = domain
            self.url = url
            self.forgetApp = forgetApp
            self.collectImages = collectImages
        }
    }

    /// What somebody asked for.
    enum Order: Sendable {
        case deploy(DeployRequest)
        /// Without a build.
        case release(ReleaseOrder)
    }

    private struct Job: Sendable {
        var rollout: Rollout
        /// Nil for one that is resumed: what it needs is then in the store.
        var order: Order?
    }

    package init(
        store: any StateStore,
        fleet: any Fleet,
        edges: EdgeLink,
        secrets: SecretLedger,
        settings: Settings,
        journal: RolloutJournal,
        logger: Logger,
        build: @escaping Build
    ) {
        self.store = store
        self.fleet = fleet
        self.edges = edges
        self.secrets = secrets
        self.settings = settings
        self.journal = journal
        self.logger = logger
        self.build = build
        (queue, enqueue) = AsyncStream.makeStream(of: Job.self)
    }

    package func run() async throws {
        let recorded = try await store.rollouts.list { [logger] name, fault in
            logger.error("roll-out record unreadable, left alone", error: fault, metadata: ["rollout": "\(name)"])
        }
        for rollout in recorded where !rollout.phase.isOver {
            logger.notice("roll-out resumed", metadata: tags(rollout))
            enqueue.yield(Job(rollout: rollout, order: nil))
        }
        await withDiscardingTaskGroup { group in
            for await job in queue.cancelOnGracefulShutdown() {
                group.addTask { await self.carryOut(job) }
            }
            // A roll-out cut off here is taken up by the next daemon.
            group.cancelAll()
        }
    }

    /// Starts a deploy.
    ///
    /// - Throws: ``Fault`` `deployInProgress` naming who deploys, since when and at which step.
    func begin(_ app: String, _ request: DeployRequest) async throws -> Rollout {
        if let begun = try await begunBefore(app) { return begun }
        try await settings.admit()
        try await refuseForeignHostnames(app, request.config)
        try await vet(request, app)
        var rollout = Rollout(
            id: CallSeed.current?.rollout ?? ULID.make(),
            app: app,
            holder: request.user,
            startedAt: .now()
        )
        rollout.lines = request.lines
        rollout.configFile = request.configFile
        rollout.maxConcurrent = request.options.maxConcurrent
        rollout.probe = request.options.probe
        return try await begin(rollout, .deploy(request))
    }

    /// Starts the way to a release that needs no build.
    ///
    /// - Throws: ``Fault`` `deployInProgress`, or what is wrong with the order.
    func begin(_ app: String, _ order: ReleaseOrder) async throws -> Rollout {
        if let begun = try await begunBefore(app) { return begun }
        // Said at once, so that an order that can't be carried out leaves no trace.
        let machines = try await store.managedMachines(app)
        try await refuseLeased(app, try await plan(app, order).steps(have: machines, newID: Machine.ID.random))
        return try await begin(
            Rollout(
                id: CallSeed.current?.rollout ?? ULID.make(),
                app: app,
                holder: order.user,
                startedAt: .now()
            ),
            .release(order)
        )
    }

    /// What an earlier try of the same call has begun.
    private func begunBefore(_ app: String) async throws -> Rollout? {
        guard let seed = CallSeed.current, seed.isAgain else { return nil }
        return try await store.rollouts.get("\(app)/\(seed.rollout)")?.value
    }

    /// What an order means as things stand.
    func plan(_ app: String, _ order: ReleaseOrder) async throws -> ReleaseOrder.Plan {
        if let other = order.regions?.first(where: { $0 != settings.region && !settings.extraRegions.contains($0) }) {
            throw Fault(
                .unsupported,
                "there is no host in region \(other)",
                hint: "roost regions list shows those there are; regions of roost.toml adds more, to try things out"
            )
        }
        return try order.plan(
            releases: try await store.releases.list("\(app)/"),
            current: try await store.apps.get(app)?.value.currentRelease,
            secrets: try await secrets.head(app).version,
            machines: try await store.managedMachines(app)
        )
    }

    /// What a deploy would do; nothing is changed.
    func explain(_ app: String, _ request: DeployRequest) async throws -> RolloutPlan {
        let machines = try await store.managedMachines(app)
        _ = try request.options.choose(machines, request.config)
        var options = request.options
        options.isFirst = try await store.apps.get(app)?.value.currentRelease == nil
        var plan = RolloutPlanner.explain(want: request.config, have: machines, options: options)
        let managed = Set(machines.map(\.id))
        let others = try await store.machines.list("\(app)/") { _, _ in }.filter {
            !managed.contains($0.id) && $0.isAwake && !$0.spec.config.published.isEmpty
        }
        plan.untouched = others.map { "Machine \($0.id) (\($0.name))" }
        return plan
    }

    private func begin(_ rollout: Rollout, _ order: Order) async throws -> Rollout {
        let app = rollout.app
        // The record first: a lock without one would be nobody's.
        try await save(rollout)
        do {
            try await lock(rollout)
            try await claimHostnames(try await config(of: order, app), rollout)
        } catch {
            try? await store.rollouts.delete("\(app)/\(rollout.id)")
            throw error
        }
        enqueue.yield(Job(rollout: rollout, order: order))
        return rollout
    }

    private func config(of order: Order, _ app: String) async throws -> AppConfig {
        switch order {
        case .deploy(let request): request.config
        case .release(let order): try await plan(app, order).release.config
        }
    }

    /// Asks a deploy to stop; what it has changed is put back.
    func cancel(_ rollout: Rollout) throws {
        guard let waiter = underWay[rollout.id] else { throw rollout.notUnderWay }
        cancelled.insert(rollout.id)
        waiter?.yield()
    }

    /// Yields when somebody cancels the roll-out, or has already.
    ///
    /// One reader at a time.
    func cancellation(of id: String) -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        underWay[id] = .some(continuation)
        if cancelled.contains(id) { continuation.yield() }
        return stream
    }

    func follow(_ rollout: Rollout) async -> AsyncStream<RolloutEvent> {
        await journal.follow(rollout)
    }

    /// - Throws: ``Fault`` `deployInProgress` when a deploy of the app is under way.
    func refuseIfBusy(_ app: String) async throws {
        if try await store.deployUnderWay(app) != nil { throw try await busy(app) }
    }

    func save(_ rollout: Rollout) async throws {
        try await store.rollouts.put("\(rollout.app)/\(rollout.id)", rollout)
    }

    nonisolated func tags(_ rollout: Rollout) -> Logger.Metadata {
        ["app": "\(rollout.app)", "rollout.id": "\(rollout.id)", "rollout.phase": "\(rollout.phase.rawValue)"]
    }

    // MARK: - Private

    /// Refuses what can be known to be wrong before anything is built.
    private func vet(_ request: DeployRequest, _ app: String) async throws {
        let machines = try await store.managedMachines(app)
        _ = try request.options.choose(machines, request.config)
        if request.options.buildOnly != true {
            var options = request.options
            options.isFirst = machines.isEmpty
            try await refuseLeased(
                app,
                RolloutPlanner.plan(want: request.config, have: machines, options: options, newID: Machine.ID.random)
            )
        }
        guard request.options.refusesPause == true else { return }
        let plan = RolloutPlanner.explain(want: request.config, have: machines, options: request.options)
        guard let pause = plan.pauses.first else { return }
        throw Fault(
            .invalidRequest,
            "the deploy would not be without a pause: \(pause)",
            hint: "deploy without --require-zero-downtime, or see what would be done: roost deploy --plan"
        )
    }

    /// A host name leads to one app: nobody may take another's requests.
    private func refuseForeignHostnames(_ app: String, _ config: AppConfig) async throws {
        let names = config.httpService?.hostnames ?? []
        if let name = names.first(where: { $0 == settings.domain || $0.hasSuffix(".\(settings.domain)") }) {
            throw Fault(
                .invalidConfig,
                "host name \(name): names under \(settings.domain) belong to the apps they name"
            )
        }
        try await HostNames(store: store).refuseForeign(names, app)
    }

    private func claimHostnames(_ config: AppConfig, _ rollout: Rollout) async throws {
        do {
            try await HostNames(store: store).claim(config.httpService?.hostnames ?? [], for: rollout)
        } catch {
            try await store.unlockDeploy(rollout)
            throw error
        }
    }

    private func lock(_ rollout: Rollout) async throws {
        do {
            try await store.lockDeploy(rollout)
        } catch let fault as Fault where fault.code == .revisionConflict {
            throw try await busy(rollout.app)
        }
        // With the lock in hand: a destroy that began before has seen none, and would meet what we make.
        guard let app = try await store.apps.get(rollout.app)?.value, !app.destroying else {
            try await store.unlockDeploy(rollout)
            throw Fault(.invalidState, "app \(rollout.app) is being destroyed", hint: App.untilDestroyed)
        }
    }

    private func busy(_ app: String) async throws -> Fault {
        guard let rollout = try await store.deployUnderWay(app) else {
            return Fault(
                .deployInProgress,
                "\(app) is being deployed",
                hint: "see it through: roost deploy --watch -a \(app)"
            )
        }
        let step = rollout.steps.dropFirst(rollout.done).first.map(\.description) ?? rollout.phase.rawValue
        return Fault(
            .deployInProgress,
            "\(app) is being deployed by \(rollout.holder) since \(rollout.startedAt.rfc3339) (now: \(step))",
            hint: "follow it: roost deploy --watch -a \(app); or end it: roost deploy --cancel -a \(app)"
        )
    }

    private func carryOut(_ job: Job) async {
        let id = job.rollout.id
        underWay[id] = .some(nil)
        var run = RolloutRun(rollouts: self, rollout: job.rollout)
        await run.carryOut(job.order, build: build)
        underWay.removeValue(forKey: id)
        cancelled.remove(id)
    }
}
