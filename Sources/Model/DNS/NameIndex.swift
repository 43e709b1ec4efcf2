/// The names of a host's apps, ready for questions.
///
/// > Source: `proxy-dns`, section 16.
package struct NameIndex: Sendable {
    /// Who asks, as far as it matters for the answer.
    package struct Caller: Hashable, Sendable {
        package var network: UInt32
        package var region: String

        package init(network: UInt32, region: String) {
            self.network = network
            self.region = region
        }
    }

    /// What a name stands for.
    package enum Finding: Equatable, Sendable {
        /// Not a name of ours: others know it, or nobody.
        case elsewhere
        /// There is no such name.
        case unknown
        /// The name exists; each list may be empty.
        case known(addresses: [Machine.Address], texts: [String] = [], pointers: [String] = [])

        /// It exists, and has no records.
        static let bare = Finding.known(addresses: [])
    }

    package private(set) var revision: Int64 = 0
    package private(set) var home = NameHome(region: Regions.local)
    private var apps: [String: NamedApp] = [:]
    /// By the bytes of their addresses.
    private var owners: [[UInt8]: Owner] = [:]

    private struct Owner: Sendable {
        var app: String
        var machine: Machine.ID
        var caller: Caller
    }

    package init() {}

    package var isEmpty: Bool { revision == 0 }

    /// All of it, for the copy on disk.
    package var table: NameChanges {
        NameChanges(base: 0, revision: revision, home: home, apps: apps.values.sorted { $0.app < $1.app })
    }

    /// Takes in what is new.
    ///
    /// - Returns: false when it changes another revision than the one at hand: all of it is needed then.
    package mutating func apply(_ changes: NameChanges) -> Bool {
        if changes.base == 0 { (apps, owners) = ([:], [:]) }
        guard changes.base == 0 || changes.base == revision else { return false }
        (revision, home) = (changes.revision, changes.home)
        for name in changes.removed + changes.apps.map(\.app) {
            for machine in apps.removeValue(forKey: name)?.machines ?? [] {
                for address in Self.both(machine.address) where owners[address]?.machine == machine.id {
                    owners[address] = nil
                }
            }
        }
        for app in changes.apps {
            apps[app.app] = app
            for machine in app.machines {
                let caller = Caller(network: app.network, region: machine.region)
                for address in Self.both(machine.address) {
                    owners[address] = Owner(app: app.app, machine: machine.id, caller: caller)
                }
            }
        }
        return true
    }

    /// Who asks from that address, which nobody can forge; nil for one that is no Machine's.
    ///
    /// A Machine that is not known yet has its network in its address.
    ///
    /// - Parameter address: 4 or 16 bytes.
    /// - Returns: its app, network and region.
    package func caller(_ address: [UInt8]) -> Caller? {
        if let owner = owners[address] { return owner.caller }
        guard address.count == 16, address.starts(with: [0xfd, 0xaa]) else { return nil }
        return Caller(network: address.long(2), region: home.region)
    }

    /// All that is known of an app.
    package func app(_ name: String) -> NamedApp? { apps[name] }

    /// Whose address that is; nil where it is no Machine's.
    package func owner(of address: Machine.Address) -> (app: String, machine: Machine.ID)? {
        Self.both(address).lazy.compactMap { owners[$0] }.first.map { ($0.app, $0.machine) }
    }

    /// What a name stands for, for that caller.
    ///
    /// - Parameters:
    ///   - labels: in lower case, the outermost last.
    ///   - caller: nil for somebody who is in no network, and so hears of nothing.
    /// - Returns: what is there, or who else has to be asked.
    package func find(_ labels: [String], for caller: Caller?) -> Finding {
        guard let zone = labels.last else { return .elsewhere }
        let rest = labels.dropLast()
        switch zone {
        case "internal": return caller.map { find(within: rest, $0) } ?? .unknown
        case "flycast": return caller.map { flycast(rest, $0) } ?? .unknown
        case "arpa": return caller.map { reverse(rest, $0) } ?? .elsewhere
        default: return .elsewhere
        }
    }

    // MARK: - Private

    private static func both(_ address: Machine.Address) -> [[UInt8]] {
        [address.ipv4, address.ipv6].compactMap { IPAddress($0)?.bytes }
    }

    private func visible(_ caller: Caller) -> [NamedApp] {
        apps.values.filter { $0.network == caller.network }.sorted { $0.app < $1.app }
    }

    /// A name below `internal`.
    private func find(within labels: ArraySlice<String>, _ caller: Caller) -> Finding {
        guard let last = labels.last else { return .bare }
        let rest = labels.dropLast()
        switch last {
        case "_apps": return rest.isEmpty ? text(visible(caller).map(\.app).joined(separator: ",")) : .unknown
        case "_peer": return rest.isEmpty ? text("") : .unknown
        case "_instances":
            switch Array(rest) {
            case []: return instances(caller, all: false)
            case ["all"]: return instances(caller, all: true)
            default: return .unknown
            }
        default: break
        }
        guard let app = apps[last], app.network == caller.network else { return .unknown }
        return find(Array(rest), of: app, caller)
    }

    private func find(_ labels: [String], of app: NamedApp, _ caller: Caller) -> Finding {
        let deployed = app.machines.filter { !$0.isHidden }.sorted { $0.id < $1.id }
        let started = deployed.filter(\.isStarted)
        switch labels {
        case [], ["global"]: return addresses(started)
        case ["vms"]: return text(Self.places(started))
        case ["all", "vms"]: return text(Self.places(deployed))
        case ["regions"]: return text(Self.regions(started))
        case ["all", "regions"]: return text(Self.regions(deployed))
        case ["all"], ["vm"], ["process"], ["of"], ["nearest", "of"], ["_metadata"], ["kv", "_metadata"]: return .bare
        default: break
        }
        if labels.count == 2, labels[1] == "vm" {
            // By its ID it is found even if it is hidden from all other names.
            guard let machine = app.machines.first(where: { $0.id.text == labels[0] }) else { return .unknown }
            return addresses(machine.isStarted ? [machine] : [])
        }
        if labels.count == 2, labels[1] == "process" {
            let group = deployed.filter { $0.group.lowercased() == labels[0] }
            return group.isEmpty ? .unknown : addresses(group.filter(\.isStarted))
        }
        if labels.count >= 4, labels.suffix(2) == ["kv", "_metadata"] {
            let (value, key) = (labels.dropLast(3).joined(separator: "."), labels[labels.count - 3])
            return addresses(
                started.filter { machine in
                    machine.metadata.contains { $0.key.lowercased() == key && $0.value.lowercased() == value }
                }
            )
        }
        if labels.count == 3, labels[1...] == ["nearest", "of"], labels[0].hasPrefix("top"),
            let count = Int(labels[0].dropFirst(3)), count > 0
        {
            // Those of the caller's own region come first; how far others are apart a single host can't know.
            let near = started.filter { $0.region == caller.region }
            return addresses(Array((near + started.filter { $0.region != caller.region }).prefix(count)))
        }
        guard labels.count == 1 else { return .unknown }
        let inRegion = deployed.filter { $0.region.lowercased() == labels[0] }
        guard !inRegion.isEmpty || Regions.known.contains(labels[0]) else { return .unknown }
        return addresses(inRegion.filter(\.isStarted))
    }

    private func flycast(_ labels: ArraySlice<String>, _ caller: Caller) -> Finding {
        guard let name = labels.last else { return .bare }
        guard labels.count == 1, let app = apps[name] else { return .unknown }
        let own = app.flycast.filter { $0.network == caller.network }
        // An app of another network that has no address here is none that this network hears of.
        guard !own.isEmpty || app.network == caller.network else { return .unknown }
        return .known(addresses: own.map { Machine.Address(ipv4: "", ipv6: $0.address) })
    }

    /// The name of a Machine's address; other addresses of these ranges have none.
    private func reverse(_ labels: ArraySlice<String>, _ caller: Caller) -> Finding {
        guard let address = IPAddress(reversed: labels) else { return .elsewhere }
        guard let owner = owners[address.bytes], owner.caller.network == caller.network else {
            return address.bytes.prefix(2) == [0xfd, 0xaa] ? .unknown : .elsewhere
        }
        return .known(addresses: [], pointers: ["\(owner.machine).vm.\(owner.app).internal"])
    }

    private func addresses(_ machines: [NamedMachine]) -> Finding { .known(addresses: machines.map(\.address)) }

    private func text(_ text: String) -> Finding { .known(addresses: [], texts: [text]) }

    private static func places(_ machines: [NamedMachine]) -> String {
        machines.map { "\($0.id) \($0.region)" }.joined(separator: ",")
    }

    private static func regions(_ machines: [NamedMachine]) -> String {
        Set(machines.map(\.region)).sorted().joined(separator: ",")
    }

    private func instances(_ caller: Caller, all: Bool) -> Finding {
        let list = visible(caller).flatMap { app in
            app.machines.filter { !$0.isHidden && ($0.isStarted || all) }.sorted { $0.id < $1.id }.map {
                "instance=\($0.id),app=\(app.app),ip=\($0.address.ipv6),region=\($0.region)"
            }
        }
        return text(list.joined(separator: ";"))
    }
}

extension IPAddress {
    /// `2.0.0.10.in-addr` and the 32 digits of `ip6`, without the last label.
    init?(reversed labels: ArraySlice<String>) {
        let parts = labels.dropLast().reversed()
        switch labels.last {
        case "in-addr" where parts.count == 4: self.init(parts.joined(separator: "."))
        case "ip6" where parts.count == 32 && parts.allSatisfy({ $0.utf8.count == 1 }):
            let digits = Array(parts)
            self.init(
                stride(from: 0, to: 32, by: 4).map { digits[$0..<$0 + 4].joined() }.joined(separator: ":")
            )
        default: return nil
        }
    }
}
