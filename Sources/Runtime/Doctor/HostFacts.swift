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
