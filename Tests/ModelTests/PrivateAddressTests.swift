import Model
import Testing

@Suite("Private addresses, and the host's")
struct PrivateAddressTests {
    @Test(
        "have the network in them",
        arguments: [
            (1, 0x3f2a, "fdaa:0:1:0:1::3f2a"), (0x1_002c, 1, "fdaa:1:2c:0:1::1"), (2, 0xffff, "fdaa:0:2:0:1::ffff"),
        ] as [(UInt32, UInt16, String)]
    )
    func text(network: UInt32, number: UInt16, text: String) {
        #expect(PrivateAddress.text(network: network, number: number) == text)
        let address = PrivateAddress(address: text, createdAt: Timestamp(milliseconds: 0))
        #expect(address.network == network)
    }

    @Test("one is chosen that nobody has, and none where all are given")
    func free() throws {
        var random = SystemRandomNumberGenerator()
        var used = Set((1...UInt16.max).map { PrivateAddress.text(network: 1, number: $0) })
        #expect(PrivateAddress.free(network: 1, used: used, using: &random) == nil)
        // Nobody looks for the last of 65,535: a thousand of them are found.
        let spare = Set((1...UInt16(1000)).map { PrivateAddress.text(network: 1, number: $0) })
        used.subtract(spare)
        let found = try #require(PrivateAddress.free(network: 1, used: used, using: &random))
        #expect(spare.contains(found))
        #expect(PrivateAddress.free(network: 2, used: used, using: &random)?.hasPrefix("fdaa:0:2:0:1::") == true)
    }

    @Test("without its last address an app is closed for good, also where its host gets another one later")
    func reach() {
        let (both, four) = (PublicReach(), PublicReach(ipv4: true, ipv6: false))
        #expect(both.without(isIPv6: true, ofHost: both) == four)
        #expect(four.without(isIPv6: false, ofHost: both) == .none)
        #expect(both.without(isIPv6: false, ofHost: four) == .none)
        #expect(both.without(isIPv6: true, ofHost: four) == four)
        #expect(both.admits(isIPv6: true) && !four.admits(isIPv6: true) && four.admits(isIPv6: false))
    }

    @Test("those of a host are what its edge listens on; for all of a family, the one that others reach")
    func host() {
        func addresses(_ listen: String...) -> [String?] {
            let all = HostAddresses(listen: listen) { $0 ? nil : "203.0.113.5" }
            return [all.ipv4, all.ipv6]
        }
        #expect(addresses("127.0.0.1", "::1") == ["127.0.0.1", "::1"])
        #expect(addresses("127.0.0.1") == ["127.0.0.1", nil])
        #expect(addresses("0.0.0.0", "::") == ["203.0.113.5", "::"])
        #expect(addresses("127.0.0.1", "0.0.0.0") == ["203.0.113.5", nil])
        #expect(addresses("127.0.0.1", "198.51.100.7", "0.0.0.0") == ["198.51.100.7", nil])
        #expect(addresses("::", "2001:db8::5") == [nil, "2001:db8::5"])
    }

    @Test("an app is called from outside, or else by its private name, or not at all")
    func place() {
        var app = App(name: "a", createdAt: Timestamp(milliseconds: 0), owner: "o")
        func url(_ name: String) -> String { "http://\(name).localhost" }
        #expect(app.place(public: url) == "http://a.localhost")
        app.reach = .none
        #expect(app.place(public: url) == nil)
        app.privateAddresses = [PrivateAddress(address: "fdaa:0:1:0:1::5", createdAt: Timestamp(milliseconds: 0))]
        #expect(app.place(public: url) == "http://a.flycast")
        app.reach = PublicReach()
        #expect(app.ownReach == nil && app.place(public: url) == "http://a.localhost")
    }
}
