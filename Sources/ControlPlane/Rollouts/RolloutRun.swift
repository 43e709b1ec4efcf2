import Logging
import Model
import Store
import Toolkit

/// One roll-out from its build to its end, or back.
struct RolloutRun {
    let rollouts: Rollouts
    var rollout: Rollout

    /// Never throws: how it went is in the record and in the journal.
    mutating func carryOut(_ order: Rollouts.Order?, build: @escaping Rollouts.Build) async {
        do {
            if rollout.phase == .building {
                switch order {
                case .deploy(let request): try await makeRelease(request, build)
                case .release(let order): try await makeRelease(order)
                case nil: throw Self.cutOff
                }
            }
            if rollout.phase == .rolling { try await whileProbed { try await $0.roll() } }
        } catch {
            // A daemon that shuts down leaves the rest to its successor.
            if Task.isCancelled { return }
            await takeBack(error as? Fault ?? Fault(.rolloutFailed, "\(error)"))
        }
        if rollout.phase == .rollingBack { await rollBack() }
        await countTraffic()
        await end()
    }

    // MARK: - Private

    var store: any StateStore { rollouts.store }

    private static let cutOff = Fault(
        .cancelled,
        "roostd was restarted while it built",
        hint: "nothing has changed; deploy again: roost deploy"
    )

    private mutating func makeRelease(
        _ request: DeployRequest,
        _ build: @escaping Rollouts.Build
    ) async throws {
        let start = Timestamp.now()
        await tell(.stage("build"))
        let app = rollout.app
        let tell = self.tell
        let image = try await counted(start) { run in
            try await run.unlessCancelled {
                try await build(app, request) { await tell($0) }
            }
        }
        await tell(.done("build", seconds: Timestamp.now().since(start).seconds))
        let record = try await store.apps.get(app)?.value
        let machines = try await store.managedMachines(app)
        let secrets = try await rollouts.secrets.head(app).version
        if request.onlyIfChanged, let current = try await current(record, image, request.config, machines),
            (current.secrets ?? 0) == secrets
        {
            await tell(.line("v\(current.version) is what runs already"))
            rollout.release = current.version
            rollout.phase = .complete
            return
        }
        if request.options.buildOnly == true {
            await tell(.line("built \(image.digest); nothing that runs was changed"))
            rollout.phase = .complete
            return
        }
        try await vet(request.config, image)
        var release = Release(
            app: app,
            version: 0,
            image: image.digest,
            config: request.config,
            createdAt: .now(),
            user: request.user
        )
        release.secrets = secrets
        release.sizes = try await keptSizes(record, request.config)
        release.revisions = request.revisions
        var options = request.options
        options.isFirst = record?.currentRelease == nil
        let steps = RolloutPlanner.plan(
            want: request.config,
            have: machines,
            options: options,
            newID: Machine.ID.random
        )
        try await refuseWithoutMemory(steps, release, machines)
        try await claim(steps)
        try await write(release, machines, previous: record?.currentRelease)
        rollout.phase = .rolling
        try await rollouts.save(rollout)
    }

    /// Counts a build, and what it took.
    private func counted(_ start: Timestamp, _ build: (RolloutRun) async throws -> Image) async throws -> Image {
        let counts = rollouts.settings.counts
        do {
            let image = try await build(self)
            counts.add(.builds, app: rollout.app, "ok")
            counts.time(.buildSeconds, app: rollout.app, took: Timestamp.now().since(start))
            return image
        } catch {
            counts.add(.builds, app: rollout.app, (error as? Fault)?.code == .cancelled ? "cancelled" : "failed")
            throw error
        }
    }

    /// Looks whether the programs that the release names can be started at all, before anything is stopped for them.
    private func vet(_ config: AppConfig, _ image: Image) async throws {
        let region = config.region(onHostIn: rollouts.settings.region)
        let reference = Image.reference(app: rollout.app, digest: image.digest)
        var wanted = config.groups.map { config.machineConfig(group: $0, image: reference, region: region) }
        if let command = config.deploy.releaseCommand {
            var machine = config.machineConfig(group: config.defaultGroup, image: reference, region: region)
            machine.`init`.cmd = command
            machine.mounts = []
            machine.metadata[MachineConfig.groupKey] = Machine.releaseCommandGroup
            wanted.append(machine)
        }
        for machine in wanted { try await rollouts.fleet.vet(machine) }
    }

    /// The release in service, when it is just what would be deployed and all its Machines have it.
    private func current(
        _ app: App?,
        _ image: Image,
        _ config: AppConfig,
        _ machines: [Machine]
    ) async throws -> Release? {
        guard let version = app?.currentRelease, let release = try? await release(version),
            release.image == image.digest, release.config == config, !machines.isEmpty
        else { return nil }
        for older in Set(machines.map(\.spec.release)) where older != version {
            // A change of counts leaves those that stay with the release that they had.
            guard let other = try? await self.release(older), other.isSame(as: release) else { return nil }
        }
        return release
    }

    private mutating func roll() async throws {
        let release = try await release(rollout.release)
        for step in rollout.steps.prefix(rollout.done) { try await runner.clear(step) }
        // From there on Machines only go, and none that has gone is brought back.
        let last = (rollout.steps.lastIndex { !$0.isRemoval } ?? -1) + 1
        while true {
            if rollout.done == last { try await lookAgain(release) }
            guard rollout.done < rollout.steps.count else { break }
            let step = rollout.steps[rollout.done]
            let start = Timestamp.now()
            await tell(.stage(step.description))
            try await carryOut(step, release)
            let took = Timestamp.now().since(start)
            await tell(.done(step.description, seconds: took.seconds))
            rollouts.settings.counts.add(.rolloutSteps, app: rollout.app)
            rollouts.settings.counts.time(.rolloutStepSeconds, app: rollout.app, took: took)
            rollout.done += 1
            try await rollouts.save(rollout)
            try await runner.clear(step)
        }
        if rollout.isNew(release.version) {
            try await store.apps.update(rollout.app, missing: Fault(.appNotFound, "app \(rollout.app) is gone")) {
                $0.currentRelease = release.version
                $0.hostnames = release.config.httpService?.hostnames ?? []
            }
            await HostNames(store: store).settle(rollout.app, release.config.httpService?.hostnames ?? [])
        }
        rollout.phase = .complete
    }

    /// Whether all that was good still is, while it can still be taken back.
    private func lookAgain(_ release: Release) async throws {
        guard !RolloutPlanner.isPastReturn(rollout.steps[...]), release.config.deploy.strategy != .immediate else {
            return
        }
        try await unlessCancelled { [runner] in try await runner.lookAgain(release) }
    }

    /// One step; once traffic has turned for good nothing takes it back, neither a fault nor a cancellation.
    private func carryOut(_ step: Rollout.Step, _ release: Release) async throws {
        let runner = runner
        guard RolloutPlanner.isPastReturn(rollout.steps.prefix(rollout.done)) else {
            return try await unlessCancelled { try await runner.perform(step, release) }
        }
        do {
            try await runner.perform(step, release)
        } catch {
            if Task.isCancelled { throw error }
            await tell(.line("the release is in service; left undone: \(step.description): \(error)"))
            rollouts.logger.error("step after the turn failed", error: error, metadata: rollouts.tags(rollout))
        }
    }

    private mutating func takeBack(_ fault: Fault) async {
        rollout.fault = fault
        let begun = rollout.phase == .rolling
        let keeps = begun && fault.code != .cancelled ? await keepsWhatFailed() : false
        rollout.phase = begun && !keeps ? .rollingBack : .failed
        if keeps {
            let back =
                rollout.previous.map { "; put v\($0) back: roost releases rollback v\($0) -a \(rollout.app)" } ?? ""
            await tell(.line("[deploy] rollback = false: Machines stay as they are\(back)"))
        }
        await record()
    }

    /// Puts the old release back on every Machine that was touched; on a first deploy removes what was made.
    ///
    /// A full disk is waited for: until it has room again the roll-out stays in `rolling_back`.
    private mutating func rollBack() async {
        guard let old = await previousRelease() else { return }
        var left = RolloutPlanner.undo(rollout.steps.prefix(rollout.done + 1))
        var complete = true
        for attempt in 0... {
            let (again, lost) = await takeBack(left, old.release)
            if Task.isCancelled { return }
            complete = complete && !lost
            left = again
            guard !left.isEmpty else { break }
            let pause = attempt < 5 ? 1 << attempt : 30
            await tell(.line("\(left.count) steps wait for room on the disk; next try in \(pause)s"))
            do {
                try await Task.sleep(for: .seconds(pause))
            } catch {
                return
            }
        }
        rollout.phase = complete && rollout.previous != nil ? .rolledBack : .failed
    }

    /// The release to put back, if there is one; nil when the daemon ends before that can be known.
    ///
    /// A store that can't be asked is asked again: it must not pass for an app without an earlier release, whose broken
    /// one would stay.
    private func previousRelease() async -> (release: Release?, ())? {
        guard rollout.previous != nil else { return (nil, ()) }
        for attempt in 0... {
            do {
                return (try await release(rollout.previous), ())
            } catch {
                if Task.isCancelled { return nil }
                let code = (error as? Fault)?.code
                await tell(.line("the release to put back can't be read: \(error)"))
                // It is gone for good, or nothing that this version can read.
                if code == .corrupt || code == .newerVersion { return (nil, ()) }
                do {
                    try await Task.sleep(for: .seconds(attempt < 5 ? 1 << attempt : 30))
                } catch {
                    return nil
                }
            }
        }
        return nil
    }

    /// - Returns: the steps to be tried again, and whether one can't be taken back at all.
    private func takeBack(_ steps: [Rollout.Step], _ old: Release?) async -> (again: [Rollout.Step], lost: Bool) {
        var again: [Rollout.Step] = []
        var lost = false
        for step in steps {
            if old == nil, !step.isRemoval {
                lost = true
                await tell(.line("there is no release to put back: \(step.description) stays as it is"))
                continue
            }
            await tell(.stage("take back: \(step.description)"))
            do {
                if case .destroy(let id) = step {
                    try await runner.destroy(id)
                } else if let old {
                    try await runner.perform(step, old)
                }
            } catch {
                if Task.isCancelled { return ([], lost) }
                if (error as? Fault)?.code == .diskFull { again.append(step) } else { lost = true }
                await tell(.line("\(error)"))
                rollouts.logger.error("roll-back step failed", error: error, metadata: rollouts.tags(rollout))
            }
        }
        return (again, lost)
    }

    private mutating func end() async {
        guard rollout.phase.isOver else { return }
        rollout.finishedAt = .now()
        if rollout.phase != .complete { await HostNames(store: store).giveBack(rollout) }
        if let version = rollout.release, rollout.isNew(version) {
            let counts = try? await store.managedMachines(rollout.app).counts
            let traffic = rollout.traffic
            let status: Release.Status =
                switch rollout.phase {
                case .complete: .complete
                case .rolledBack: .rolledBack
                default: .failed
                }
            _ = try? await store.releases.update(
                Release.key(rollout.app, version),
                missing: Fault(.corrupt, "release \(version) is gone")
            ) {
                $0.status = status
                $0.traffic = traffic
                if status == .complete, let counts { $0.counts = counts }
            }
        }
        var closed = await close()
        await tell(.finished(rollout, url: await url()))
        var tags = rollouts.tags(rollout)
        if let fault = rollout.fault { tags["reason"] = "\(fault.message)" }
        rollouts.logger.notice("roll-out ended", metadata: tags)
        rollouts.settings.counts.add(.rollouts, app: rollout.app, rollout.phase.rawValue)
        // A disk that is full for a while must not leave the app locked for good.
        while !closed, !Task.isCancelled {
            do {
                try await Task.sleep(for: .seconds(2))
            } catch {
                return
            }
            closed = await close()
        }
        await rollouts.tidy(rollout.app)
    }

    /// Writes how it ended, and lets go of the app.
    private func close() async -> Bool {
        do {
            try await rollouts.save(rollout)
            try await store.unlockDeploy(rollout)
            return true
        } catch {
            rollouts.logger.error("end of roll-out not recorded", error: error, metadata: rollouts.tags(rollout))
            return false
        }
    }

    /// Nil for an app that the edge does not serve.
    private func url() async -> String? {
        guard await isServed(), let app = try? await store.apps.get(rollout.app)?.value else { return nil }
        return app.place(public: rollouts.settings.url)
    }

    private func record() async {
        do {
            try await rollouts.save(rollout)
        } catch {
            rollouts.logger.error("roll-out not recorded", error: error, metadata: rollouts.tags(rollout))
        }
    }

    func tell(_ event: RolloutEvent) async {
        await rollouts.journal.append(event, to: rollout)
    }

    func release(_ version: Int?) async throws -> Release {
        guard let version, let release = try await store.releases.get(Release.key(rollout.app, version))?.value else {
            throw Fault(.corrupt, "release \(version ?? 0) of \(rollout.app) is gone")
        }
        return release
    }

    private var runner: StepRunner {
        StepRunner(
            store: store,
            fleet: rollouts.fleet,
            edges: rollouts.edges,
            region: rollouts.settings.region,
            rollout: rollout,
            pull: rollouts.settings.pull,
            note: tell
        )
    }

    /// Runs `body`, unless somebody cancels the roll-out first.
    private func unlessCancelled<Result: Sendable>(
        _ body: @escaping @concurrent @Sendable () async throws -> Result
    ) async throws -> Result {
        let cancellation = await rollouts.cancellation(of: rollout.id)
        return try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask(operation: body)
            group.addTask {
                for await _ in cancellation { break }
                try Task.checkCancellation()
                throw Fault(.cancelled, "the deploy was cancelled")
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            return first
        }
    }
}
