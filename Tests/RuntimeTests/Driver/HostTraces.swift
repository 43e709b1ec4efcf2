import Foundation
import Glibc
import Toolkit

/// What Machines could leave behind on a host.
struct HostTraces: Equatable {
    var namespaces: [String]
    var devices: [String]
    var mounts: [String]
    var cgroups: [String]
    var firewall: String
    var files: [String]
    var monitors: Int

    static func look(_ host: TestHost) async throws -> HostTraces {
        let files = FileManager.default
        let instance = host.paths.instance
        let mountTable = try String(contentsOfFile: "/proc/self/mounts", encoding: .utf8)
        let hierarchies = (try? files.contentsOfDirectory(atPath: "/sys/fs/cgroup")) ?? []
        let groups = (hierarchies + ["."]).flatMap { hierarchy -> [String] in
            let slice = "/sys/fs/cgroup/\(hierarchy)/roost-\(instance)"
            let names = (try? files.contentsOfDirectory(atPath: slice)) ?? []
            // The one for monitors stays for as long as the host does.
            return names.filter { $0.count == 14 }.map { "\(slice)/\($0)" }
        }
        let tree = [host.paths.state, host.paths.run].flatMap { root in
            (files.enumerator(atPath: root)?.allObjects as? [String] ?? []).map { "\(root)/\($0)" }
        }
        return HostTraces(
            namespaces: ((try? files.contentsOfDirectory(atPath: "/run/netns")) ?? []).filter { $0.hasPrefix(instance) },
            devices: try await ports(of: "\(instance)0"),
            mounts: mountTable.split(separator: "\n").map(String.init).filter { $0.contains(host.root) },
            cgroups: groups,
            firewall: try await Command("nft", ["list", "table", "inet", instance]).checked(),
            files: tree.filter { !$0.hasSuffix("/r/oci") }.sorted(),
            monitors: try await monitors(below: host.root))
    }

    /// Devices that hang on a bridge.
    private static func ports(of bridge: String) async throws -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "/sys/class/net/\(bridge)/brif")) ?? []
    }

    private static func monitors(below root: String) async throws -> Int {
        let processes = try FileManager.default.contentsOfDirectory(atPath: "/proc").filter { $0.allSatisfy(\.isNumber) }
        return processes.count { process in
            FileManager.default.contents(atPath: "/proc/\(process)/cmdline").map { String(decoding: $0, as: UTF8.self) }?
                .contains("\(root)/") == true
        }
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
