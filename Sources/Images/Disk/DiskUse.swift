import CLinux
import Model

/// What files take of a disk, or would take once somebody reads them.
package struct DiskUse: Equatable, Sendable {
    /// As their sizes say, holes included.
    package var apparent: Int64 = 0
    /// Blocks of the disk, in bytes; more than the size for what was reserved in advance.
    package var allocated: Int64 = 0

    /// The larger of the two.
    var bytes: Int64 { max(apparent, allocated) }

    /// Of a folder with all below it, by any names and however deep; what goes away meanwhile counts nothing.
    package static func of(_ path: String) -> DiskUse {
        var use = DiskUse()
        roost_disk_use(path, &use.apparent, &use.allocated)
        return use
    }
}

/// Looks, while something runs, at what it takes of the disk, and ends it when that is too much.
struct DiskWatch: Sendable {
    /// Folders, each of which may have that many bytes.
    var folders: @Sendable () -> [String]
    var limit: Int64
    /// What they are, for the message.
    var what: String

    /// - Throws: ``Fault`` `tooLarge` when a folder grew beyond its limit; `body` was cancelled then, and has ended.
    func watching<Result: Sendable>(
        _ body: @escaping @concurrent @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await look()
                return nil
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    // MARK: - Private

    private func look() async throws {
        let clock = ContinuousClock()
        while true {
            let start = clock.now
            for folder in folders() where try await Blocking.run({ DiskUse.of(folder).bytes }) > limit {
                throw tooLarge
            }
            // A look at many files takes its time; it shall not take more than a tenth of a core.
            try await Task.sleep(for: max(.milliseconds(250), start.duration(to: clock.now) * 10))
        }
    }

    var tooLarge: Fault { Self.tooLarge(what, limit) }

    static func tooLarge(_ what: String, _ limit: Int64) -> Fault {
        Fault(
            .tooLarge,
            "\(what) is larger than \(limit >> 20) MiB, with holes counted as if they were filled",
            hint: "leave large files out of the image, or let the host's owner raise [build] layer_limit in roost.toml"
        )
    }
}
