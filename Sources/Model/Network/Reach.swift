/// Which Machines their neighbours can't reach, but for those that may.
///
/// All others reach one another: it is the exception that is listed.
package struct Reach: Equatable, Sendable {
    /// A Machine as the rule needs to know it.
    package struct Member: Equatable, Sendable {
        package var app: String
        package var address: Machine.Address
        /// The one app whose Machines may talk to it; nil for a Machine that is open to all.
        package var openTo: String?

        package init(app: String, address: Machine.Address, openTo: String? = nil) {
            self.app = app
            self.address = address
            self.openTo = openTo
        }
    }

    /// A closed Machine, and a Machine that may talk to it.
    package struct Pair: Hashable, Sendable {
        package var closed: Machine.Address
        package var guest: Machine.Address
    }

    /// The addresses of closed Machines, in order.
    package private(set) var closed: [Machine.Address]
    /// Who may talk to whom, in order.
    package private(set) var pairs: [Pair]
    /// The IPv4 addresses of each network but the one that all share, by its number: closed to all outside of it.
    package private(set) var networks: [UInt32: [String]]

    /// The rule for all Machines of a host, in any order.
    package init(_ members: some Sequence<Member>) {
        let all = members.sorted { ($0.address.ipv4, $0.address.ipv6) < ($1.address.ipv4, $1.address.ipv6) }
        let shut = all.filter { $0.openTo != nil }
        closed = shut.map(\.address)
        pairs = shut.flatMap { one in
            // Of an app that is itself open to none, only its own Machines.
            all.filter { $0.app == one.openTo && $0.address != one.address }
                .map { Pair(closed: one.address, guest: $0.address) }
        }
        networks = Dictionary(grouping: all) { AppNetwork.number(of: $0.address.ipv6) ?? AppNetwork.default.number }
            .filter { $0.key > AppNetwork.default.number }.mapValues { $0.map(\.address.ipv4) }
    }

    /// Nothing is closed.
    package var isOpen: Bool { closed.isEmpty && networks.isEmpty }
}

extension MachineConfig {
    /// The app to whose Machines alone a Machine is open.
    package var openTo: String? {
        get { metadata[Self.openToKey] }
        set { metadata[Self.openToKey] = newValue }
    }

    private static let openToKey = "roost_open_to"
}
