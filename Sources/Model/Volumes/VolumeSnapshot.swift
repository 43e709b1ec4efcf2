/// What a volume held at one moment.
package struct VolumeSnapshot: Equatable, Sendable {
    /// `vs_` and 16 lower-case letters or digits.
    package var id: String
    package var volume: String
    package var app: String
    package var createdAt: Timestamp
    /// Days for which it is kept.
    package var retentionDays: Int
    /// Taken by the clock.
    package var isScheduled: Bool
    package var facts: Facts

    package init(id: String, volume: Volume, isScheduled: Bool, facts: Facts, at now: Timestamp) {
        self.id = id
        self.volume = volume.id
        app = volume.app
        createdAt = now
        retentionDays = volume.retentionDays
        self.isScheduled = isScheduled
        self.facts = facts
    }

    /// What came of taking it.
    package struct Facts: Equatable, Sendable {
        /// The size of the volume then.
        package var diskBytes: Int64
        /// Of what it held.
        package var dataBytes: Int64
        /// Of which that was new since the snapshot before.
        package var addedBytes: Int64
        /// SHA-256 over all of it.
        package var digest: String
        /// For how long nobody could write.
        package var pauseMilliseconds: Int64

        package init(
            diskBytes: Int64 = 0,
            dataBytes: Int64 = 0,
            addedBytes: Int64 = 0,
            digest: String = "",
            pauseMilliseconds: Int64 = 0
        ) {
            self.diskBytes = diskBytes
            self.dataBytes = dataBytes
            self.addedBytes = addedBytes
            self.digest = digest
            self.pauseMilliseconds = pauseMilliseconds
        }
    }

    /// A new ID.
    package static func newID() -> String { "vs_" + Volume.newID().dropFirst(4) }
}

extension VolumeSnapshot: KeyedForm {
    package static var schema: Int? { 1 }

    package static var blank: VolumeSnapshot {
        let volume = Volume(
            id: "",
            name: "",
            app: "",
            region: "",
            host: "",
            sizeGB: 1,
            createdAt: .init(milliseconds: 0)
        )
        return VolumeSnapshot(id: "", volume: volume, isScheduled: false, facts: Facts(), at: .init(milliseconds: 0))
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("id", &id)
        try form.need("volume", &volume)
        try form.need("app", &app)
        try form.field("createdAt", &createdAt)
        try form.field("retentionDays", &retentionDays)
        try form.field("scheduled", &isScheduled)
        try form.field("facts", &facts)
    }
}

extension VolumeSnapshot.Facts: KeyedForm {
    package static var blank: VolumeSnapshot.Facts { VolumeSnapshot.Facts() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("diskBytes", &diskBytes)
        try form.field("dataBytes", &dataBytes)
        try form.field("addedBytes", &addedBytes)
        try form.field("digest", &digest)
        try form.field("pauseMilliseconds", &pauseMilliseconds)
    }
}

extension Volume {
    /// Days for which its snapshots are kept.
    package var retentionDays: Int { snapshotRetention ?? 5 }

    /// Between two snapshots by the clock.
    package static let snapshotPace = Duration.seconds(86_400)

    /// What is to be done about its snapshots now.
    ///
    /// - Parameters:
    ///   - snapshots: those that it has.
    ///   - now: this moment.
    /// - Returns: whether one is due, and which are kept no longer.
    package func snapshotPlan(_ snapshots: [VolumeSnapshot], now: Timestamp) -> (isDue: Bool, over: [VolumeSnapshot]) {
        let last = snapshots.map(\.createdAt).max() ?? createdAt
        let isDue = scheduledSnapshots ?? true && !isLeaving && now.since(last) >= Self.snapshotPace
        let over = snapshots.filter { now.since($0.createdAt) >= .seconds(86_400 * $0.retentionDays) }
        return (isDue, over)
    }
}
