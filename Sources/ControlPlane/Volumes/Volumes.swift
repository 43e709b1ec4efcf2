package import Model
package import Store
import Toolkit

/// The volumes of apps: made, listed, enlarged, destroyed after a time in which they can be had back.
package struct Volumes: Sendable {
    let store: any StateStore
    let fleet: any Fleet
    let keeper: any VolumeKeeper
    private let region: String
    private let host: String

    /// Volumes of this host.
    package init(store: any StateStore, fleet: any Fleet, keeper: any VolumeKeeper, region: String, host: String) {
        self.store = store
        self.fleet = fleet
        self.keeper = keeper
        self.region = region
        self.host = host
    }

    func list(_ app: String) async throws -> [Volume] {
        try await store.volumes.list { _, _ in }.filter { $0.app == app }.sorted { $0.id < $1.id }
    }

    /// - Throws: ``Fault`` `volumeNotFound`, also for a volume of another app.
    func get(_ app: String, _ id: String) async throws -> Volume {
        let isID = id.hasPrefix("vol_") && !id.contains("/")
        guard isID, let volume = try await store.volumes.get(id)?.value, volume.app == app else {
            throw Self.missing(app, id)
        }
        return volume
    }

    /// Makes one, empty or with what a snapshot or another volume holds; it is ready when this returns.
    func create(_ app: String, _ body: JSONBody) async throws -> Volume {
        let origin = try await origin(app, body)
        guard let name = try body.text("name").flatMap({ $0.isEmpty ? nil : $0 }) ?? origin?.volume?.name else {
            throw Fault(.invalidRequest, "request body: name is missing")
        }
        let allowed = name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }
        guard allowed, name.utf8.count <= 30 else {
            throw Fault(
                .invalidRequest,
                "request body: name: \(ConfigNode.quoted(name)) can't be a volume's name",
                hint: "at most 30 lower-case letters, digits and underscores: pg_data"
            )
        }
        if let type = try body.text("fstype"), !["", "ext4"].contains(type) {
            throw Fault(.unsupported, "request body: fstype: expected ext4, found \(ConfigNode.quoted(type))")
        }
        let place = try body.text("region").flatMap { $0.isEmpty ? nil : $0 } ?? origin?.volume?.region ?? region
        try MachineNames.validate(region: place)
        var volume = Volume(
            id: CallSeed.current?.volume ?? Volume.newID(),
            name: name,
            app: app,
            region: place,
            host: host,
            sizeGB: try body.number("size_gb", in: 1...Int64(Volume.maximumGB)) ?? origin?.leastGB ?? 3,
            createdAt: .now()
        )
        try Self.keep(&volume, as: body)
        if let origin, volume.sizeGB < origin.leastGB {
            throw Fault(
                .invalidRequest,
                "request body: size_gb: what it begins with has \(origin.leastGB) GB, found \(volume.sizeGB)"
            )
        }
        volume.filledFrom = origin?.name
        // What an earlier try of the same call has made; one that it has not filled is filled by the sweep.
        if CallSeed.current?.isAgain == true, let made = try await store.volumes.get(volume.id)?.value { return made }
        try await store.volumes.put(volume.id, volume, expected: 0)
        guard let origin else { return volume }
        return try await fill(volume, from: origin.source)
    }

    func update(_ app: String, _ id: String, _ body: JSONBody) async throws -> Volume {
        try await change(app, id) { try Self.keep(&$0, as: body) }
    }

    /// Volumes only grow.
    ///
    /// - Returns: the volume, and whether its Machine has to be started again to see it.
    func extend(_ app: String, _ id: String, to sizeGB: Int) async throws -> (volume: Volume, needsRestart: Bool) {
        let volume = try await change(app, id) { volume in
            guard (volume.sizeGB...Volume.maximumGB).contains(sizeGB) else {
                throw Fault(
                    .invalidRequest,
                    "request body: size_gb: volume \(id) has \(volume.sizeGB) GB, expected that to \(Volume.maximumGB), "
                        + "found \(sizeGB)"
                )
            }
            volume.sizeGB = sizeGB
        }
        // The record first: a growth that is cut off is finished when the volume is next opened.
        do {
            try await keeper.grow(volume)
        } catch let fault as Fault where fault.code == .hostUnfit {
            return (volume, true)
        }
        return (volume, false)
    }

    /// Marks it; until its grace is over it can be had back.
    ///
    /// - Throws: ``Fault`` `volumeInUse` while a Machine has it, in whatever state that is.
    func destroy(_ app: String, _ id: String) async throws -> Volume {
        let volume = try await get(app, id)
        if let machine = try await owner(volume) {
            throw Fault(
                .volumeInUse,
                "volume \(id) is attached to Machine \(machine)",
                hint: "destroy that Machine first: roost machine destroy \(machine)"
            )
        }
        return try await store.volumes.update(id, missing: Self.missing(app, id)) {
            $0.leavingSince = $0.leavingSince ?? .now()
        }
    }

    func restore(_ app: String, _ id: String) async throws -> Volume {
        _ = try await get(app, id)
        return try await store.volumes.update(id, missing: Self.missing(app, id)) { volume in
            guard volume.isLeaving else {
                throw Fault(.invalidState, "volume \(id) is not being destroyed: there is nothing to have back")
            }
            volume.leavingSince = nil
        }
    }

    /// Removes the volumes whose grace is over.
    func sweep(_ now: Timestamp) async throws {
        for volume in try await store.volumes.list(unreadable: { _, _ in }) {
            guard let since = volume.leavingSince, now.since(since) >= Volume.grace else { continue }
            try await fleet.destroyVolume(volume.id)
            for snapshot in try await store.snapshots.list("\(volume.id)/") {
                try await store.snapshots.delete("\(volume.id)/\(snapshot.id)")
            }
        }
    }

    /// The Machine that has it; one that is gone has nothing.
    func owner(_ volume: Volume) async throws -> Machine.ID? {
        guard let id = volume.attachedTo, try await store.machines.get("\(volume.app)/\(id)") != nil else { return nil }
        return id
    }

    /// As the API shows it: free is null, which clients test for.
    func wire(_ volume: Volume) async throws -> JSONValue {
        let owner = try await owner(volume)
        let usage = await keeper.usage(volume)
        let block = usage?.blockSize ?? 4096
        let total = usage?.totalBytes ?? Int64(volume.sizeGB) << 30
        let free = usage?.freeBytes ?? total
        return .object([
            "id": .string(volume.id), "name": .string(volume.name),
            "state": .string(Self.state(volume)), "bytes_total": .int(total), "bytes_used": .int(total - free),
            "blocks": .int(total / block), "block_size": .int(block), "blocks_free": .int(free / block),
            "blocks_avail": .int(free / block),
            "size_gb": .int(Int64(volume.sizeGB)), "region": .string(volume.region), "zone": .string(volume.host),
            // The host's own disk: what it encrypts is its owner's business.
            "encrypted": .bool(false), "attached_machine_id": owner.map { .string($0.text) } ?? .null,
            "attached_alloc_id": .null, "created_at": .string(volume.createdAt.rfc3339),
            "fstype": .string("ext4"), "type": .string("local"), "host_status": .string("ok"),
            "host_dedication_id": .string(""), "snapshot_retention": .int(Int64(volume.retentionDays)),
            "auto_backup_enabled": .bool(volume.scheduledSnapshots ?? true),
        ])
    }

    /// The API's word for where it is in its life.
    static func state(_ volume: Volume) -> String {
        volume.isLeaving ? "pending_destroy" : volume.filledFrom == nil ? "created" : "restoring"
    }

    // MARK: - Private

    private func change(_ app: String, _ id: String, _ body: (inout Volume) throws -> Void) async throws -> Volume {
        _ = try await get(app, id)
        return try await store.volumes.update(id, missing: Self.missing(app, id)) { volume in
            guard !volume.isLeaving else {
                throw Fault(
                    .invalidState,
                    "volume \(id) is being destroyed",
                    hint: "have it back first: roost volumes restore \(id)"
                )
            }
            try body(&volume)
        }
    }

    private static func keep(_ volume: inout Volume, as body: JSONBody) throws {
        if let days = try body.number("snapshot_retention", in: 1...60) { volume.snapshotRetention = days }
        if let flag = try body.flag("auto_backup_enabled") { volume.scheduledSnapshots = flag }
    }

    static func missing(_ app: String, _ id: String) -> Fault {
        Fault(
            .volumeNotFound,
            "volume not found: \(id) in app \(app)",
            hint: "roost volumes list -a \(app) shows those there are"
        )
    }
}
