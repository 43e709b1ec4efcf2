import Foundation
import Model
import Testing

@testable import Runtime

@Suite("Address plan")
struct AddressPlanTests {
    @Test("gives a block of 10.0.0.0/8 and a 6PN prefix that stay the same for a seed")
    func stable() {
        let plan = AddressPlan(seed: "host/roost")
        #expect(plan == AddressPlan(seed: "host/roost"))
        #expect(plan != AddressPlan(seed: "other/roost"))
        #expect(plan.ipv4.prefix == 20)
        #expect(plan.ipv4.description.hasPrefix("10."))
        #expect(plan.ipv6.hasPrefix("fdaa:0:1:"))
    }

    @Test("spreads instances over all blocks")
    func spread() {
        let blocks = (0..<1000).map { AddressPlan(seed: "host/r\($0)").ipv4.base }
        // 1000 draws from 4096 leave about 886 different ones.
        #expect(Set(blocks).count > 850)
    }

    @Test("numbers Machines from the third address on, the gateway has the second")
    func addresses() throws {
        let plan = AddressPlan(seed: "host/roost")
        let first = try #require(plan.address(index: 0))
        #expect(plan.ipv4.contains(try #require(IPv4Block.number(first.ipv4))))
        #expect(IPv4Block.number(first.ipv4) == plan.ipv4.base + 2)
        #expect(IPv4Block.number(plan.gateway.ipv4) == plan.ipv4.base + 1)
        #expect(first.ipv6.hasSuffix(":0:2:2"))
        #expect(plan.gateway.ipv6.hasSuffix("::1"))
        let last = try #require(plan.address(index: AddressPlan.capacity - 1))
        #expect(plan.ipv4.contains(try #require(IPv4Block.number(last.ipv4))))
        #expect(plan.address(index: AddressPlan.capacity) == nil)
    }

    @Test("writes each address in its one form, so that equal ones are equal texts")
    func distinct() {
        let plan = AddressPlan(seed: "host/roost")
        let all = (0..<AddressPlan.capacity).compactMap { plan.address(index: $0) }
        #expect(Set(all.map(\.ipv4)).count == all.count)
        #expect(Set(all.map(\.ipv6)).count == all.count)
    }

    @Test("gives builds a block of their own, in both families")
    func builds() throws {
        let plan = AddressPlan(seed: "host/roost")
        let builds = plan.builds
        let last = try #require(plan.address(index: AddressPlan.capacity - 1))
        #expect(!builds.ipv4.contains(try #require(IPv4Block.number(last.ipv4))))
        #expect(plan.ipv4.overlaps(builds.ipv4) && builds.ipv4.prefix == 26)
        for slot in [0, AddressPlan.buildCapacity - 1] {
            let address = plan.buildAddress(slot: slot)
            #expect(builds.ipv4.contains(try #require(IPv4Block.number(address.ipv4))))
            #expect(plan.address(ipv4: address.ipv4) == address)
            // The 106 bits that they share: all but the last 22.
            let bits = [builds.ipv6, address.ipv6].map { UInt64((IPv6Text.digits(of: $0) ?? "").suffix(8), radix: 16) }
            #expect(try #require(bits[0]) >> 22 == (try #require(bits[1])) >> 22)
        }
        #expect(plan.machines.block6 == plan.ipv6)
        #expect(plan.address(ipv4: "192.0.2.1") == nil)
    }

    @Test("keeps away from routes in use")
    func avoids() throws {
        let wanted = AddressPlan(seed: "host/roost")
        let inside = IPv4Block(base: wanted.ipv4.base + 77, prefix: 32)
        #expect(!AddressPlan(seed: "host/roost", avoiding: [inside]).ipv4.overlaps(inside))
        let wide = try #require(IPv4Block("10.0.0.0/9"))
        #expect(!AddressPlan(seed: "host/roost", avoiding: [wide]).ipv4.overlaps(wide))
        let fallback = try #require(IPv4Block("0.0.0.0/0"))
        #expect(AddressPlan(seed: "host/roost", avoiding: [fallback]) == wanted)
    }

    @Test("gives the first address neither half of which is in use")
    func firstFree() throws {
        let plan = AddressPlan(seed: "host/roost")
        let zero = try #require(plan.address(index: 0))
        let one = try #require(plan.address(index: 1))
        #expect(try plan.firstFree(used: []) == zero)
        #expect(try plan.firstFree(used: [zero]) == one)
        #expect(try plan.firstFree(used: [one]) == zero)
        #expect(try plan.firstFree(used: [Machine.Address(ipv4: "10.0.0.9", ipv6: zero.ipv6)]) == one)
        let all = (0..<AddressPlan.capacity).compactMap { plan.address(index: $0) }
        #expect(throws: Fault.self) { try plan.firstFree(used: all) }
    }
}

@Suite("IPv4 blocks")
struct IPv4BlockTests {
    @Test(
        "reads what `ip route` prints",
        arguments: [
            ("10.1.2.3/20", "10.1.0.0/20"), ("192.0.2.7", "192.0.2.7/32"), ("0.0.0.0/0", "0.0.0.0/0"),
        ]
    )
    func reads(text: String, block: String) {
        #expect(IPv4Block(text)?.description == block)
    }

    @Test(
        "refuses the rest",
        arguments: ["default", "10.0.0/8", "10.0.0.256", "10.0.0.0/33", "", "1.2.3.4/", "fe80::/64"]
    )
    func refuses(text: String) {
        #expect(IPv4Block(text) == nil)
    }

    @Test("knows which overlap")
    func overlaps() throws {
        let small = try #require(IPv4Block("10.1.2.0/24"))
        let large = try #require(IPv4Block("10.1.0.0/16"))
        let other = try #require(IPv4Block("10.2.0.0/16"))
        #expect(small.overlaps(large) && large.overlaps(small) && !small.overlaps(other))
    }
}
