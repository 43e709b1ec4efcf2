import Model
import Testing

@testable import Edge

@Suite("Doors at private addresses")
struct PrivateDoorTests {
    private static func route(_ app: String, port: Int? = nil, addresses: [String], ports: ClosedRange<Int>...) -> Route {
        var route = Route(app: app, hostnames: [], autostart: true, machines: [], port: port)
        route.privateAddresses = addresses
        route.privatePorts = ports.map {
            Entrance(.init(port: $0.lowerBound, endPort: $0.upperBound, handlers: port == nil ? ["http"] : []))
        }
        return route
    }

    @Test("lead to the app that has the address, at its ports, from the network that is in it")
    func leads() throws {
        let (loads, own, other) = (Loads(), "fdaa:0:1:0:1::5", "fdaa:0:2:0:1::6")
        var index: RouteIndex?
        func take(_ routes: [Route], removed: [String] = []) throws {
            let changes = RouteChanges(base: 0, revision: 1, routes: routes, removed: removed)
            _ = index.take(try RouteUpdate(changes, loads: loads, before: index))
        }
        func door(_ address: String, _ port: Int, from client: String = "fdaa:0:1:a:b:0:7:2") throws -> String? {
            let (address, client) = (try #require(IPAddress(address)), try #require(IPAddress(client)))
            return index?.privateDoor(at: address, port: port, from: client)?.entry.route.key
        }
        try take([
            Self.route("a", addresses: [own, other], ports: 80...80, 443...443),
            Self.route("a", port: 5000, addresses: [own, other], ports: 5000...5010),
            Self.route("b", addresses: ["fdaa:0:1:0:1::7"], ports: 80...80),
        ])
        #expect(try door(own, 80) == "a" && door(own, 443) == "a" && door("fdaa:0:1:0:1::7", 80) == "b")
        #expect(try door(own, 5000) == "a:5000" && door(own, 5010) == "a:5000")
        #expect(try door(own, 81) == nil && door(own, 4999) == nil && door("fdaa:0:1:0:1::8", 80) == nil)
        // However it is written.
        #expect(try door("FDAA:0:1:0:1:0:0:5", 80) == "a")
        // From another network, from none, and from IPv4 nothing is there.
        #expect(try door(other, 80) == nil && door(other, 80, from: "fdaa:0:2:a:b:0:7:2") == "a")
        #expect(try door(own, 80, from: "fdaa:0:2:a:b:0:7:2") == nil)
        #expect(try door(own, 80, from: "2001:db8::1") == nil && door(own, 80, from: "10.0.0.2") == nil)
        // An address that is given back, or another app's now, leads nobody to where it was.
        try take([Self.route("a", addresses: [other], ports: 80...80), Self.route("b", addresses: [own], ports: 80...80)])
        #expect(try door(own, 80) == "b" && door(own, 5000) == "a:5000")
        try take([], removed: ["a:5000", "b"])
        #expect(try door(own, 80) == nil && door(own, 5000) == nil)
        try take([], removed: ["a"])
        #expect(try door(other, 80, from: "fdaa:0:2:a:b:0:7:2") == nil && index?.isEmpty == true)
    }

    @Test("Machines of one network are clients of their own, though they share a /64")
    func clients() {
        func key(_ text: String) -> ClientKey { ClientKey(IPAddress(text)) }
        #expect(key("fdaa:0:1:a:b:0:7:2") != key("fdaa:0:1:a:b:0:8:2"))
        #expect(key("fdaa:0:1:a:b:0:7:2") == key("fdaa:0:1:a:b:0:7:3"))
        #expect(key("2001:db8::1") == key("2001:db8::2:0:0:1"))
    }
}
