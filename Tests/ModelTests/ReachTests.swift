import Model
import Testing

@Suite("Who may reach whom")
struct ReachTests {
    private static func address(_ number: Int) -> Machine.Address {
        Machine.Address(ipv4: "10.0.0.\(number)", ipv6: "fdaa::\(number)")
    }

    private static func member(_ number: Int, _ app: String, openTo: String? = nil) -> Reach.Member {
        Reach.Member(app: app, address: address(number), openTo: openTo)
    }

    @Test("nothing is closed unless it says so")
    func open() {
        let reach = Reach([Self.member(1, "shop"), Self.member(2, "blog")])
        #expect(reach.isOpen && reach.pairs.isEmpty)
    }

    @Test("a closed Machine has the Machines of one app for guests, and nobody else")
    func guests() {
        let reach = Reach([
            Self.member(5, "blog"), Self.member(4, "shop"), Self.member(3, "shop-postgres", openTo: "shop"),
            Self.member(2, "shop"), Self.member(6, "blog-redis", openTo: "blog"),
        ])
        #expect(reach.closed == [3, 6].map(Self.address))
        #expect(reach.pairs.map(\.closed) == [3, 3, 6].map(Self.address))
        #expect(reach.pairs.map(\.guest) == [2, 4, 5].map(Self.address))
    }

    @Test("a closed Machine without guests is closed all the same; not even its own app's other Machines get in")
    func alone() {
        let reach = Reach([
            Self.member(1, "shop-postgres", openTo: "shop"), Self.member(2, "shop-postgres", openTo: "shop"),
        ])
        #expect(reach.closed.count == 2 && reach.pairs.isEmpty)
    }

    @Test("the order in which Machines come does not matter")
    func order() {
        let all = [Self.member(1, "a"), Self.member(2, "a-redis", openTo: "a"), Self.member(3, "a")]
        #expect(Reach(all) == Reach(all.reversed()))
    }

    @Test("what a Machine is open to stands in its metadata, and goes with it")
    func metadata() {
        var config = MachineConfig(image: "x")
        #expect(config.openTo == nil)
        config.openTo = "shop"
        #expect(config.metadata["roost_open_to"] == "shop" && config.openTo == "shop")
        config.openTo = nil
        #expect(config.metadata.isEmpty)
    }
}
