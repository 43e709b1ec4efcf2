import Logging
import Model
import Store
import Toolkit

/// One roll-out from its build to its end, or back.
struct RolloutRun {
    let rollouts: Rollouts
    var rollout: Rollout

    /// Never throws: how it went is in the record and in the journal.
    mutating func carryOut(_ request: DeployRequest?, build: @escaping Rollouts.Build) async {
        var before: EdgeTally?
        do {
            if rollout.phase == .building { try await makeRelease(request, build) }
            before = await rollouts.edges.tally(rollout.app)
            if rollout.phase == .rolling { try await roll() }
        } catch {
            // A daemon that shuts down leaves the rest to its successor.
            if Task.isCancelled { return }
            await takeBack(error as? Fault ?? Fault(.rolloutFailed, "\(error)"))
        }
        if rollout.phase == .rollingBack { await rollBack() }
        if before != nil { await rollouts.edges.awaitApplied(limit: .seconds(1)) }
        if let before, let after = await rollouts.edges.tally(rollout.app), let summary = (after - before).summary {
            await tell(.line(summary))
        }
        await end()
    }

    // MARK: - Private

    private var store: any StateStore { rollouts.store }

    private mutating func makeRelease(
        _ request: DeployRequest?,
        _ build: @escaping Rollouts.Build
    ) async throws {
        guard let request else {
            throw Fault(
                .cancelled,
                "roostd was restarted while it built",
                hint: "nothing has changed; deploy again: roost deploy"
            )
        }
        let start = Timestamp.now()
        await tell(.stage("build"))
        let app = rollout.app
        let tell = self.tell
        let image = try await unlessCancelled {
            try await build(app, request) { await tell($0) }
        }
        await tell(.done("build", seconds: Timestamp.now().since(start).seconds))
        let record = try await store.apps.get(app)?.value
        let machines = try await store.machines.list("\(app)/").filter {
            $0.spec.config.metadata["fly_platform_version"] == "v2" && $0.group != "fly_app_release_command"
        }
        if request.onlyIfChanged, let current = try await current(record, image, request.config, machines) {
            await tell(.line("v\(current.version) is what runs already"))
            rollout.release = current.version
            rollout.phase = .complete
            return
        }
        try await vet(request.config, image)
        let versions = try await store.releases.list("\(app)/").map(\.version)
        let release = Release(
            app: app,
            version: (versions.max() ?? 0) + 1,
            image: image.digest,
            config: request.config,
            createdAt: .now(),
            user: request.user
        )
        try await store.releases.put(Release.key(app, release.version), release, expected: 0)
        rollout.release = release.version
        rollout.previous = record?.currentRelease
        rollout.steps = RolloutPlanner.plan(
            want: request.config,
            have: machines,
            highAvailability: request.highAvailability,
            newID: Machine.ID.random
        )
        rollout.phase = .rolling
        try await rollouts.save(rollout)
    }

    /// Looks whether the programs that the release names can be started at all, before anything is stopped for them.
    private func vet(_ config: AppConfig, _ image: Image) async throws {
        let region = config.primaryRegion ?? rollouts.settings.region
        let reference = "roost/\(rollout.app)@\(image.digest)"
        var wanted = config.groups.map { config.machineConfig(group: $0, image: reference, region: region) }
        if let command = config.deploy.releaseCommand {
            var machine = config.machineConfig(group: config.defaultGroup, image: reference, region: region)
            machine.`init`.cmd = command
            machine.mounts = []
            machine.metadata["fly_process_group"] = "fly_app_release_command"
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
            release.image == image.digest, release.config == config, !machines.isEmpty,
            machines.allSatisfy({ $0.spec.release == version })
        else { return nil }
        return release
    }

    private mutating func roll() async throws {
        let release = try await release(rollout.release)
        while rollout.done < rollout.steps.count {
            let step = rollout.steps[rollout.done]
            let start = Timestamp.now()
            await tell(.stage(step.description))
            let runner = runner
            try await unlessCancelled { try await runner.perform(step, release) }
            await tell(.done(step.description, seconds: Timestamp.now().since(start).seconds))
            rollout.done += 1
            try await rollouts.save(rollout)
        }
        try await store.apps.update(rollout.app, missing: Fault(.appNotFound, "app \(rollout.app) is gone")) {
            $0.currentRelease = release.version
            $0.hostnames = release.config.httpService?.hostnames ?? []
        }
        rollout.phase = .complete
    }

    private mutating func takeBack(_ fault: Fault) async {
        rollout.fault = fault
        let begun = rollout.phase == .rolling
        rollout.phase = begun ? .rollingBack : .failed
        await record()
    }

    /// Puts the old release back on every Machine that was touched; on a first deploy removes what was made.
    ///
    /// A full disk is waited for: until it has room again the roll-out stays in `rolling_back`.
    private mutating func rollBack() async {
        let old = try? await release(rollout.previous)
        var left = RolloutPlanner.undo(rollout.steps.prefix(rollout.done + 1))
        var complete = true
        for attempt in 0... {
            let (again, lost) = await takeBack(left, old)
            if Task.isCancelled { return }
            complete = complete && !lost
            left = again
            guard !left.isEmpty else { break }
            let pause = attempt < 5 ? 1 << attempt : 30
            await tell(.line("\(left.count) steps wait for room on the disk; next try in \(pause)s"))
            try? await Task.sleep(for: .seconds(pause))
        }
        rollout.phase = complete && rollout.previous != nil ? .rolledBack : .failed
    }

    /// - Returns: the steps to be tried again, and whether one can't be taken back at all.
    private func takeBack(_ steps: [Rollout.Step], _ old: Release?) async -> (again: [Rollout.Step], lost: Bool) {
        var again: [Rollout.Step] = []
        var lost = false
        for step in steps {
            if case .update = step, old == nil {
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
        if let version = rollout.release {
            let status: Release.Status =
                switch rollout.phase {
                case .complete: .complete
                case .rolledBack: .rolledBack
                default: .failed
                }
            _ = try? await store.releases.update(
                Release.key(rollout.app, version),
                missing: Fault(.corrupt, "release \(version) is gone")
            ) { $0.status = status }
        }
        var closed = await close()
        await tell(.finished(rollout, url: await url()))
        var tags = rollouts.tags(rollout)
        if let fault = rollout.fault { tags["reason"] = "\(fault.message)" }
        rollouts.logger.notice("roll-out ended", metadata: tags)
        // A disk that is full for a while must not leave the app locked for good.
        while !closed, !Task.isCancelled {
            try? await Task.sleep(for: .seconds(2))
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
        guard let config = try? await release(rollout.release).config else { return nil }
        let served = config.groups.contains { !config.services(for: $0).isEmpty }
        return served ? rollouts.settings.url(rollout.app) : nil
    }

    private func record() async {
        do {
            try await rollouts.save(rollout)
        } catch {
            rollouts.logger.error("roll-out not recorded", error: error, metadata: rollouts.tags(rollout))
        }
    }

    private func tell(_ event: RolloutEvent) async {
        await rollouts.journal.append(event, to: rollout)
    }

    private func release(_ version: Int?) async throws -> Release {
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
