import Model

/// The table that lets each Machine send under its own addresses alone, as text for `nft -f -`.
///
/// Neighbours talk over the bridge, past the host's own forwarding, and an ordinary user may choose a foreign IPv6 source
/// (`IPV6_FREEBIND`): so it is the bridge that has to look. Sources of IPv4, IPv6, ARP and neighbour discovery are
/// checked by the port that a frame comes in at; whatever is none of these is dropped.
struct GuardRules {
    /// One Machine's port of the bridge, and what may be sent there.
    struct Port: Equatable {
        var link: String
        var hardware: String
        var address: Machine.Address
    }

    let table: String

    init(instance: String) {
        table = "\(instance)-guard"
    }

    /// Replaces the table in one transaction.
    func rules(_ ports: [Port]) -> String {
        let sets = Self.kinds.map { kind in
            let elements = ports.map { kind.element($0) }
            let list = elements.isEmpty ? "" : " elements = { \(elements.joined(separator: ", ")) }"
            return "    set \(kind.name) { \(kind.type);\(list) }"
        }
        return removal + """
            table bridge \(table) {
            \(sets.joined(separator: "\n"))
                chain port {
                    iifname . ether saddr != @hard drop
                    iifname . ip saddr != @own4 drop
                    iifname . arp saddr ip != @own4 drop
                    icmpv6 type { nd-router-advert, nd-redirect } drop
                    icmpv6 type nd-neighbor-advert iifname . @th,64,128 != @told6 drop
                    ip6 saddr fe80::/10 icmpv6 type nd-neighbor-solicit accept
                    iifname . ip6 saddr != @own6 drop
                    ether type { ip, arp, ip6 } accept
                    drop
                }
                chain prerouting {
                    type filter hook prerouting priority filter; policy accept;
                    iifname @ports goto port
                }
            }

            """
    }

    /// Lets a new port's own addresses in, and from then on nothing else from there.
    func adding(_ port: Port) -> String { lines("add", port) }

    /// Forgets a port, whether it is known or not.
    func removing(_ port: Port) -> String { lines("add", port) + lines("delete", port) }

    /// Removes the table, whether it is there or not.
    var removal: String { "table bridge \(table)\ndelete table bridge \(table)\n" }

    // MARK: - Private

    private struct Kind {
        var name: String
        var type: String
        var element: @Sendable (Port) -> String
    }

    private static let kinds = [
        Kind(name: "ports", type: "type ifname") { "\"\($0.link)\"" },
        Kind(name: "hard", type: "type ifname . ether_addr") { "\"\($0.link)\" . \($0.hardware)" },
        Kind(name: "own4", type: "type ifname . ipv4_addr") { "\"\($0.link)\" . \($0.address.ipv4)" },
        Kind(name: "own6", type: "type ifname . ipv6_addr") { "\"\($0.link)\" . \($0.address.ipv6)" },
        // The address that an advertisement is about, behind 8 bytes of its head (RFC 4861, section 4.4).
        Kind(name: "told6", type: "typeof iifname . @th,64,128") {
            "\"\($0.link)\" . 0x\(IPv6Text.digits(of: $0.address.ipv6) ?? "0")"
        },
    ]

    private func lines(_ verb: String, _ port: Port) -> String {
        Self.kinds.map { "\(verb) element bridge \(table) \($0.name) { \($0.element(port)) }\n" }.joined()
    }
}
