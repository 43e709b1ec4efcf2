extension AppConfig {
    /// Two services of one group that the edge could not tell apart: they answer over HTTP on one port, and lead elsewhere.
    package struct PortClash: Equatable, Sendable {
        package var group: String
        /// Of the edge.
        package var port: Int
        /// Of the two services, on their Machine.
        package var internalPorts: [Int]

        package init(group: String, port: Int, internalPorts: [Int]) {
            self.group = group
            self.port = port
            self.internalPorts = internalPorts
        }
    }

    /// The first of them; nil where each port of a Machine leads to one service.
    ///
    /// Groups may share a port, as on Fly: requests then go to the Machines of both.
    package var portClash: PortClash? {
        for group in groups {
            var owners: [Int: Int] = [:]
            for service in services(for: group).map(\.machineSettings) {
                for port in service.httpPorts {
                    let owner = owners[port] ?? service.internalPort
                    owners[port] = owner
                    guard owner != service.internalPort else { continue }
                    return PortClash(group: group, port: port, internalPorts: [owner, service.internalPort])
                }
            }
        }
        return nil
    }
}

extension Fault {
    /// What is wrong with them, and what to do.
    package init(_ clash: AppConfig.PortClash) {
        let ports = clash.internalPorts.map(String.init).joined(separator: " and ")
        self.init(
            .invalidConfig,
            "two services of group \(clash.group) answer on port \(clash.port) of the edge: those of its ports \(ports)",
            hint: "give one of them another port in fly.toml, or none if only the app's own Machines ask it"
        )
    }
}
