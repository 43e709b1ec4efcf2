/// What a file system has, and what is left of it.
package struct DiskRoom: Equatable, Sendable {
    package var bytes: Int64
    /// What is left for others than root.
    package var free: Int64
    /// How many files it can hold; 0 where it does not count them.
    package var files: Int64
    package var freeFiles: Int64

    package init(bytes: Int64, free: Int64, files: Int64 = 0, freeFiles: Int64 = 0) {
        (self.bytes, self.free, self.files, self.freeFiles) = (bytes, free, files, freeFiles)
    }

    /// Parts of a hundred that are taken.
    package var usedPercent: Double { Self.used(bytes, free) }
    /// The same of the files; 0 where they are not counted.
    package var usedFilesPercent: Double { Self.used(files, freeFiles) }

    private static func used(_ all: Int64, _ free: Int64) -> Double {
        all > 0 ? 100 - Double(max(0, min(all, free))) * 100 / Double(all) : 0
    }
}

/// How short of room the host's disk is.
package enum DiskLevel: Int, CaseIterable, Comparable, Sendable {
    /// There is room.
    case easy
    /// What builds keep is given up once it is an hour old.
    case tight
    /// All that builds keep is given up.
    case short
    /// Nothing new is taken in and built; what runs goes on.
    case full

    package static func < (one: DiskLevel, other: DiskLevel) -> Bool { one.rawValue < other.rawValue }

    package var word: String {
        switch self {
        case .easy: "ok"
        case .tight: "tight"
        case .short: "short"
        case .full: "full"
        }
    }
}

/// From when on a disk counts as short of room: `[disk]` of `roost.toml`.
///
/// A share alone would be wrong for large disks, where a twentieth is room for months: each level also wants less than so
/// many bytes to be left.
package struct DiskLimits: Equatable, Sendable {
    /// Parts of a hundred in use.
    package var pruneAt: Int
    package var refuseAt: Int

    package init(pruneAt: Int = 80, refuseAt: Int = 95) {
        (self.pruneAt, self.refuseAt) = (pruneAt, refuseAt)
    }

    /// The level of a disk that was at another when it was last looked at.
    ///
    /// A level is left only with some more room than it was reached with, so that a disk at the edge of one does not go to and
    /// fro.
    package func level(of room: DiskRoom, was before: DiskLevel = .easy) -> DiskLevel {
        let now = level(room, ease: 0)
        return now < before ? min(before, level(room, ease: 2)) : now
    }

    // MARK: - Private

    private func level(_ room: DiskRoom, ease: Double) -> DiskLevel {
        let steps: [(level: DiskLevel, percent: Int, free: Int64)] = [
            (.full, refuseAt, 4 << 30), (.short, max(pruneAt, refuseAt - 5), 10 << 30), (.tight, pruneAt, 40 << 30),
        ]
        for step in steps {
            let percent = Double(step.percent) - ease
            let free = Double(step.free) * (1 + ease / 8)
            if room.usedPercent >= percent, Double(room.free) < free { return step.level }
            // Of files there is no saying how many are enough.
            if room.usedFilesPercent >= percent { return step.level }
        }
        return .easy
    }
}
