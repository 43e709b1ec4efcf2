import Model
import Store
import Toolkit

/// What volumes hold, kept and had back.
extension Volumes {
    /// What a new volume begins with.
    struct Origin: Sendable {
        /// As the record names it.
        var name: String
        var source: VolumeSource
        /// Nil once it is gone, which its snapshots outlive for a moment only.
        var volume: Volume?
        var leastGB: Int
    }

    /// What a request wants a new volume to begin with.
    ///
    /// - Throws: ``Fault`` `volumeNotFound`, also for what is another app's.
    func origin(_ app: String, _ body: JSONBody) async throws -> Origin? {
        if let id = try body.text("snapshot_id"), !id.isEmpty {
            let snapshot = try await snapshot(app, id)
            return Origin(
                name: id,
                source: .snapshot(id, of: snapshot.volume),
                volume: try await store.volumes.get(snapshot.volume)?.value,
                leastGB: Int((snapshot.facts.diskBytes + (1 << 30) - 1) >> 30)
            )
        }
        guard let id = try body.text("source_volume_id"), !id.isEmpty else { return nil }
        let volume = try await get(app, id)
        return Origin(name: id, source: .volume(id), volume: volume, leastGB: volume.sizeGB)
    }

    /// Newest first.
    func snapshots(_ app: String, _ volume: String) async throws -> [VolumeSnapshot] {
        _ = try await get(app, volume)
        return try await store.snapshots.list("\(volume)/") { _, _ in }.sorted { $0.createdAt > $1.createdAt }
    }

    /// Keeps what a volume holds now.
    func takeSnapshot(_ app: String, _ id: String, isScheduled: Bool = false) async throws -> VolumeSnapshot {
        let volume = try await get(app, id)
        guard volume.filledFrom == nil, !volume.isLeaving else {
            throw Fault(.invalidState, "volume \(id) is \(Self.state(volume)), not created")
        }
        let name = VolumeSnapshot.newID()
        let facts = try await keeper.snapshot(volume, as: name)
        let snapshot = VolumeSnapshot(id: name, volume: volume, isScheduled: isScheduled, facts: facts, at: .now())
        try await store.snapshots.put("\(id)/\(name)", snapshot, expected: 0)
        return snapshot
    }

    /// Takes those that are due and forgets those whose time is over.
    func keepSnapshots(_ now: Timestamp, failed: (Volume, any Error) -> Void) async throws {
        for volume in try await store.volumes.list(unreadable: { _, _ in }) where volume.filledFrom == nil {
            do {
                // One that cannot be read keeps all: what is on the disk may be its own.
                let snapshots = try await store.snapshots.list("\(volume.id)/")
                let plan = volume.snapshotPlan(snapshots, now: now)
                for snapshot in plan.over { try await store.snapshots.delete("\(volume.id)/\(snapshot.id)") }
                if !plan.over.isEmpty {
                    let kept = snapshots.filter { !plan.over.contains($0) }
                    try await keeper.keepSnapshots(Set(kept.map(\.id)), of: volume.id)
                }
                // One that no Machine has used since the host started is as it was.
                guard plan.isDue, let usage = await keeper.usage(volume), !usage.isUnlimited else { continue }
                _ = try await takeSnapshot(volume.app, volume.id, isScheduled: true)
            } catch {
                failed(volume, error)
            }
        }
    }

    /// Makes volumes larger whose Machines say so.
    func growWhereFull() async throws {
        for machine in try await store.machines.list(unreadable: { _, _ in }) {
            for mount in machine.spec.config.mounts {
                guard let growth = mount.growth, let id = mount.volume,
                    let volume = try await store.volumes.get(id)?.value, let usage = await keeper.usage(volume),
                    let wanted = growth.next(sizeGB: volume.sizeGB, usage)
                else { continue }
                let needsRestart = try await extend(volume.app, id, to: wanted).needsRestart
                let since = needsRestart ? "once its Machine has been started again" : "now"
                let text = "volume \(id) was \(usage.usedPercent) % full and has \(wanted) GB \(since)"
                try? await fleet.note(machine.id, text)
            }
        }
    }

    /// Goes on with volumes whose making the end of a daemon has cut off.
    func finishFills(failed: (Volume, any Error) -> Void) async throws {
        for volume in try await store.volumes.list(unreadable: { _, _ in }) {
            guard let name = volume.filledFrom else { continue }
            do {
                let source: VolumeSource =
                    name.hasPrefix("vs_")
                    ? .snapshot(name, of: try await snapshot(volume.app, name).volume) : .volume(name)
                _ = try await fill(volume, from: source)
            } catch {
                failed(volume, error)
            }
        }
    }

    /// - Throws: what the host says; there is no such volume then.
    func fill(_ volume: Volume, from source: VolumeSource) async throws -> Volume {
        do {
            try await keeper.fill(volume, from: source)
        } catch {
            try? await fleet.destroyVolume(volume.id)
            throw error
        }
        return try await store.volumes.update(volume.id, missing: Self.missing(volume.app, volume.id)) {
            $0.filledFrom = nil
        }
    }

    /// As the API shows it.
    static func wire(_ snapshot: VolumeSnapshot) -> JSONValue {
        .object([
            "id": .string(snapshot.id), "size": .int(snapshot.facts.dataBytes),
            "volume_size": .int(snapshot.facts.diskBytes), "digest": .string(snapshot.facts.digest),
            "created_at": .string(snapshot.createdAt.rfc3339), "retention_days": .int(Int64(snapshot.retentionDays)),
            "status": .string("created"), "scheduled": .bool(snapshot.isScheduled),
            "added": .int(snapshot.facts.addedBytes), "pause_ms": .int(snapshot.facts.pauseMilliseconds),
        ])
    }

    // MARK: - Private

    private func snapshot(_ app: String, _ id: String) async throws -> VolumeSnapshot {
        let all = try await store.snapshots.list { _, _ in }
        guard let snapshot = all.first(where: { $0.id == id && $0.app == app }) else {
            throw Fault(
                .volumeNotFound,
                "snapshot not found: \(id) in app \(app)",
                hint: "roost volumes snapshots list VOLUME -a \(app) shows those there are"
            )
        }
        return snapshot
    }
}
