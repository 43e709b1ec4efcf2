import Glibc
import Toolkit

/// Packages of the distribution that wait to be installed, by the lists that the host has; nothing is fetched.
package struct PendingUpdates: Codable, Equatable, Sendable {
    /// Names of those that mend security faults.
    package var security: [String] = []
    /// How many others wait.
    package var others = 0
    /// How old the lists are; nil without any.
    package var listsDays: Int?
    /// A package, such as the kernel, wants the host to be started anew.
    package var wantsReboot = false

    package init() {}

    /// - Parameter simulation: what `apt-get --simulate dist-upgrade` prints.
    init(_ simulation: String) {
        for line in simulation.split(separator: "\n") where line.hasPrefix("Inst ") {
            let words = line.split(separator: " ")
            guard words.count > 1 else { continue }
            if line.contains("-Security:") || line.contains("-security") {
                security.append(String(words[1]))
            } else {
                others += 1
            }
        }
    }

    /// Those of this host; nil where the distribution has no apt.
    static func read() async -> PendingUpdates? {
        guard Command.find("apt-get") != nil else { return nil }
        let words = ["20", "apt-get", "--simulate", "-o", "Debug::NoLocking=1", "dist-upgrade"]
        let simulation = Command("timeout", words)
        guard let told = try? await simulation.run(), told.code == 0 else { return nil }
        var updates = PendingUpdates(told.output)
        let lists = "/var/lib/apt/lists"
        var status = stat()
        if KernelFile.names(in: lists).contains(where: { $0.hasSuffix("Release") }), stat(lists, &status) == 0 {
            updates.listsDays = max(0, (time(nil) - status.st_mtim.tv_sec) / 86_400)
        }
        updates.wantsReboot = KernelFile.exists("/run/reboot-required")
        return updates
    }
}
