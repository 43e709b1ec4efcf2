import Model

/// The tables that keep closed Machines to their guests, as text for `nft -f -`.
///
/// Neighbours talk over the bridge, past the host's own forwarding: so it is the bridge that has to filter, and the host
/// as well, should somebody send a packet by way of the gateway. The bridge follows no connections: both directions of a
/// pair are let through by their addresses, which no Machine can forge.
struct ReachRules {
    /// Of the tables, one in each of the two families.
    let table: String
    let bridge: String

    init(instance: String, bridge: String) {
        table = "\(instance)-reach"
        self.bridge = bridge
    }

    /// Replaces both tables in one transaction.
    func rules(_ reach: Reach) -> String {
        removal + family("bridge", reach, [])
            // Between two Machines alone: what a Machine fetches from outside passes here too.
            + family("inet", reach, ["iifname != \"\(bridge)\" accept", "oifname != \"\(bridge)\" accept"])
    }

    /// Removes both, whether they are there or not.
    var removal: String {
        ["bridge", "inet"].map { "table \($0) \(table)\ndelete table \($0) \(table)\n" }.joined()
    }

    // MARK: - Private

    private func family(_ name: String, _ reach: Reach, _ first: [String]) -> String {
        let closed4 = Self.set("closed4", "ipv4_addr", reach.closed.map(\.ipv4))
        let closed6 = Self.set("closed6", "ipv6_addr", reach.closed.map(\.ipv6))
        let open4 = Self.set("open4", "ipv4_addr . ipv4_addr", Self.ways(reach, \.ipv4))
        let open6 = Self.set("open6", "ipv6_addr . ipv6_addr", Self.ways(reach, \.ipv6))
        let isBridge = name == "bridge"
        let own4 = reach.networks.sorted { $0.key < $1.key }.map {
            Self.set("network\($0.key)", "ipv4_addr", $0.value)
        }
        let chain =
            first + [
                // Without these two nobody finds a neighbour's hardware address; they carry no data.
                "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept",
                "ip saddr . ip daddr @open4 accept", "ip6 saddr . ip6 daddr @open6 accept",
                "ip saddr @closed4 drop", "ip daddr @closed4 drop", "ip6 saddr @closed6 drop",
                "ip6 daddr @closed6 drop",
            ] + reach.networks.keys.sorted().flatMap { Self.border($0, isBridge) }
            // What is meant for everybody knows no network.
            + (reach.networks.isEmpty || !isBridge
                ? [] : ["ether type { ip, ip6 } ether daddr & 01:00:00:00:00:00 != 0 drop"])
        return """
            table \(name) \(table) {
            \(([closed4, closed6, open4, open6] + own4).joined(separator: "\n"))
                chain forward {
                    type filter hook forward priority filter; policy accept;
            \(chain.map { "        \($0)" }.joined(separator: "\n"))
                }
            }

            """
    }

    /// Nothing passes into a network or out of it.
    private static func border(_ number: UInt32, _ isBridge: Bool) -> [String] {
        let groups = [0xfdaa, number >> 16, number, 0, 0, 0, 0, 0].map { UInt16(truncatingIfNeeded: $0) }
        let (own4, own6) = ("@network\(number)", "\(IPv6Text.compressed(groups))/48")
        let ways = [("saddr", "daddr"), ("daddr", "saddr")]
        return ways.flatMap { one, other in
            ["ip \(one) \(own4) ip \(other) != \(own4) drop", "ip6 \(one) \(own6) ip6 \(other) != \(own6) drop"]
                + (isBridge ? ["arp \(one) ip \(own4) arp \(other) ip != \(own4) drop"] : [])
        }
    }

    private static func set(_ name: String, _ type: String, _ elements: [String]) -> String {
        let list = elements.isEmpty ? "" : " elements = { \(elements.joined(separator: ", ")) }"
        return "    set \(name) { type \(type);\(list) }"
    }

    /// Both directions of each pair.
    private static func ways(_ reach: Reach, _ part: (Machine.Address) -> String) -> [String] {
        reach.pairs.flatMap { pair in
            let (closed, guest) = (part(pair.closed), part(pair.guest))
            return ["\(guest) . \(closed)", "\(closed) . \(guest)"]
        }
    }
}
