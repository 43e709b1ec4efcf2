/// A process of a Machine: `GET …/ps`.
package struct MachineProcess: Equatable, Sendable {
    /// As the Machine itself counts.
    package var pid: Int
    /// When it started, in seconds since 1970.
    package var startedAt: Int64
    /// For how long it has run, in seconds.
    package var seconds: Int64
    package var command: String
    package var directory: String
    /// CPU time that it took, in milliseconds.
    package var cpuMilliseconds: Int64
    /// Memory that it holds, in bytes.
    package var memoryBytes: Int64
    package var sockets: [Socket]

    package init(pid: Int) {
        self.pid = pid
        (startedAt, seconds, cpuMilliseconds, memoryBytes) = (0, 0, 0, 0)
        (command, directory, sockets) = ("", "", [])
    }

    /// A socket that waits for connections.
    package struct Socket: Equatable, Sendable {
        /// `tcp` or `tcp6`.
        package var transport: String
        /// `0.0.0.0:8080`, `[::]:8080`.
        package var address: String

        package init(transport: String, address: String) {
            self.transport = transport
            self.address = address
        }
    }

    /// As the API shows it.
    package var wire: JSONValue {
        .object([
            "pid": .int(Int64(pid)), "stime": .int(startedAt), "rtime": .int(seconds), "command": .string(command),
            "directory": .string(directory), "cpu": .int(cpuMilliseconds), "rss": .int(memoryBytes),
            "listen_sockets": .array(
                sockets.map { .object(["proto": .string($0.transport), "address": .string($0.address)]) }
            ),
        ])
    }

    /// Sorts as `?sort_by=` and `?order=` of the API ask.
    ///
    /// - Throws: ``Fault`` `invalidRequest` for a field that there is not.
    package static func sorted(
        _ all: [MachineProcess],
        by field: String,
        descending: Bool
    ) throws(Fault) -> [MachineProcess] {
        let sorted: [MachineProcess]
        switch field {
        case "", "pid": sorted = all.sorted { $0.pid < $1.pid }
        case "stime": sorted = all.sorted { $0.startedAt < $1.startedAt }
        case "rtime": sorted = all.sorted { $0.seconds < $1.seconds }
        case "cpu": sorted = all.sorted { $0.cpuMilliseconds < $1.cpuMilliseconds }
        case "rss": sorted = all.sorted { $0.memoryBytes < $1.memoryBytes }
        case "command": sorted = all.sorted { $0.command < $1.command }
        default:
            throw Fault(.invalidRequest, "sort_by: expected pid, stime, rtime, cpu, rss or command, found \(field)")
        }
        return descending ? sorted.reversed() : sorted
    }
}
