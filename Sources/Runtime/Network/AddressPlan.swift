package import Model
import Toolkit

/// Which addresses an instance gives to its Machines.
///
/// IPv4: a /20 of 10.0.0.0/8, its first address the gateway. IPv6: `fdaa:`, 32 bits of network, 32 bits of host,
/// 32 bits of Machine, of which each owns a /112 and answers at `::2`; number 0 of a host is its gateway, at `::1`.
///
/// > Source: `proxy-dns`, section 15, for the 6PN form.
package struct AddressPlan: Equatable, Sendable {
    package private(set) var ipv4: IPv4Block
    /// Tells networks apart that must not reach each other.
    package private(set) var network: UInt32
    /// Tells this host apart from all others of the network.
    package private(set) var host: UInt32

    /// How many Machines a host can number.
    package static let capacity = 4000
    /// How many build steps may run at once.
    static let buildCapacity = 32
    /// Builds have the last 64 numbers, which is a block of its own in both families, with a gateway of its own.
    private static let firstBuild = 4032

    /// Chooses by a hash of `seed`, and takes the next block as long as that overlaps one in use.
    ///
    /// - Parameters:
    ///   - seed: differs for each instance on each host.
    ///   - network: of those that must not reach each other.
    ///   - used: the host's routes, and addresses that Machines have to reach outside. Those of /8 and wider don't count:
    ///     a default route overlaps everything.
    package init(seed: String, network: UInt32 = 1, avoiding used: [IPv4Block] = []) {
        let hash = HostPaths.fnv1a(seed)
        let taken = used.filter { $0.prefix > 8 }
        let candidates = (0..<4096).lazy.map { step in
            // Neighbouring hashes differ in few bits: a multiplication spreads them over all blocks.
            let number = ((hash &* 2_654_435_761) >> 20 &+ UInt32(step)) & 0xfff
            return IPv4Block(base: 10 << 24 | number << 12, prefix: 20)
        }
        // With all of 10.0.0.0/8 in use, a conflict is left to the doctor to tell.
        let free = candidates.first { block in !taken.contains { $0.overlaps(block) } }
        ipv4 = free ?? IPv4Block(base: 10 << 24, prefix: 20)
        self.network = network
        host = hash
    }

    /// The same host's addresses in another network.
    ///
    /// Its Machines' IPv4 addresses and numbers are of the one block that all networks share.
    package func within(_ network: UInt32) -> AddressPlan {
        var plan = self
        plan.network = network
        return plan
    }

    /// What matches this host's addresses in every network: a mask, and what is left under it.
    var allNetworks: (mask: String, value: String) {
        let groups = [0xfdaa, 0, 0, host >> 16, host, 0, 0, 0].map { UInt16(truncatingIfNeeded: $0) }
        return ("ffff:0:0:ffff:ffff::", IPv6Text.compressed(groups))
    }

    /// The host's own end, on the bridge.
    package var gateway: Machine.Address {
        Machine.Address(ipv4: IPv4Block.text(ipv4.base + 1), ipv6: address6(machine: 0, last: 1))
    }

    /// All IPv6 addresses of this host's Machines.
    package var ipv6: String { "\(prefix6)::/80" }

    /// The address of the Machine with that number, 0 up to `capacity`; nil beyond.
    package func address(index: Int) -> Machine.Address? {
        (0..<Self.capacity).contains(index) ? address(number: index + 2) : nil
    }

    /// The address of a build step.
    func buildAddress(slot: Int) -> Machine.Address {
        precondition((0..<Self.buildCapacity).contains(slot), "build slots are numbered from 0")
        return address(number: Self.firstBuild + slot + 2)
    }

    /// What the Machines' bridge carries.
    var machines: Subnet {
        Subnet(gateway: gateway, ipv4: ipv4, ipv6: "\(prefix6)::", prefix6: 80)
    }

    /// What the builds' bridge carries.
    var builds: Subnet {
        let block = IPv4Block(base: ipv4.base + UInt32(Self.firstBuild), prefix: 26)
        return Subnet(
            gateway: address(number: Self.firstBuild + 1),
            ipv4: block,
            ipv6: address6(machine: UInt32(Self.firstBuild), last: 0),
            prefix6: 106
        )
    }

    /// The addresses on one bridge.
    struct Subnet: Equatable {
        var gateway: Machine.Address
        var ipv4: IPv4Block
        /// The lowest address.
        var ipv6: String
        var prefix6: Int

        var block6: String { "\(ipv6)/\(prefix6)" }
    }

    /// What stands for an address in a file: the IPv4 one, and the network if it is not the one that all share.
    static func note(_ address: Machine.Address) -> String {
        let network = AppNetwork.number(of: address.ipv6) ?? AppNetwork.default.number
        return network == AppNetwork.default.number ? address.ipv4 : "\(address.ipv4) \(network)"
    }

    /// The address that such a note stands for.
    func address(note: String) -> Machine.Address? {
        let parts = note.split(separator: " ")
        guard let ipv4 = parts.first else { return nil }
        let network = parts.count > 1 ? UInt32(parts[1]) : self.network
        return network.flatMap { within($0).address(ipv4: String(ipv4)) }
    }

    /// The whole address of a Machine or a build that has this IPv4 one; nil for one of another block.
    func address(ipv4 text: String) -> Machine.Address? {
        guard let number = IPv4Block.number(text), ipv4.contains(number) else { return nil }
        return address(number: Int(number - ipv4.base))
    }

    /// The first address none of whose halves is in use.
    ///
    /// - Throws: ``Fault`` `hostUnfit` when all are.
    package func firstFree(used: [Machine.Address]) throws(Fault) -> Machine.Address {
        let used4 = Set(used.map(\.ipv4))
        // A Machine's number is its own in all networks.
        let used6 = Set(used.compactMap { IPAddress($0.ipv6)?.bytes[6...] })
        for index in 0..<Self.capacity {
            guard let address = address(index: index) else { break }
            let own6 = IPAddress(address.ipv6)?.bytes[6...] ?? []
            if !used4.contains(address.ipv4), !used6.contains(own6) { return address }
        }
        throw Fault(
            .hostUnfit,
            "this host has no address left for another Machine: all \(Self.capacity) of \(ipv4) are in use",
            hint: "free some: roost apps list, then roost apps destroy NAME or roost machine destroy ID"
        )
    }

    // MARK: - Private

    private func address(number: Int) -> Machine.Address {
        let number = UInt32(number)
        return Machine.Address(ipv4: IPv4Block.text(ipv4.base + number), ipv6: address6(machine: number, last: 2))
    }

    private var prefix6: String {
        "fdaa:" + [network >> 16, network, host >> 16, host].map(Self.group).joined(separator: ":")
    }

    private func address6(machine: UInt32, last: UInt32) -> String {
        let groups = [0xfdaa, network >> 16, network, host >> 16, host, machine >> 16, machine, last]
        return IPv6Text.compressed(groups.map { UInt16(truncatingIfNeeded: $0) })
    }

    private static func group(_ number: UInt32) -> String { String(number & 0xffff, radix: 16) }
}

extension AddressPlan: KeyedForm {
    package static var schema: Int? { 2 }
    package static var blank: AddressPlan { AddressPlan(seed: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("ipv4", &ipv4)
        try form.field("network", &network)
        try form.need("host", &host)
    }
}
