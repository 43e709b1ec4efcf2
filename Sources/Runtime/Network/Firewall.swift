import Model

/// The firewall table of one instance, as text for `nft -f -`.
struct Firewall {
    /// The table's name, and the bridges' without their number.
    var instance: String
    /// Of Machines.
    var bridge: String
    /// Of builds, which reach no Machine.
    var buildBridge: String
    var plan: AddressPlan
    /// Whom builds may ask for names, wherever they are.
    var nameservers: [String] = []
    /// Addresses and blocks of private networks that the host's owner has opened to builds.
    var openToBuilds: [String] = []
    /// The same for Machines.
    var openToMachines: [String] = []

    /// The connections that the kernel follows for one Machine or build at once.
    ///
    /// Its table is one for the whole host, and a full one drops packets of everybody. 262,144 entries are usual.
    ///
    /// > Source: nft(8), "CT COUNT"; Linux, Documentation/networking/nf_conntrack-sysctl.rst.
    static let connections = 4096
    /// Questions to the resolver that one Machine may ask in a second; others have theirs whatever it does.
    static let questions = 2000

    /// Replaces the table in one transaction: no packet meets a half-made one.
    ///
    /// An outbound packet passes `forward`; a neighbour's does not come here at all, since the bridge carries it. What a
    /// Machine sends to an app's private address is turned to the one socket at which the edge takes it, so that those
    /// addresses exist for Machines and for nobody else; which network may reach which is the edge's to know.
    /// Other instances' tables keep our Machines away from theirs, as ours keeps theirs away.
    var rules: String {
        let (machines, builds) = (plan.machines, plan.builds)
        return """
            table inet \(instance)
            delete table inet \(instance)
            table inet \(instance) {
                set flows4 { type ipv4_addr; size 65535; flags dynamic; }
                set flows6 { type ipv6_addr; size 65535; flags dynamic; }
                set asks4 { type ipv4_addr; size 65535; flags dynamic; }
                set asks6 { type ipv6_addr; size 65535; flags dynamic; }
                chain bounded {
                    ct state new add @flows4 { ip saddr ct count over \(Self.connections) } drop
                    ct state new add @flows6 { ip6 saddr ct count over \(Self.connections) } drop
                }
                chain forged {
                    ip saddr != \(machines.ipv4) drop
                    ip6 saddr & \(plan.allNetworks.mask) != \(plan.allNetworks.value) drop
                }
                chain forgedbuild {
                    ip saddr != \(builds.ipv4) drop
                    ip6 saddr != \(builds.block6) drop
                }
                chain outbound {
                    oifname "\(bridge)" accept
                    jump forged
                    ct state invalid drop
                    jump bounded
            \(opened(openToMachines))
                    ip daddr { \(Self.list(Self.closed4 + Self.private4)) } drop
                    ip6 daddr { \(Self.list(Self.closed6 + Self.private6)) } drop
                    accept
                }
                chain builds {
                    oifname { "\(bridge)", "\(buildBridge)" } reject
                    jump forgedbuild
                    ct state established,related accept
                    ct state invalid drop
                    jump bounded
            \(opened(openToBuilds))
                    ip daddr { \(Self.list(Self.closed4 + Self.private4)) } reject
                    ip6 daddr { \(Self.list(Self.closed6 + Self.private6)) } reject
                    accept
                }
                chain inbound {
                    ct state established,related accept
                    drop
                }
                chain forward {
                    type filter hook forward priority filter; policy accept;
                    iifname "\(bridge)" goto outbound
                    iifname "\(buildBridge)" goto builds
                    oifname { "\(bridge)", "\(buildBridge)" } goto inbound
                }
                chain tohost {
                    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
                    jump forged
                    udp dport 53 goto question
                    ct state established,related accept
                    jump bounded
                    meta l4proto { icmp, ipv6-icmp } accept
                    ct status dnat ct original ip6 daddr & \(Self.flycast) accept
                    ip daddr \(machines.gateway.ipv4) tcp dport 53 accept
                    ip6 daddr { \(resolver6) } tcp dport 53 accept
                    drop
                }
                chain question {
                    add @asks4 { ip saddr limit rate over \(Self.questions)/second burst \(Self.questions) packets } drop
                    add @asks6 { ip6 saddr limit rate over \(Self.questions)/second burst \(Self.questions) packets } drop
                    ip daddr \(machines.gateway.ipv4) accept
                    ip6 daddr { \(resolver6) } accept
                    drop
                }
                chain unfollowed {
                    type filter hook prerouting priority raw; policy accept;
                    iifname "\(bridge)" ip daddr \(machines.gateway.ipv4) udp dport 53 notrack
                    iifname "\(bridge)" ip6 daddr { \(resolver6) } udp dport 53 notrack
                }
                chain unfollowedanswers {
                    type filter hook output priority raw; policy accept;
                    oifname "\(bridge)" udp sport 53 notrack
                }
                chain flycast {
                    type nat hook prerouting priority dstnat; policy accept;
                    iifname != "\(bridge)" accept
                    ip6 saddr & \(plan.allNetworks.mask) != \(plan.allNetworks.value) accept
                    ip6 daddr & \(Self.flycast) meta l4proto tcp dnat ip6 to [\(door)]:\(PrivateAddress.port)
                    ip6 daddr & \(Self.flycast) icmpv6 type echo-request dnat ip6 to \(door)
                }
                chain buildtohost {
                    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
                    ct state established,related accept
                    reject
                }
                chain input {
                    type filter hook input priority filter; policy accept;
                    iifname "\(bridge)" goto tohost
                    iifname "\(buildBridge)" goto buildtohost
                }
                chain postrouting {
                    type nat hook postrouting priority srcnat; policy accept;
                    ip saddr \(plan.ipv4) oifname != { "\(bridge)", "\(buildBridge)" } masquerade
                    ip6 saddr & \(plan.allNetworks.mask) == \(plan.allNetworks.value) oifname != { "\(bridge)", "\(buildBridge)" } masquerade
                }
            }

            """
    }

    /// Removes the table, whether it is there or not.
    static func removal(of instance: String) -> String {
        "table inet \(instance)\ndelete table inet \(instance)\n"
    }

    // MARK: - Private

    /// What nobody but the host itself has to reach: loopback, link-local addresses, and where clouds tell a machine
    /// about itself and hand out its credentials.
    ///
    /// > Source: the manuals of AWS, GCP and OpenStack (169.254.169.254, fd00:ec2::254, fd20:ce::254), Alibaba
    /// > (100.100.100.200), Azure (168.63.129.16), Oracle (192.0.0.192).
    private static let closed4 = [
        "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "100.100.100.200", "168.63.129.16", "192.0.0.192",
    ]
    private static let closed6 = ["::/127", "fe80::/10", "fd00:ec2::254", "fd20:ce::254"]

    /// Networks that belong to somebody: a build, or the image that a stranger's `fly.toml` names, has no errand there.
    ///
    /// > Source: RFC 1918, RFC 6598, RFC 4193.
    private static let private4 = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]
    private static let private6 = ["fc00::/7"]

    /// Blocks that hold others of the list are all that nft takes.
    private static func list(_ blocks: [String]) -> String {
        let wide = blocks.compactMap { IPv4Block($0) }
        return blocks.filter { text in
            if text.contains(":") {
                return !(text.hasPrefix("fd") && blocks.contains("fc00::/7"))
            }
            guard let block = IPv4Block(text) else { return true }
            return !wide.contains { $0 != block && $0.contains(block.base) && $0.prefix < block.prefix }
        }.joined(separator: ", ")
    }

    /// Matches all private addresses of apps.
    private static let flycast = "\(PrivateAddress.all.mask) == \(PrivateAddress.all.value)"

    /// Where the edge takes what is sent to those.
    private var door: String { plan.machines.gateway.ipv6 }

    /// Where Machines ask for names, in IPv6.
    private var resolver6: String { "\(NameHome.resolver), \(plan.machines.gateway.ipv6)" }

    /// What is let through before private networks are closed.
    private func opened(_ list: [String]) -> String {
        let names = nameservers.map { server in
            "        \(Self.family(server)) daddr \(server) meta l4proto { tcp, udp } th dport 53 accept"
        }
        let blocks = list.map { "        \(Self.family($0)) daddr \($0) accept" }
        return (names + blocks).joined(separator: "\n")
    }

    private static func family(_ address: String) -> String { address.contains(":") ? "ip6" : "ip" }
}
