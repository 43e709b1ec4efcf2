import Model

/// The firewall table of one instance, as text for `nft -f -`.
struct Firewall {
    /// The table's name, and the bridge's without its number.
    var instance: String
    var bridge: String
    var plan: AddressPlan

    /// Replaces the table in one transaction: no packet meets a half-made one.
    ///
    /// An outbound packet passes `forward`; a neighbour's does not come here at all, since the bridge carries it.
    /// Other instances' tables keep our Machines away from theirs, as ours keeps theirs away.
    var rules: String {
        let gateway = plan.gateway
        return """
            table inet \(instance)
            delete table inet \(instance)
            table inet \(instance) {
                chain forged {
                    ip saddr != \(plan.ipv4) drop
                    ip6 saddr != \(plan.ipv6) drop
                }
                chain outbound {
                    oifname "\(bridge)" accept
                    jump forged
                    ct state invalid drop
                    ip daddr { 127.0.0.0/8, 169.254.0.0/16 } drop
                    ip6 daddr { ::1, fe80::/10 } drop
                    accept
                }
                chain inbound {
                    ct state established,related accept
                    drop
                }
                chain forward {
                    type filter hook forward priority filter; policy accept;
                    iifname "\(bridge)" goto outbound
                    oifname "\(bridge)" goto inbound
                }
                chain tohost {
                    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
                    jump forged
                    ct state established,related accept
                    meta l4proto { icmp, ipv6-icmp } accept
                    ip daddr \(gateway.ipv4) meta l4proto { tcp, udp } th dport 53 accept
                    ip6 daddr \(gateway.ipv6) meta l4proto { tcp, udp } th dport 53 accept
                    drop
                }
                chain input {
                    type filter hook input priority filter; policy accept;
                    iifname "\(bridge)" goto tohost
                }
                chain postrouting {
                    type nat hook postrouting priority srcnat; policy accept;
                    ip saddr \(plan.ipv4) oifname != "\(bridge)" masquerade
                    ip6 saddr \(plan.ipv6) oifname != "\(bridge)" masquerade
                }
            }

            """
    }

    /// Removes the table, whether it is there or not.
    static func removal(of instance: String) -> String {
        "table inet \(instance)\ndelete table inet \(instance)\n"
    }
}
