import Foundation
import Toolkit

/// What of an instance exists on this machine outside the heads of its daemons.
struct Leaks: Equatable, CustomStringConvertible {
    var namespaces: [String]
    var mounts: [String]
    var cgroups: [String]
    var links: [String]
    var rules: [String]
    var processes: [String]
    var files: [String]

    static func look(_ host: TestHost) async throws -> Leaks {
        let name = host.paths.instance
        func lines(_ command: String) async throws -> [String] {
            try await Shell.line("{ \(command); } 2>/dev/null || true").split(separator: "\n").map(String.init).sorted()
        }
        return Leaks(
            namespaces: try await lines("ip netns list | grep -F \(name)"),
            mounts: try await lines("awk '{print $2}' /proc/mounts | grep -F \(host.root)/"),
            cgroups: try await lines("find /sys/fs/cgroup -type d -path '*\(name)/*'"),
            links: try await lines("ip -o link show type veth | grep -F \(name)"),
            // The sets of flows have who has sent something lately.
            rules: try await lines("nft list table inet \(name) | grep -v -e counter -e elements -e 'ct count over'"),
            processes: try await lines("ps -eo args | grep -E '^[^ ]*(conmon|runc) .*\(host.root)/'"),
            files: try await lines(
                "find \(host.state)/machines \(host.state)/volumes \(host.state)/rollouts \(host.state)/builds "
                    + "\(host.run) -mindepth 1 | grep -vE 'serve.lock|\\.sock$'"
            )
        )
    }

    var description: String {
        [
            "namespaces: \(namespaces)", "mounts: \(mounts)", "cgroups: \(cgroups)", "links: \(links)",
            "rules: \(rules)", "processes: \(processes)", "files: \(files)",
        ].joined(separator: "\n")
    }
}
