/// All that the resolver knows of one app.
package struct NamedApp: Equatable, Sendable {
    package var app: String
    /// The private network that it is in; no other one hears of it.
    package var network: UInt32
    package var machines: [NamedMachine]
    /// Its private addresses at the edge, by the networks that they are for.
    package var flycast: [Flycast]

    package init(app: String, network: UInt32, machines: [NamedMachine] = [], flycast: [Flycast] = []) {
        self.app = app
        self.network = network
        self.machines = machines
        self.flycast = flycast
    }

    /// An address of the edge's for callers of one network.
    package struct Flycast: Hashable, Sendable {
        package var address: String
        package var network: UInt32

        package init(address: String, network: UInt32) {
            self.address = address
            self.network = network
        }
    }
}

/// All that the resolver knows of one Machine.
package struct NamedMachine: Equatable, Sendable {
    package var id: Machine.ID
    package var address: Machine.Address
    package var region: String
    package var group: String
    package var metadata: [String: String]
    /// It runs: names of addresses lead to it.
    package var isStarted: Bool
    /// No name leads to it, though it may ask.
    package var isHidden: Bool

    package init(
        id: Machine.ID,
        address: Machine.Address,
        region: String,
        group: String = "app",
        metadata: [String: String] = [:],
        isStarted: Bool = true
    ) {
        self.id = id
        self.address = address
        self.region = region
        self.group = group
        self.metadata = metadata
        self.isStarted = isStarted
        isHidden = false
    }

    /// Nil for one that has no address yet, or none any more.
    package init?(_ machine: Machine) {
        guard let address = machine.status.address else { return nil }
        let isStarted: Bool
        switch machine.status.state {
        case .destroyed, .destroying: return nil
        case .started: isStarted = true
        case .created, .starting, .stopping, .stopped, .suspending, .suspended, .restarting, .failed, .unknown:
            isStarted = false
        }
        let config = machine.spec.config
        self.init(
            id: machine.id,
            address: address,
            region: machine.region,
            group: machine.group,
            metadata: config.metadata,
            isStarted: isStarted
        )
        let asked = config.document?.value["dns"]?["skip_registration"]?.bool ?? false
        isHidden = asked || Machine.passingGroups.contains(machine.group)
    }
}

/// Where the resolver answers, and what it says of its host.
package struct NameHome: Equatable, Sendable {
    package var region: String
    /// The bridge whose Machines ask; nil takes questions from every device.
    package var device: String?
    /// The resolver's own addresses.
    package var listen: [String]
    /// The port of those addresses; 53 but for tests.
    package var port: Int
    /// The host's address where the edge takes what Machines send to private addresses of apps, at
    /// ``PrivateAddress/port``; nil where it can't.
    package var flycast: String?

    package init(region: String, device: String? = nil, listen: [String] = [], port: Int = 53) {
        self.region = region
        self.device = device
        self.listen = listen
        self.port = port
    }

    /// Where Machines find it, whatever their network.
    ///
    /// > Source: `proxy-dns`, section 16.1.
    package static let resolver = "fdaa::3"
}

/// What is new about names.
package struct NameChanges: Equatable, Sendable {
    /// The revision that it changes; 0 replaces all that was known.
    package var base: Int64
    package var revision: Int64
    package var home: NameHome
    /// New apps, and those that have changed.
    package var apps: [NamedApp]
    /// Names of apps that are no more.
    package var removed: [String]

    package init(base: Int64, revision: Int64, home: NameHome, apps: [NamedApp] = [], removed: [String] = []) {
        self.base = base
        self.revision = revision
        self.home = home
        self.apps = apps
        self.removed = removed
    }
}
