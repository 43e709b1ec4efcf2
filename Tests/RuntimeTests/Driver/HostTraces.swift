import Foundation
import Model
import Toolkit

/// What Machines could leave behind on a host.
struct HostTraces {
    private let lines: Set<String>

    /// What is there now that was not there then.
    func added(since earlier: HostTraces) -> [String] { lines.subtracting(earlier.lines).sorted() }

    static func look(_ host: TestHost) async throws -> HostTraces {
        let files = FileManager.default
        let instance = host.paths.instance
        let mounts = try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8).split(separator: "\n").map(
            String.init
        )
        let hierarchies = (try? files.contentsOfDirectory(atPath: "/sys/fs/cgroup")) ?? []
        let groups = (hierarchies + ["."]).flatMap { hierarchy -> [String] in
            let slice = "/sys/fs/cgroup/\(hierarchy)/roost-\(instance)"
            // The folders of Machines; the one for monitors stays for as long as the host does.
            return ((try? files.contentsOfDirectory(atPath: slice)) ?? []).filter { Machine.ID($0) != nil }.map {
                "\(slice)/\($0)"
            }
        }
        let tree = [host.paths.state, host.paths.run].flatMap { root in
            (files.enumerator(atPath: root)?.allObjects as? [String] ?? []).map { "\(root)/\($0)" }
        }
        let namespaces = (try? files.contentsOfDirectory(atPath: "/run/netns")) ?? []
        let rules = try await Command("nft", ["list", "table", "inet", instance]).checked()
        let all = [
            namespaces.filter { $0.hasPrefix(instance) }, ports(of: "\(instance)0"),
            mounts.filter { $0.contains(host.root) },
            groups, rules.split(separator: "\n").map(String.init), tree.filter { !$0.hasSuffix("/r/oci") },
            try programs(below: host.root),
        ]
        return HostTraces(lines: Set(all.joined()))
    }

    /// Devices that hang on a bridge.
    private static func ports(of bridge: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "/sys/class/net/\(bridge)/brif")) ?? []
    }

    /// Programs that were started with a path of this host.
    private static func programs(below root: String) throws -> [String] {
        let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter {
            $0.allSatisfy(\.isNumber)
        }
        return processes.compactMap { process in
            FileManager.default.contents(atPath: "/proc/\(process)/cmdline")
                .map { String(decoding: $0, as: UTF8.self).replacing("\0", with: " ") }
        }.filter { $0.contains("\(root)/") }
    }
}

/// What `/proc/<pid>/stat` says.
enum ProcessTimes {
    /// Clock ticks in user and kernel mode.
    static func of(_ pid: Int32) throws -> [Substring] {
        Array(try fields(pid)[11...12])
    }

    /// Ended, and its parent has not asked how.
    static func isZombie(_ pid: Int32) -> Bool {
        (try? fields(pid).first) == "Z"
    }

    private static func fields(_ pid: Int32) throws -> [Substring] {
        let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        return text[text.index(text.lastIndex(of: ")") ?? text.startIndex, offsetBy: 2)...].split(separator: " ")
    }
}
