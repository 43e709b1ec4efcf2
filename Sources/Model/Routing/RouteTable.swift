/// All that the edge knows: which host names lead to which Machines.
///
/// `serve` sends it, the edge keeps the last one.
package struct RouteTable: Codable, Equatable, Sendable {
    /// Grows with each change; an edge reports the revision that it has taken in.
    package var revision: Int64
    package var apps: [Route]

    package init(revision: Int64 = 0, apps: [Route] = []) {
        self.revision = revision
        self.apps = apps
    }
}

/// One app as the edge sees it.
package struct Route: Codable, Equatable, Sendable {
    package var app: String
    /// Lower case, without port: `notes.localhost`, `notes.example.com`.
    package var hostnames: [String]
    /// Start a sleeping Machine for a request that finds none awake.
    package var autostart: Bool
    package var machines: [Target]

    package init(app: String, hostnames: [String], autostart: Bool, machines: [Target]) {
        self.app = app
        self.hostnames = hostnames
        self.autostart = autostart
        self.machines = machines
    }

    /// One Machine's service.
    package struct Target: Codable, Equatable, Sendable {
        package var machine: Machine.ID
        package var region: String
        package var address: Machine.Address
        package var port: Int
        package var state: State
        package var softLimit: Int
        package var hardLimit: Int?

        package init(
            machine: Machine.ID,
            region: String,
            address: Machine.Address,
            port: Int,
            state: State,
            concurrency: MachineConfig.Concurrency
        ) {
            self.machine = machine
            self.region = region
            self.address = address
            self.port = port
            self.state = state
            softLimit = concurrency.softLimit
            hardLimit = concurrency.hardLimit
        }
    }

    /// What the edge may do with a Machine.
    package enum State: String, Codable, Sendable {
        /// Healthy and not cordoned: send to it.
        case ready
        /// On its way to `ready`: a request may wait for it.
        case coming
        /// Stopped or suspended, and may be started by a request.
        case asleep
        /// Cordoned, critical or stopping: what is in flight ends, nothing new goes there.
        case draining
    }
}
