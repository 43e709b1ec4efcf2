import Foundation
import Model
import Testing

@testable import Runtime

@Suite("Texts of the network")
struct NetworkTextTests {
    @Test("finds sockets that listen, in both tables")
    func listeners() {
        let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        let tcp =
            head + """
                   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 4711 1 0 100 0 0 10 0
                   1: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000  0 0 4712 1 0 100 0 0 10 0
                   2: 0100007F:0051 0100007F:D431 01 00000000:00000000 00:00000000 00000000  0 0 4713 1 0 100 0 0 10 0

                """
        #expect(ListenTable.parse(tcp).map(\.description) == ["0.0.0.0:8080", "127.0.0.1:80"])
        #expect(ListenTable.parse(tcp).map(\.loopbackOnly) == [false, true])
        let tcp6 =
            head + """
                   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0 0 0 0
                   1: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A 0 0 0 0
                   2: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A 0 0 0 0

                """
        #expect(ListenTable.parse(tcp6).map(\.description) == ["[::]:8080", "[::1]:80", "127.0.0.1:81"])
        #expect(PortOwners.listening(tcp).map(\.inode) == ["4711", "4712"])
        let owned = ListenTable.sockets(tcp, transport: "tcp")
        #expect(owned.map(\.inode) == [4711, 4712])
        #expect(owned.map(\.socket.address) == ["0.0.0.0:8080", "127.0.0.1:80"])
        #expect(ListenTable.parse("").isEmpty)
    }

    @Test("leaves out name servers that a Machine could not reach")
    func nameservers() {
        let text = """
            # made by somebody
            nameserver 127.0.0.53
            nameserver 192.0.2.1
            nameserver ::1
            nameserver fe80::1%eth0
            nameserver 2001:db8::1
            search example.org
            nameserver
            nameserver 192.0.2.2
            nameserver 192.0.2.3
            """
        #expect(Nameservers.reachable(text) == ["192.0.2.1", "2001:db8::1", "192.0.2.2"])
    }

    @Test(
        "compresses the longest run of zeros, the first of equal ones, never a single one",
        arguments: [
            ([0, 0, 0, 0, 0, 0, 0, 0], "::"), ([0, 0, 0, 0, 0, 0, 0, 1], "::1"),
            ([0xfdaa, 0, 1, 2, 3, 0, 4, 2], "fdaa:0:1:2:3:0:4:2"), ([0xfdaa, 0, 0, 1, 0, 0, 0, 1], "fdaa:0:0:1::1"),
            ([0xfdaa, 0, 0, 1, 2, 0, 0, 1], "fdaa::1:2:0:0:1"), ([1, 2, 3, 4, 5, 6, 0, 0], "1:2:3:4:5:6::"),
        ] as [([UInt16], String)]
    )
    func ipv6(groups: [UInt16], text: String) {
        #expect(IPv6Text.compressed(groups) == text)
    }

    @Test("the firewall names only its own bridge and addresses")
    func firewall() {
        let plan = AddressPlan(seed: "host/roost")
        let rules = Firewall(instance: "r12ab3", bridge: "r12ab30", buildBridge: "r12ab31", plan: plan).rules
        #expect(rules.hasPrefix("table inet r12ab3\ndelete table inet r12ab3\ntable inet r12ab3 {\n"))
        #expect(rules.contains("ip saddr != \(plan.ipv4) drop"))
        #expect(rules.contains("iifname \"r12ab30\" goto tohost"))
        // This host's part of every network.
        let own = "\(plan.allNetworks.mask) == \(plan.allNetworks.value)"
        #expect(rules.contains("ip6 saddr & \(own) oifname != { \"r12ab30\", \"r12ab31\" } masquerade"))
    }

    @Test("what Machines send to private addresses is turned to the edge, and nothing else gets to its socket")
    func flycast() {
        let plan = AddressPlan(seed: "host/roost")
        let rules = Firewall(instance: "r1", bridge: "r10", buildBridge: "r11", plan: plan).rules
        let (block, door) = ("ffff:0:0:ffff:ffff:ffff:ffff:0 == fdaa:0:0:0:1::", plan.gateway.ipv6)
        let lines = rules.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(lines.contains("ip6 daddr & \(block) meta l4proto tcp dnat ip6 to [\(door)]:4281"))
        // Of those that may get in, only what was turned: not one that calls the socket itself.
        #expect(lines.contains("ct status dnat ct original ip6 daddr & \(block) accept"))
        #expect(!rules.contains("dport 4281"))
        // From the Machines' bridge, under their own addresses: neither builds nor the world.
        #expect(lines.contains("iifname != \"r10\" accept"))
    }

    @Test("builds reach no Machine and no private neighbour but those that are opened to them")
    func builds() throws {
        let plan = AddressPlan(seed: "host/roost")
        var firewall = Firewall(instance: "r1", bridge: "r10", buildBridge: "r11", plan: plan)
        firewall.nameservers = ["192.168.1.1", "fd00::53"]
        firewall.openToBuilds = ["10.1.0.0/16", "fd00:1::/64"]
        let chain = try #require(
            firewall.rules.split(separator: "chain builds {").last?.split(separator: "}\n    chain").first
        )
        let lines = chain.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(lines.first == "oifname { \"r10\", \"r11\" } reject")
        #expect(lines.contains("ip daddr 192.168.1.1 meta l4proto { tcp, udp } th dport 53 accept"))
        #expect(lines.contains("ip6 daddr fd00::53 meta l4proto { tcp, udp } th dport 53 accept"))
        let opened = try #require(lines.firstIndex(of: "ip daddr 10.1.0.0/16 accept"))
        #expect(lines.contains("ip6 daddr fd00:1::/64 accept"))
        let closed = try #require(lines.firstIndex { $0.hasSuffix("reject") && $0.contains("10.0.0.0/8") })
        #expect(opened < closed)
        // Blocks within others are not named again: nft takes no overlapping ones.
        #expect(lines[closed].contains("168.63.129.16") && !lines[closed].contains("100.100.100.200"))
    }

    @Test("a port of the bridge may send under its own addresses alone")
    func guardRules() {
        let address = Machine.Address(ipv4: "10.0.0.2", ipv6: "fdaa::2")
        let port = GuardRules.Port(link: "v1", hardware: "02:52:0a:00:00:02", address: address)
        let rules = GuardRules(instance: "r1")
        #expect(rules.rules([]).contains("set own4 { type ifname . ipv4_addr; }"))
        let text = rules.rules([port])
        #expect(text.contains("set own6 { type ifname . ipv6_addr; elements = { \"v1\" . fdaa::2 } }"))
        #expect(text.contains("elements = { \"v1\" . 0xfdaa0000000000000000000000000002 }"))
        #expect(rules.adding(port).contains("add element bridge r1-guard own4 { \"v1\" . 10.0.0.2 }\n"))
        // Added first: to delete what is not there would fail.
        #expect(rules.removing(port).hasPrefix(rules.adding(port)))
        #expect(
            rules.removing(port).hasSuffix(
                "delete element bridge r1-guard told6 { \"v1\" . 0xfdaa0000000000000000000000000002 }\n"
            )
        )
    }

    @Test("closed Machines are kept to their guests, both ways and in both families, in one transaction")
    func reach() {
        let closed = Machine.Address(ipv4: "10.0.0.2", ipv6: "fdaa::2")
        let guest = Machine.Address(ipv4: "10.0.0.3", ipv6: "fdaa::3")
        let rules = ReachRules(instance: "r12ab3", bridge: "r12ab30").rules(
            Reach([
                .init(app: "a-redis", address: closed, openTo: "a"), .init(app: "a", address: guest),
                .init(app: "b", address: Machine.Address(ipv4: "10.0.0.4", ipv6: "fdaa::4")),
            ])
        )
        for family in ["bridge", "inet"] {
            #expect(rules.contains("table \(family) r12ab3-reach\ndelete table \(family) r12ab3-reach\n"))
        }
        #expect(rules.contains("set closed4 { type ipv4_addr; elements = { 10.0.0.2 } }"))
        #expect(rules.contains("elements = { 10.0.0.3 . 10.0.0.2, 10.0.0.2 . 10.0.0.3 } }"))
        #expect(rules.contains("elements = { fdaa::3 . fdaa::2, fdaa::2 . fdaa::3 } }"))
        #expect(!rules.contains("10.0.0.4"))
        #expect(rules.contains("ip daddr @closed4 drop") && rules.contains("ip6 daddr @closed6 drop"))
    }

    @Test("a set without elements is written without them, which nft would not take")
    func emptySet() {
        let closed = Machine.Address(ipv4: "10.0.0.2", ipv6: "fdaa::2")
        let rules = ReachRules(instance: "r1", bridge: "r10").rules(
            Reach([.init(app: "a-redis", address: closed, openTo: "a")])
        )
        #expect(rules.contains("set open4 { type ipv4_addr . ipv4_addr; }"))
    }

    @Test("sets up a bridge and a Machine's end of it, with and without IPv6")
    func lines() throws {
        let plan = AddressPlan(seed: "host/roost")
        let address = try #require(plan.address(index: 3))
        let bridge = HostNetwork.bridgeLines("roost0", plan.machines, exists: false, true)
        #expect(bridge.first == "link add name roost0 type bridge")
        #expect(bridge.last == "addr replace \(plan.gateway.ipv6)/80 dev roost0 nodad")
        #expect(HostNetwork.bridgeLines("roost0", plan.machines, exists: true, false).count == 2)
        #expect(
            HostNetwork.insideLines(address, plan.machines, false) == [
                "link set dev lo up", "addr replace \(address.ipv4)/20 dev eth0", "link set dev eth0 up",
                "route replace default via \(plan.gateway.ipv4) dev eth0",
            ]
        )
        #expect(HostNetwork.insideLines(address, plan.machines, true).count == 6)
    }

    @Test("names the Machine to itself in /etc/hosts")
    func hosts() {
        let etc = EtcFiles(
            hostname: "148e21b7c65089",
            address: .init(ipv4: "10.0.0.2", ipv6: "fdaa::2"),
            aliases: [HostAlias("db", "10.0.0.9")],
            nameservers: ["192.0.2.1"]
        )
        #expect(etc.hosts.hasSuffix("10.0.0.2 148e21b7c65089\n10.0.0.9 db\n"))
        #expect(etc.hosts.contains("fdaa::2 148e21b7c65089 fly-local-6pn\n10.0.0.2 148e21b7c65089\n"))
        #expect(etc.resolv == "nameserver 192.0.2.1\noptions ndots:1 timeout:2\n")
    }

    @Test("asks whom the Machine wants, and calls it as it wants")
    func dns() {
        var etc = EtcFiles(
            hostname: "db",
            address: .init(ipv4: "10.0.0.2", ipv6: "fdaa::2"),
            nameservers: ["192.0.2.1"]
        )
        etc.dns.searches = ["x.internal", "y.internal"]
        etc.dns.options = ["ndots:2"]
        #expect(etc.resolv == "nameserver 192.0.2.1\nsearch x.internal y.internal\noptions ndots:2\n")
        etc.dns.nameservers = ["198.51.100.1", "198.51.100.2"]
        #expect(etc.resolv.hasPrefix("nameserver 198.51.100.1\nnameserver 198.51.100.2\nsearch"))
        etc.dns.fullHostname = "db.x.internal"
        #expect(etc.hosts.contains("fdaa::2 db.x.internal db fly-local-6pn\n10.0.0.2 db.x.internal db\n"))
    }
}
