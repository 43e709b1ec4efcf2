/// What the host that holds a volume does with what is on it.
///
/// Every call may be repeated after a crash: what is done already is left as it is.
package protocol VolumeKeeper: Sendable {
    /// Makes the file system as large as the volume's record says; also while a Machine uses it.
    func grow(_ volume: Volume) async throws

    /// Makes the volume with what a snapshot or another volume holds.
    ///
    /// - Throws: ``Fault`` `corrupt` when something of a snapshot is not what it was.
    func fill(_ volume: Volume, from source: VolumeSource) async throws

    /// Keeps what the volume holds now, while nobody can write.
    ///
    /// - Throws: ``Fault`` `unsupported` for a volume that has no file system of its own.
    func snapshot(_ volume: Volume, as id: String) async throws -> VolumeSnapshot.Facts

    /// Forgets all snapshots of a volume but those.
    func keepSnapshots(_ ids: Set<String>, of volume: String) async throws

    /// How full it is; nil for one that no Machine has used yet.
    func usage(_ volume: Volume) async -> VolumeUsage?
}

/// What a new volume begins with.
package enum VolumeSource: Equatable, Sendable {
    case snapshot(String, of: String)
    case volume(String)
}

/// How full a volume is.
package struct VolumeUsage: Equatable, Sendable {
    package var totalBytes: Int64
    package var freeBytes: Int64
    package var blockSize: Int64
    /// Nothing keeps it from taking more than its size.
    package var isUnlimited: Bool

    package init(totalBytes: Int64, freeBytes: Int64, blockSize: Int64 = 4096, isUnlimited: Bool = false) {
        self.totalBytes = totalBytes
        self.freeBytes = freeBytes
        self.blockSize = blockSize
        self.isUnlimited = isUnlimited
    }

    package var usedBytes: Int64 { max(0, totalBytes - freeBytes) }

    /// 0 to 100.
    package var usedPercent: Int { totalBytes > 0 ? Int(usedBytes * 100 / totalBytes) : 0 }
}

extension MachineConfig {
    /// When a Machine's volume grows by itself, in which steps, and up to what.
    package struct Growth: Equatable, Sendable {
        /// In percent of the volume's size.
        package var threshold: Int
        package var stepGB: Int
        package var limitGB: Int?

        package init(threshold: Int, stepGB: Int, limitGB: Int? = nil) {
            self.threshold = threshold
            self.stepGB = stepGB
            self.limitGB = limitGB
        }

        /// The size that a volume should have; nil when it is large enough, or may grow no more.
        package func next(sizeGB: Int, _ usage: VolumeUsage) -> Int? {
            guard !usage.isUnlimited, usage.usedPercent >= threshold else { return nil }
            let wanted = min(sizeGB + stepGB, limitGB ?? Volume.maximumGB, Volume.maximumGB)
            return wanted > sizeGB ? wanted : nil
        }
    }
}

extension MachineConfig.Growth: KeyedForm {
    package static var blank: MachineConfig.Growth { MachineConfig.Growth(threshold: 100, stepGB: 1) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("threshold", &threshold)
        try form.field("step_gb", &stepGB)
        try form.field("limit_gb", &limitGB)
    }
}
