import CLinux
import Foundation
import Glibc
import Model
import Toolkit

/// The bridge, the firewall table, and one network namespace with a veth pair for each Machine.
///
/// Builds have a bridge of their own, on which none of them sees another.
struct HostNetwork: Sendable {
    let paths: HostPaths
    /// Differs on each host that may join the same network.
    let hostName: String
    /// Marks the namespaces of build steps, so that nobody takes them for Machines'.
    var mark = ""

    /// `roost0`, `r12ab30`; `roost1` of builds.
    var bridge: String { "\(paths.instance)\(isOfBuilds ? 1 : 0)" }

    private var isOfBuilds: Bool { !mark.isEmpty }

    private func subnet(_ plan: AddressPlan) -> AddressPlan.Subnet { isOfBuilds ? plan.builds : plan.machines }

    /// The name under `/run/netns`.
    func namespace(_ id: Machine.ID) -> String { "\(paths.instance)\(mark)-\(id)" }

    func namespacePath(_ id: Machine.ID) -> String { "\(Self.namespaces)/\(namespace(id))" }

    /// The host's end of a Machine's link: 15 characters, as many as the kernel takes.
    func link(_ id: Machine.ID) -> String { "v\(id)" }

    // MARK: - Host

    /// The addresses that this instance has chosen; they stay the same once chosen.
    ///
    /// - Throws: ``Fault`` `hostUnfit` before the first `prepare`.
    func plan() throws(Fault) -> AddressPlan {
        guard let data = FileManager.default.contents(atPath: planPath) else {
            throw Fault(.hostUnfit, "\(planPath) is missing: the host's network is not prepared")
        }
        return try JSON.decode(AddressPlan.self, from: data, what: planPath)
    }

    /// Makes bridges and firewall tables, switches forwarding on; what is there already is left.
    ///
    /// The name servers are kept out of the chosen block, or Machines could not reach them.
    ///
    /// - Parameters:
    ///   - nameservers: whom Machines and builds ask for names.
    ///   - builds: the same host's network for builds.
    ///   - openToBuilds: private addresses and blocks that builds may reach.
    ///   - openToMachines: the same for Machines.
    /// - Returns: the plan, and the kernel's words where it can't look at what bridges carry.
    /// - Throws: ``Fault`` `toolFailed` when the kernel refuses something.
    func prepare(
        nameservers: [String],
        builds: HostNetwork,
        openToBuilds: [String],
        openToMachines: [String] = []
    ) async throws -> (plan: AddressPlan, unguarded: String?) {
        let plan = try await choosePlan(nameservers: nameservers)
        for network in [self, builds] {
            let exists = KernelFile.exists("/sys/class/net/\(network.bridge)")
            try batch(Self.bridgeLines(network.bridge, network.subnet(plan), exists: exists, Self.hasIPv6))
            // Builds ask the host's own name servers.
            if network.isOfBuilds || !Self.hasIPv6 { continue }
            try batch(["addr replace \(NameHome.resolver)/128 dev \(network.bridge) nodad"])
        }
        try enableForwarding()
        let firewall = Firewall(
            instance: paths.instance,
            bridge: bridge,
            buildBridge: builds.bridge,
            plan: plan,
            nameservers: nameservers,
            openToBuilds: openToBuilds,
            openToMachines: openToMachines
        )
        try await Command("nft", ["-f", "-"], input: firewall.rules).checked()
        let ports = provisioned().compactMap { id -> GuardRules.Port? in
            // The second of Machines that an earlier daemon provisioned.
            let known = KernelFile.read(addressPath(id)) ?? KernelFile.read("\(paths.machines)/\(id)/network")
            return known.flatMap { plan.address(note: $0) }.map { port(id, $0) }
        }
        let outcome = try await Command("nft", ["-f", "-"], input: guardRules.rules(ports)).run()
        return (plan, outcome.code == 0 ? nil : outcome.error)
    }

    /// Removes bridges and firewall tables.
    func remove(builds: HostNetwork) async throws {
        for bridge in [bridge, builds.bridge] where KernelFile.exists("/sys/class/net/\(bridge)") {
            try batch(["link del \(bridge)"])
        }
        try await Command("nft", ["-f", "-"], input: Firewall.removal(of: paths.instance)).checked()
        // A kernel that can't filter bridges never had it.
        _ = try await Command("nft", ["-f", "-"], input: guardRules.removal).run()
        try await openAll()
    }

    private var guardRules: GuardRules { GuardRules(instance: paths.instance) }

    private func port(_ id: Machine.ID, _ address: Machine.Address) -> GuardRules.Port {
        GuardRules.Port(link: link(id), hardware: Self.hardwareAddress(address), address: address)
    }

    /// Says which addresses may be sent from a Machine's port.
    ///
    /// Blocks.
    private func guardPort(_ lines: String) throws(Fault) {
        let outcome = try Spawn.run(["/usr/sbin/nft", "-f", "-"], input: lines)
        // No such table: the kernel can't filter bridges, which was said when the host was prepared.
        guard outcome.code == 0 || outcome.output.contains("No such file or directory") else {
            throw Fault(.toolFailed, "nft could not bind a Machine to its addresses: \(outcome.output)")
        }
    }

    /// Keeps closed Machines to their guests, in the place of what was said before.
    ///
    /// - Throws: ``Fault`` `hostUnfit` when the kernel can't; all is as it was then.
    func limit(to reach: Reach) async throws {
        // A kernel that can't filter bridges is no hindrance as long as nothing is closed.
        if reach.isOpen { return try await openAll() }
        let outcome = try await Command("nft", ["-f", "-"], input: reachRules.rules(reach)).run()
        guard outcome.code == 0 else {
            let words = outcome.error.split(separator: "\n").prefix(2).joined(separator: " ")
            throw Fault(
                .hostUnfit,
                "this host can't close a Machine to its neighbours: \(words)",
                hint: "its kernel needs nf_tables for bridges: modprobe nft_meta_bridge nf_tables"
            )
        }
    }

    private func openAll() async throws {
        let tables = try await Command("nft", ["list", "tables"]).checked()
        let own = tables.split(separator: "\n").filter { $0.hasSuffix(" \(reachRules.table)") }
        guard !own.isEmpty else { return }
        try await Command("nft", ["-f", "-"], input: own.map { "delete \($0)\n" }.joined()).checked()
    }

    private var reachRules: ReachRules { ReachRules(instance: paths.instance, bridge: bridge) }

    // MARK: - Machines

    /// Machines whose network namespace exists.
    func provisioned() -> [Machine.ID] {
        let prefix = "\(paths.instance)\(mark)-"
        return KernelFile.names(in: Self.namespaces).compactMap { name in
            name.hasPrefix(prefix) ? Machine.ID(String(name.dropFirst(prefix.count))) : nil
        }
    }

    func isProvisioned(_ id: Machine.ID) -> Bool { Self.isNamespace(namespacePath(id)) }

    func hasLink(_ id: Machine.ID) -> Bool { KernelFile.exists("/sys/class/net/\(link(id))") }

    /// Makes the namespace and its link; what is there already gets the address again.
    ///
    /// With `ownUsers`, a new namespace belongs to a user namespace of its own.
    ///
    /// Blocks.
    func provision(_ id: Machine.ID, address: Machine.Address, ownUsers: Bool = false) throws(Fault) {
        let own = try plan()
        let plan = own.within(AppNetwork.number(of: address.ipv6) ?? own.network)
        if !isProvisioned(id) { try makeNamespace(id, ownUsers ? range(address, plan) : nil) }
        var outside: [String] = []
        if plan != own, Self.hasIPv6 {
            let net = subnet(plan)
            outside.append("addr replace \(net.gateway.ipv6)/\(net.prefix6) dev \(bridge) nodad")
        }
        if !hasLink(id) {
            let inner = "peer name eth0 address \(Self.hardwareAddress(address)) netns \(namespace(id))"
            outside.append("link add name \(link(id)) type veth \(inner)")
            outside.append("link set dev \(link(id)) addrgenmode none")
        }
        if let old = KernelFile.read(addressPath(id)), old != AddressPlan.note(address),
            let old = plan.address(note: old)
        {
            try guardPort(guardRules.removing(port(id, old)))
        }
        // Before its first packet.
        try guardPort(guardRules.adding(port(id, address)))
        outside.append("link set dev \(link(id)) master \(bridge) up")
        if isOfBuilds { outside.append("link set dev \(link(id)) type bridge_slave isolated on") }
        try batch(outside)
        try batch(Self.insideLines(address, subnet(plan), Self.hasIPv6), in: namespace(id))
        try KernelFile.create(addressPath(id), Array(AddressPlan.note(address).utf8), mode: 0o600)
    }

    /// The user namespace of a Machine whose network belongs to one.
    func users(_ id: Machine.ID) -> UserNamespace? { UserNamespace(owning: namespacePath(id)) }

    /// The users of who has an address.
    private func range(_ address: Machine.Address, _ plan: AddressPlan) -> UserRange? {
        IPv4Block.number(address.ipv4).map { UserRange(instance: paths.instance, number: $0 &- plan.ipv4.base) }
    }

    private func makeNamespace(_ id: Machine.ID, _ range: UserRange?) throws(Fault) {
        // What a crash or a reboot has left is a plain file, which stands in the way.
        let old = KernelFile.exists(namespacePath(id)) ? ["netns del \(namespace(id))"] : []
        guard let range else { return try batch(old + ["netns add \(namespace(id))"]) }
        try UserNamespace.make(range) { holder throws(Fault) in
            try batch(old + ["netns attach \(namespace(id)) \(holder)"])
        }
    }

    /// Removes link and namespace; what is gone already is no error.
    ///
    /// Blocks.
    func remove(_ id: Machine.ID) throws(Fault) {
        if let text = KernelFile.read(addressPath(id)), let address = try plan().address(note: text) {
            try guardPort(guardRules.removing(port(id, address)))
            unlink(addressPath(id))
        }
        let device = "/sys/class/net/\(link(id))"
        // By its own name first: with the namespace it would go too, but at a time of the kernel's choosing.
        for (path, line) in [(device, "link del dev \(link(id))"), (namespacePath(id), "netns del \(namespace(id))")]
        where KernelFile.exists(path) {
            do throws(Fault) {
                try batch([line])
            } catch {
                // Gone meanwhile, as wanted.
                if KernelFile.exists(path) { throw error }
            }
        }
    }

    // MARK: - Commands, as text

    static func bridgeLines(_ bridge: String, _ net: AddressPlan.Subnet, exists: Bool, _ ipv6: Bool) -> [String] {
        // An own hardware address, since a bridge else takes its lowest port's, and changes it as Machines come and go.
        let hash = HostPaths.fnv1a(bridge)
        let tail = [24, 16, 8, 0].map { shift in
            let digits = String(hash >> shift & 0xff, radix: 16)
            return digits.count == 1 ? "0\(digits)" : digits
        }
        var lines = exists ? [] : ["link add name \(bridge) type bridge"]
        lines.append("link set dev \(bridge) address 02:72:\(tail.joined(separator: ":")) up")
        lines.append("addr replace \(net.gateway.ipv4)/\(net.ipv4.prefix) dev \(bridge)")
        if ipv6 { lines.append("addr replace \(net.gateway.ipv6)/\(net.prefix6) dev \(bridge) nodad") }
        return lines
    }

    /// Always the same for an IP address: who knew its last owner reaches the next one at once, not only when the kernel
    /// has found out, up to a minute later, that its neighbour has moved.
    static func hardwareAddress(_ address: Machine.Address) -> String {
        let parts = address.ipv4.split(separator: ".").compactMap { UInt8($0) }.map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return (["02", "52"] + parts).joined(separator: ":")
    }

    static func insideLines(_ address: Machine.Address, _ net: AddressPlan.Subnet, _ ipv6: Bool) -> [String] {
        var lines = [
            "link set dev lo up",
            "addr replace \(address.ipv4)/\(net.ipv4.prefix) dev eth0",
        ]
        // Without duplicate address detection, which would keep the address unusable for its first second.
        if ipv6 { lines.append("addr replace \(address.ipv6)/\(net.prefix6) dev eth0 nodad") }
        lines.append("link set dev eth0 up")
        lines.append("route replace default via \(net.gateway.ipv4) dev eth0")
        if ipv6 { lines.append("route replace default via \(net.gateway.ipv6) dev eth0") }
        return lines
    }

    // MARK: - Private

    private static let namespaces = "/run/netns"

    static var hasIPv6: Bool { KernelFile.exists("/proc/sys/net/ipv6/conf/all/forwarding") }

    /// Says which address a port has, for as long as it is there.
    private func addressPath(_ id: Machine.ID) -> String {
        "\(paths.run)/\(isOfBuilds ? "build-addresses" : "addresses")/\(id)"
    }

    private var planPath: String { "\(paths.state)/network.json" }

    private static func isNamespace(_ path: String) -> Bool {
        var status = statfs()
        return statfs(path, &status) == 0 && Int(status.f_type) == roost_nsfs_magic
    }

    private func choosePlan(nameservers: [String]) async throws -> AddressPlan {
        if KernelFile.exists(planPath) { return try plan() }
        struct Route: Decodable { var dst: String }
        let text = try await Command("ip", ["-4", "-j", "route", "show", "table", "all"]).checked()
        let routes = try JSON.decode([Route].self, from: Data(text.utf8), what: "the host's routes")
        let plan = AddressPlan(
            seed: "\(hostName)/\(paths.instance)",
            avoiding: (routes.map(\.dst) + nameservers).compactMap { IPv4Block($0) }
        )
        try Durable.makeFolder(paths.state)
        try Durable.write(try JSON.encode(plan), to: planPath)
        return plan
    }

    /// Runs lines of the `ip` program in one process.
    ///
    /// Blocks.
    private func batch(_ lines: [String], in namespace: String? = nil) throws(Fault) {
        let place = namespace.map { ["-n", $0] } ?? []
        let outcome = try Spawn.run(
            ["/sbin/ip"] + place + ["-batch", "-"],
            input: lines.joined(separator: "\n") + "\n"
        )
        guard outcome.code == 0 else {
            let words = outcome.output.split(separator: "\n").joined(separator: "; ")
            throw Fault(.toolFailed, "ip \(place.joined(separator: " ")) could not set up the network: \(words)")
        }
    }

    /// Only where it is off: writing it again would reset other settings of the interfaces.
    private func enableForwarding() throws(Fault) {
        let ipv4 = "/proc/sys/net/ipv4/ip_forward"
        if KernelFile.read(ipv4)?.hasPrefix("0") == true { try KernelFile.write("1", to: ipv4) }
        let ipv6 = "/proc/sys/net/ipv6/conf/all/forwarding"
        guard KernelFile.read(ipv6)?.hasPrefix("0") == true else { return }
        // A host that forwards no longer listens to its own router's advertisements, unless told 2 (ip-sysctl.rst).
        for device in KernelFile.names(in: "/proc/sys/net/ipv6/conf") where device != "all" {
            let setting = "/proc/sys/net/ipv6/conf/\(device)/accept_ra"
            if KernelFile.read(setting)?.hasPrefix("1") == true { try KernelFile.write("2", to: setting) }
        }
        try KernelFile.write("1", to: ipv6)
    }
}
