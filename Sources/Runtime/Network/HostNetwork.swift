import CLinux
import Foundation
import Glibc
import Model
import Toolkit

/// The bridge, the firewall table, and one network namespace with a veth pair for each Machine.
struct HostNetwork: Sendable {
    let paths: HostPaths
    /// Differs on each host that may join the same network.
    let hostName: String
    /// Marks the namespaces of build steps, so that nobody takes them for Machines'.
    var mark = ""

    /// `roost0`, `r12ab30`.
    var bridge: String { "\(paths.instance)0" }

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

    /// Makes bridge and firewall table, switches forwarding on; what is there already is left.
    ///
    /// The name servers are kept out of the chosen block, or Machines could not reach them.
    func prepare(nameservers: [String]) async throws -> AddressPlan {
        let plan = try await choosePlan(nameservers: nameservers)
        try batch(Self.bridgeLines(bridge, plan, exists: KernelFile.exists("/sys/class/net/\(bridge)"), Self.hasIPv6))
        try enableForwarding()
        let firewall = Firewall(instance: paths.instance, bridge: bridge, plan: plan)
        try await Command("nft", ["-f", "-"], input: firewall.rules).checked()
        return plan
    }

    /// Removes bridge and firewall table.
    func remove() async throws {
        if KernelFile.exists("/sys/class/net/\(bridge)") { try batch(["link del \(bridge)"]) }
        try await Command("nft", ["-f", "-"], input: Firewall.removal(of: paths.instance)).checked()
        try await openAll()
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
    /// Blocks.
    func provision(_ id: Machine.ID, address: Machine.Address) throws(Fault) {
        let plan = try plan()
        var outside: [String] = []
        if !isProvisioned(id) {
            // What a crash or a reboot has left is a plain file, which stands in the way.
            if KernelFile.exists(namespacePath(id)) { outside.append("netns del \(namespace(id))") }
            outside.append("netns add \(namespace(id))")
        }
        if !hasLink(id) {
            let inner = "peer name eth0 address \(Self.hardwareAddress(address)) netns \(namespace(id))"
            outside.append("link add name \(link(id)) type veth \(inner)")
            outside.append("link set dev \(link(id)) addrgenmode none")
        }
        outside.append("link set dev \(link(id)) master \(bridge) up")
        try batch(outside)
        try batch(Self.insideLines(address, plan, Self.hasIPv6), in: namespace(id))
    }

    /// Removes link and namespace; what is gone already is no error.
    ///
    /// Blocks.
    func remove(_ id: Machine.ID) throws(Fault) {
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

    static func bridgeLines(_ bridge: String, _ plan: AddressPlan, exists: Bool, _ ipv6: Bool) -> [String] {
        // An own hardware address, since a bridge else takes its lowest port's, and changes it as Machines come and go.
        let hash = HostPaths.fnv1a(bridge)
        let tail = [24, 16, 8, 0].map { shift in
            let digits = String(hash >> shift & 0xff, radix: 16)
            return digits.count == 1 ? "0\(digits)" : digits
        }
        var lines = exists ? [] : ["link add name \(bridge) type bridge"]
        lines.append("link set dev \(bridge) address 02:72:\(tail.joined(separator: ":")) up")
        lines.append("addr replace \(plan.gateway.ipv4)/\(plan.ipv4.prefix) dev \(bridge)")
        if ipv6 { lines.append("addr replace \(plan.gateway.ipv6)/80 dev \(bridge) nodad") }
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

    static func insideLines(_ address: Machine.Address, _ plan: AddressPlan, _ ipv6: Bool) -> [String] {
        var lines = [
            "link set dev lo up",
            "addr replace \(address.ipv4)/\(plan.ipv4.prefix) dev eth0",
        ]
        // Without duplicate address detection, which would keep the address unusable for its first second.
        if ipv6 { lines.append("addr replace \(address.ipv6)/80 dev eth0 nodad") }
        lines.append("link set dev eth0 up")
        lines.append("route replace default via \(plan.gateway.ipv4) dev eth0")
        if ipv6 { lines.append("route replace default via \(plan.gateway.ipv6) dev eth0") }
        return lines
    }

    // MARK: - Private

    private static let namespaces = "/run/netns"

    private static var hasIPv6: Bool { KernelFile.exists("/proc/sys/net/ipv6/conf/all/forwarding") }

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
