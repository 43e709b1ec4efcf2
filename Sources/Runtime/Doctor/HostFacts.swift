/// What a host is like, as far as it matters for running Machines.
///
/// Facts only: `Doctor.judge` says what they mean.
package struct HostFacts: Codable, Equatable, Sendable {
    /// The daemon's user number; 0 is root.
    package var user = 0
    /// The release, as `uname -r` says it.
    package var kernel = ""
    /// As `uname -m` says it.
    package var architecture = ""
    package var cgroupMode = CgroupMode.missing
    /// Of memory, cpu, pids, freezer and others: what can be used.
    package var controllers: [String] = []
    /// Where each program is that was looked for; absent: not installed.
    package var tools: [String: String] = [:]
    package var seccomp = false
    package var seccompProfile: String?
    package var overlay = Trial.untried
    /// A file system in a file, which gives a folder a limit.
    package var loopDisk = Trial.untried
    /// User namespaces with layers that show their owners in them.
    package var users = Trial.untried
    package var namespaces = Trial.untried
    package var links = Trial.untried
    package var nftables = Trial.untried
    /// A firewall of somebody else's that drops what passes through this host.
    package var forwardDropped = false
    /// Name of the program that listens on a port which the edge wants.
    package var takenPorts: [Int: String] = [:]
    package var wantedPorts: [Int] = []
    package var disk = Disk()
    package var year = 0
    package var clockSynchronised = true
    package var forwardsIPv4 = false
    package var hasIPv6 = false
    package var nameservers: [String] = []
    package var memoryMiB = 0
    /// CPUs that Machines may run on.
    package var cpus = 0
    package var swapMiB = KernelLimits.Share(used: 0, most: 0)
    package var limits = KernelLimits()
    /// The kernel gives random numbers that nobody can guess.
    package var isRandomReady = true
    /// Of the ports that the edge wants, those that a firewall of the host's keeps from everybody outside.
    package var closedPorts: [Int] = []
    /// Nil where the distribution has no apt.
    package var updates: PendingUpdates?

    package init() {}

    /// Whether something works, tried out.
    package enum Trial: Codable, Equatable, Sendable {
        case works
        case fails(String)
        /// Only root can try it, or the program for it is missing.
        case untried
    }

    /// The disk that holds the state folder.
    package struct Disk: Codable, Equatable, Sendable {
        package var folder = ""
        package var freeMiB = 0
        package var freeFiles = 0
        /// Some file systems don't count files at all.
        package var countsFiles = false

        package init() {}
    }
}
