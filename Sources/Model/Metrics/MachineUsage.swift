/// What a Machine uses at one moment, as the kernel tells it; each part is absent where it does not.
package struct MachineUsage: Equatable, Sendable {
    package var memory: Memory?
    package var processor: Processor?
    /// The root file system and volumes.
    package var disks: [Disk] = []
    /// The sixteen numbers of `/proc/net/dev` of its network device.
    package var network: [Int64] = []
    package var openFiles: Int?
    package var openFilesLimit: Int?

    package init() {}

    /// In bytes.
    package struct Memory: Equatable, Sendable {
        package var limit: Int64 = 0
        /// With files that are cached.
        package var used: Int64 = 0
        package var cached: Int64 = 0
        package var inactiveFiles: Int64 = 0
        package var active: Int64 = 0
        package var inactive: Int64 = 0
        package var dirty: Int64 = 0
        package var writeback: Int64 = 0
        package var shared: Int64 = 0
        /// Nil where the kernel does not count it.
        package var kernel: Int64?
        package var swapCached: Int64?
        /// Nil where swap is not counted.
        package var swapLimit: Int64?
        package var swapUsed: Int64 = 0

        package init() {}

        /// What is really needed: files that nobody has looked at lately can be dropped at any time.
        package var workingSet: Int64 { max(0, used - inactiveFiles) }

        /// What programs could still have: files that are cached can be dropped, shared memory among them can't.
        package var available: Int64 { max(0, limit - used) + min(used, max(0, cached - shared)) }
    }

    /// CPU time in hundredths of a second.
    package struct Processor: Equatable, Sendable {
        package var user: Int64 = 0
        package var system: Int64 = 0
        package var throttled: Int64 = 0

        package init() {}
    }

    /// A file system of the Machine's.
    package struct Disk: Equatable, Sendable {
        /// As Fly calls it: `vdb` the root, `vdc` the first volume.
        package var device: String
        /// Where the Machine sees it.
        package var mount: String
        /// The volume's ID; nil for the root.
        package var volume: String?
        package var blocks: Int64 = 0
        package var blockSize: Int64 = 0
        package var free: Int64 = 0
        package var available: Int64 = 0
        /// The block device's numbers in the order of the kernel; empty where it has no device of its own.
        package var transfers: [Int64] = []

        package init(device: String, mount: String, volume: String? = nil) {
            self.device = device
            self.mount = mount
            self.volume = volume
        }

        package var size: Int64 { blocks * blockSize }

        /// 0 to 100.
        package var usedPercent: Double {
            blocks == 0 ? 0 : Double(blocks - available) * 100 / Double(blocks)
        }
    }
}
