import Foundation
package import Logging
package import Model
import ServiceLifecycle
package import Store
import Toolkit

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
    let settings: Settings
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
        /// Each app answers to `<app>.<domain>`.
        package var domain: String
        /// The URL at which an app is reached.
        package var url: @Sendable (_ app: String) -> String
        /// Told when an app is gone, for what builds keep of it.
        package var forgetApp: @Sendable (_ app: String) async throws -> Void
        /// Told after each roll-out which images are still wanted.
        package var collectImages: @Sendable (_ keep: Set<String>) async throws -> Void

        package init(
            region: String,
            domain: String,
            url: @escaping @Sendable (String) -> String,
            forgetApp: @escaping @Sendable (String) async throws -> Void,
            collectImages: @escaping @Sendable (Set<String>) async throws -> Void
        ) {
            self.region = region
            self.domain = domain
            self.url = url
            self.forgetApp = forgetApp
            self.collectImages = collectImages
        }
    }

    private struct Job: Sendable {
        var rollout: Rollout
        /// Nil for one that is resumed: what it needs is then in the store.
        var request: DeployRequest?
    }

    /// Releases of an app whose images are kept.
    static let keptReleases = 10

    package init(
        store: any StateStore,
        fleet: any Fleet,
        edges: EdgeLink,
        settings: Settings,
        journal: RolloutJournal,
        logger: Logger,
        build: @escaping Build
    ) {
        self.store = store
        self.fleet = fleet
        self.edges = edges
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
            enqueue.yield(Job(rollout: rollout, request: nil))
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
        try await refuseForeignHostnames(app, request.config)
        var rollout = Rollout(id: ULID.make(), app: app, holder: request.user, startedAt: .now())
        rollout.lines = request.lines
        rollout.configFile = request.configFile
        // The record first: a lock without one would be nobody's.
        try await save(rollout)
        do {
            try await lock(rollout)
        } catch {
            try? await store.rollouts.delete("\(app)/\(rollout.id)")
            throw error
        }
        enqueue.yield(Job(rollout: rollout, request: request))
        return rollout
    }

    /// Asks a deploy to stop; what it has changed is put back.
    func cancel(_ id: String) throws {
        guard let waiter = underWay[id] else {
            throw Fault(.invalidState, "roll-out \(id) is not under way here")
        }
        cancelled.insert(id)
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

    /// A host name leads to one app: nobody may take another's requests.
    private func refuseForeignHostnames(_ app: String, _ config: AppConfig) async throws {
        let others = try await store.apps.list { _, _ in }.filter { $0.name != app }
        for name in config.httpService?.hostnames ?? [] {
            if name == settings.domain || name.hasSuffix(".\(settings.domain)") {
                throw Fault(
                    .invalidConfig,
                    "host name \(name): names under \(settings.domain) belong to the apps they name"
                )
            }
            if let owner = others.first(where: { $0.hostnames.contains(name) }) {
                throw Fault(
                    .nameTaken,
                    "host name \(name) belongs to app \(owner.name)",
                    hint: "take it out of [http_service] hostnames there first, and deploy it"
                )
            }
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
        await run.carryOut(job.request, build: build)
        underWay.removeValue(forKey: id)
        cancelled.remove(id)
    }
}
