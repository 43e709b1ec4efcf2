import Foundation
import Model

/// Who listens on a TCP port of this host.
enum PortOwners {
    /// The programs that listen on any of those ports; `another program` where only root could tell which.
    static func find(_ ports: [Int]) -> [Int: String] {
        var inodes: [String: Int] = [:]
        for table in ["tcp", "tcp6"] {
            let text = KernelFile.read("/proc/self/net/\(table)", limit: 8 << 20) ?? ""
            for (inode, port) in listening(text) where ports.contains(port) { inodes[inode] = port }
        }
        guard !inodes.isEmpty else { return [:] }
        var owners = Dictionary(inodes.values.map { ($0, "another program") }) { first, _ in first }
        for process in KernelFile.names(in: "/proc") where process.allSatisfy(\.isNumber) {
            for descriptor in KernelFile.names(in: "/proc/\(process)/fd") {
                let link = try? FileManager.default.destinationOfSymbolicLink(
                    atPath: "/proc/\(process)/fd/\(descriptor)"
                )
                guard let link, link.hasPrefix("socket:["), let port = inodes[String(link.dropFirst(8).dropLast())]
                else { continue }
                owners[port] = KernelFile.read("/proc/\(process)/comm")?.trimmingCharacters(in: .newlines)
            }
        }
        return owners
    }

    /// Socket numbers and ports of the rows in state 0A.
    static func listening(_ text: String) -> [(inode: String, port: Int)] {
        text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == "0A", let end = fields[1].split(separator: ":").last,
                let port = Int(end, radix: 16)
            else { return nil }
            return (String(fields[9]), port)
        }
    }
}
