import Model
import NIOCore
import Testing

@testable import Edge

@Suite("Doors at private addresses")
struct PrivateDoorTests {
    private static func route(_ app: String, port: Int? = nil, addresses: [String], ports: ClosedRange<Int>...) -> Route
    {
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
        let moved = [("a", other), ("b", own)].map { Self.route($0, addresses: [$1], ports: 80...80) }
        try take(moved)
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

    // MARK: - Connections

    /// The app `notes`, closed outside, at the address that the lab's caller calls.
    private static func notes(_ target: Route.Target...) -> Route {
        var route = Route(app: "notes", hostnames: [], autostart: true, machines: target)
        route.reach = PublicReach.none
        route.privateAddresses = ["fdaa:0:1:0:1::5"]
        route.privatePorts = [Entrance(.init(port: 80, handlers: ["http"]))]
        return route
    }

    @Test("a request goes by the address, whatever host it names; TLS is not asked for, and it counts as load")
    func request() async throws {
        try await TestApp.with(TestApp.echo) { app in
            var route = Self.notes(app.target())
            route.forceHTTPS = true
            let other = Route(app: "shop", hostnames: ["shop.localhost"], autostart: true, machines: [])
            try await PrivateLab.with([route, other]) { lab in
                let answer = try await fetch(lab.port, "GET /a HTTP/1.1\r\nHost: shop.localhost\r\n\r\n")
                #expect(answer.status == 200)
                for line in [
                    "Host: shop.localhost", "Fly-Client-IP: fdaa:0:1:a:b:0:7:2", "Fly-Forwarded-Port: 80",
                    "X-Forwarded-For: fdaa:0:1:a:b:0:7:2", "Fly-Forwarded-Proto: http",
                ] {
                    #expect(answer.body.contains("\(line)\r\n"), "\(line)")
                }
                // What autostop looks at.
                #expect(lab.shared.loads.begun() == [app.machine: 1])
            }
        }
    }

    @Test("a Machine that sleeps is woken for it")
    func wake() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await PrivateLab.with([Self.notes(app.target(.asleep))]) { lab in
                let signals = lab.shared.signals.listen()
                async let answer = fetch(lab.port, "GET / HTTP/1.1\r\nHost: notes.flycast\r\n\r\n")
                for await signal in signals {
                    guard case .wake(let name, let machine) = signal else { continue }
                    #expect(name == "notes" && machine == app.machine)
                    break
                }
                try await lab.take([Self.notes(app.target())])
                #expect(try await answer.status == 200)
            }
        }
    }

    @Test("an address that is given back ends what was kept alive; other ports and networks get nothing")
    func closed() async throws {
        try await TestApp.with(TestApp.echo) { app in
            let route = Self.notes(app.target())
            try await PrivateLab.with([route]) { lab in
                try await withClient(lab.port) { peer in
                    try await peer.send("GET / HTTP/1.1\r\nHost: notes.flycast\r\n\r\n")
                    #expect(try await peer.message().status == 200)
                    var bare = route
                    bare.privateAddresses = nil
                    try await lab.take([bare])
                    try await peer.send("GET / HTTP/1.1\r\nHost: notes.flycast\r\n\r\n")
                    #expect(try await peer.message().status == 404)
                }
            }
            for (caller, port) in [("fdaa:0:1:a:b:0:7:2", 81), ("fdaa:0:2:a:b:0:7:2", 80), ("10.0.0.7", 80)] {
                try await PrivateLab.with([route], caller: caller, at: port) { lab in
                    try await withClient(lab.port) { peer in #expect(await peer.rest() == "") }
                }
            }
        }
    }

    @Test("what its app has remembered is for its private name alone, never for a name that the caller made up")
    func memory() async throws {
        let sendOn = TestApp.serve { _ in
            "HTTP/1.1 409 Conflict\r\nfly-replay: app=other\r\nfly-replay-cache: /p/*\r\n"
                + "fly-replay-cache-ttl-secs: 60\r\nContent-Length: 0\r\n\r\n"
        }
        try await TestApp.with(sendOn) { first in
            try await TestApp.with(TestApp.echo) { second in
                let other = Route(
                    app: "other",
                    hostnames: ["other.localhost"],
                    autostart: true,
                    machines: [second.target()]
                )
                try await PrivateLab.with([Self.notes(first.target()), other]) { lab in
                    let answer = try await fetch(lab.port, "GET /p/a HTTP/1.1\r\nHost: shop.localhost\r\n\r\n")
                    #expect(answer.status == 200)
                    #expect(lab.shared.replays.find(host: "shop.localhost", path: "/p/a", at: .now()) == nil)
                    #expect(lab.shared.replays.find(host: "notes.flycast", path: "/p/a", at: .now())?.app == "other")
                }
            }
        }
    }

    @Test("what was remembered leads nowhere once its goal is closed")
    func closedLater() async throws {
        let sendOn = TestApp.serve { message in
            message.start.contains("/p/")
                ? "HTTP/1.1 409 Conflict\r\nfly-replay: app=other\r\nfly-replay-cache: /p/*\r\n"
                    + "fly-replay-cache-ttl-secs: 60\r\nContent-Length: 0\r\n\r\n" : TestApp.ok("own")
        }
        try await TestApp.with(sendOn) { first in
            try await TestApp.with(TestApp.echo) { second in
                let goal = second.target(ipv6: "fdaa:0:2:a:b:0:9:2")
                let other = Route(app: "other", hostnames: [], autostart: true, machines: [goal])
                let notes = Self.notes(first.target(ipv6: "fdaa:0:1:a:b:0:8:2"))
                try await PrivateLab.with([notes, other]) { lab in
                    let ask = "GET /p/a HTTP/1.1\r\nHost: notes.flycast\r\n\r\n"
                    for _ in 0..<2 { #expect(try await fetch(lab.port, ask).status == 200) }
                    #expect(first.seen.count == 1 && second.seen.count == 2)
                    var closed = other
                    closed.reach = PublicReach.none
                    try await lab.take([notes, closed])
                    #expect(try await fetch(lab.port, ask).status == 502)
                    #expect(first.seen.count == 2 && second.seen.count == 2)
                }
            }
        }
    }

    @Test("fly-replay reaches an app that is closed outside from its own network alone", arguments: [1, 2])
    func crossing(network: Int) async throws {
        let sendOn = TestApp.serve { _ in
            "HTTP/1.1 409 Conflict\r\nfly-replay: app=other\r\nContent-Length: 0\r\n\r\n"
        }
        try await TestApp.with(sendOn) { first in
            try await TestApp.with(TestApp.echo) { second in
                let goal = second.target(ipv6: "fdaa:0:\(network):a:b:0:9:2")
                var other = Route(app: "other", hostnames: [], autostart: true, machines: [goal])
                other.reach = PublicReach.none
                let source = first.target(ipv6: "fdaa:0:1:a:b:0:8:2")
                try await PrivateLab.with([Self.notes(source), other]) { lab in
                    let answer = try await fetch(lab.port, "GET / HTTP/1.1\r\nHost: notes.flycast\r\n\r\n")
                    #expect(answer.status == (network == 1 ? 200 : 502))
                    #expect(second.seen.count == (network == 1 ? 1 : 0))
                }
            }
        }
    }
}
