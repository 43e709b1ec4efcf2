import Edge
import Foundation
import Model
import NIOCore
import NIOPosix
import NIOSSL
import Testing

/// Services that are no HTTP: ports that the edge opens for an app.
@Suite("Services of TCP", .timeLimit(.minutes(1)))
struct StreamTests {
    /// Sends back all that comes, once the client has ended.
    private static let mirror: TestApp.Handler = { peer, _ in
        let all = await peer.rest()
        try await peer.send("<\(all)>")
    }

    private static func route(
        _ target: Route.Target,
        _ port: Int,
        app: String = "notes",
        handlers: [String] = [],
        adjust: (inout MachineConfig.Port) -> Void = { _ in }
    ) -> Route {
        var opened = MachineConfig.Port(port: port, handlers: handlers)
        adjust(&opened)
        var route = Route(app: app, hostnames: ["\(app).localhost"], autostart: true, machines: [target], port: port)
        route.entrances = [Entrance(opened)]
        if !handlers.contains("http") { route.isStream = true }
        return route
    }

    private func exchange(_ port: Int, _ text: String) async throws -> String {
        try await withClient(port) { peer in
            try await peer.send(text)
            peer.finish()
            return await peer.rest()
        }
    }

    @Test("bytes pass both ways as they are, each half ends by itself, and the port closes with its route")
    func raw() async throws {
        try await TestApp.with(Self.mirror) { app in
            try await Lab.with { lab in
                let port = try await freePort()
                try await lab.serve.apply(1, [Self.route(app.target(), port)])
                #expect(try await exchange(port, "\r\n\0 no HTTP") == "<\r\n\0 no HTTP>")
                // Not by host name: it is no HTTP.
                #expect(try await fetch(lab.port, get()).status == 404)
                try await lab.serve.apply(2, [])
                #expect(await isOpen(port) == false)
            }
        }
    }

    @Test("what a client sends and ends at once waits with it for the wake, and is not lost")
    func wake() async throws {
        try await TestApp.with(Self.mirror) { app in
            try await Lab.with { lab in
                let port = try await freePort()
                try await lab.serve.apply(1, [Self.route(app.target(.asleep), port)])
                async let answer = exchange(port, "hello")
                try await eventually("the edge asks for a wake") { lab.serve.wakes == [app.machine] }
                try await lab.serve.apply(2, [Self.route(app.target(), port)])
                #expect(try await answer == "<hello>")
            }
        }
    }

    @Test("a connection whose Machine can't be started ends, and the app's log is told why")
    func wakeFails() async throws {
        try await TestApp.with(Self.mirror) { app in
            try await Lab.with { lab in
                let port = try await freePort()
                try await lab.serve.apply(1, [Self.route(app.target(.asleep), port)])
                async let answer = exchange(port, "hello")
                try await eventually("the edge asks for a wake") { !lab.serve.wakes.isEmpty }
                try await lab.serve.send(.wakeFailed(machine: app.machine, reason: "no memory"))
                #expect(try await answer == "")
                try await eventually("the trouble is told") {
                    lab.serve.troubles.contains { $0.app == "notes" && $0.request == "TCP :\(port)" }
                }
            }
        }
    }

    @Test("an app at its hard limit gets the next connection when one has ended")
    func full() async throws {
        try await TestApp.with(Self.mirror) { app in
            try await Lab.with { lab in
                let port = try await freePort()
                try await lab.serve.apply(1, [Self.route(app.target(soft: 1, hard: 1), port)])
                try await withClient(port) { first in
                    try await first.send("first")
                    try await eventually("it is there") { app.openConnections == 1 }
                    async let second = exchange(port, "second")
                    try await Task.sleep(for: .milliseconds(50))
                    #expect(app.connections == 1)
                    first.finish()
                    #expect(await first.rest() == "<first>")
                    #expect(try await second == "<second>")
                }
            }
        }
    }

    @Test("the app is told the client's address before all else, in the version that it wants")
    func header() async throws {
        try await TestApp.with(Self.mirror) { app in
            try await Lab.with { lab in
                let ports = [try await freePort(), try await freePort()]
                let v2 = Self.route(app.target(), ports[1], handlers: ["proxy_proto"]) { $0.proxyProtocol = .v2 }
                try await lab.serve.apply(1, [Self.route(app.target(), ports[0], handlers: ["proxy_proto"]), v2])
                let text = try await exchange(ports[0], "hi")
                let words = text.split(separator: " ")
                #expect(text.hasPrefix("<PROXY TCP4 127.0.0.1 127.0.0.1 ") && text.hasSuffix(" \(ports[0])\r\nhi>"))
                #expect(words.count == 6 && Int(words[4]) ?? 0 > 0)
                let block = try await exchange(ports[1], "hi")
                #expect(block.hasPrefix("<\r\n\r\n\0\r\nQUIT\n") && block.hasSuffix("hi>"))
            }
        }
    }

    @Test("TLS ends at the edge for the app whose name is asked for, with that app's protocols, and for no other")
    func tls() async throws {
        try await TestApp.with(Self.mirror) { app in
            try await Lab.secure { lab, authority in
                let port = try await freePort()
                let options = AppConfig.TLSOptions(alpn: ["mqtt"])
                try await lab.serve.apply(
                    1,
                    [Self.route(app.target(), port, handlers: ["tls"]) { $0.tlsOptions = options }]
                )
                let answer = try await withSecureClient(port, authority, adjust: { $0.applicationProtocols = ["mqtt"] })
                {
                    try await $0.send("secret")
                    $0.finish()
                    return await $0.rest()
                }
                #expect(answer == "<secret>")
                await #expect(throws: (any Error).self) {
                    try await withSecureClient(port, authority, name: "other.localhost") { _ in }
                }
            }
        }
    }

    @Test("TLS without HTTP on 443 shares the edge's own port, by the name that is asked for")
    func sharedPort() async throws {
        try await TestApp.with(Self.mirror) { queue in
            try await TestApp.with(TestApp.echo) { app in
                try await Lab.secure(["notes.localhost", "queue.localhost"]) { lab, authority in
                    let stream = Self.route(queue.target(), 443, app: "queue", handlers: ["tls"])
                    try await lab.serve.apply(1, [.notes(app.target()), stream])
                    let answer = try await withSecureClient(lab.securePort, authority, name: "queue.localhost") {
                        try await $0.send("no HTTP")
                        $0.finish()
                        return await $0.rest()
                    }
                    #expect(answer == "<no HTTP>")
                    let page = try await withSecureClient(lab.securePort, authority) {
                        try await $0.send(get())
                        return try await $0.message()
                    }
                    #expect(page.status == 200)
                }
            }
        }
    }

    @Test("PostgreSQL's clients ask for TLS in their own way; who does not ask, or says more, is refused")
    func postgres() async throws {
        try await TestApp.with(Self.mirror) { app in
            try await Lab.secure { lab, authority in
                let port = try await freePort()
                try await lab.serve.apply(1, [Self.route(app.target(), port, handlers: ["pg_tls"])])
                let answer = try await withSecureClient(port, authority, after: Self.wish) { peer in
                    try await peer.send("startup")
                    peer.finish()
                    return await peer.rest()
                }
                #expect(answer == "<startup>")
                for start in [Self.bytes(80_877_103) + [1], Self.bytes(196_608)] {
                    try await withClient(port) { peer in
                        try await peer.send(ByteBuffer(bytes: start))
                        #expect(await peer.rest() == "")
                    }
                }
                try await withClient(port) { peer in
                    // Kerberos is declined, and TLS may be asked for then.
                    try await peer.send(ByteBuffer(bytes: Self.bytes(80_877_104)))
                    #expect(String(buffer: try await peer.bytes(1)) == "N")
                    try await peer.send(ByteBuffer(bytes: Self.bytes(80_877_103)))
                    #expect(String(buffer: try await peer.bytes(1)) == "S")
                }
                #expect(app.connections == 1)
            }
        }
    }

    private static let wish = Opening(bytes: bytes(80_877_103), answer: UInt8(ascii: "S"))

    private static func bytes(_ code: UInt32) -> [UInt8] {
        [0, 0, 0, 8] + [UInt8(code >> 24), UInt8(code >> 16 & 255), UInt8(code >> 8 & 255), UInt8(code & 255)]
    }

    @Test("two apps that end TLS by themselves share a port, told apart by the name that is asked for")
    func passThrough() async throws {
        let record: TestApp.Handler = { peer, app in
            let first = try await peer.bytes(5)
            app.record(Peer.Message(head: "", body: "\(first.getInteger(at: 0, as: UInt8.self) ?? 0)"))
        }
        try await TestApp.with(record) { notes in
            try await TestApp.with(record) { other in
                try await Lab.secure { lab, authority in
                    let port = try await freePort()
                    try await lab.serve.apply(
                        1,
                        [Self.route(notes.target(), port), Self.route(other.target(), port, app: "other")]
                    )
                    for name in ["other.localhost", "notes.localhost"] {
                        // The app gets the client's own first message: a handshake, which begins with 22.
                        try? await withSecureClient(port, authority, name: name) { _ in }
                    }
                    try await eventually("each has had one") { notes.seen.count == 1 && other.seen.count == 1 }
                    #expect(notes.seen.map(\.body) == ["22"] && other.seen.map(\.body) == ["22"])
                }
            }
        }
    }

    @Test("HTTP at a port of its own leads to that port's service")
    func otherPort() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await TestApp.with(TestApp.serve { _ in TestApp.ok("admin") }) { admin in
                try await Lab.with { lab in
                    let port = try await freePort()
                    let second = Self.route(admin.target(), port, handlers: ["http"])
                    try await lab.serve.apply(1, [.notes(app.target()), second])
                    #expect(try await fetch(port, get()).body == "admin")
                    #expect(try await fetch(lab.port, get()).body.hasPrefix("GET / "))
                }
            }
        }
    }
}

/// Peers that speak for others by the PROXY protocol.
@Suite("PROXY protocol at the entrance", .timeLimit(.minutes(1)))
struct ProxyEntranceTests {
    private static let peers: @Sendable (inout EdgeServer.Configuration) -> Void = { configuration in
        if let block = try? AddressBlock("127.0.0.0/8") { configuration.proxyProtocol = [block] }
    }

    @Test("what such a peer says is the client's address, for requests and for streams, with TLS and without")
    func told() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.secure(adjust: Self.peers) { lab, _ in
                try await lab.serve.apply(1, [.notes(app.target())])
                let line = "PROXY TCP4 203.0.113.9 198.51.100.1 40001 8443\r\n"
                let answer = try await fetch(lab.port, line + get())
                #expect(answer.body.contains("Fly-Client-IP: 203.0.113.9\r\n"))
                #expect(answer.body.contains("X-Forwarded-For: 203.0.113.9\r\n"))
                #expect(answer.body.contains("Fly-Forwarded-Port: 8443\r\n"))
                let block = ProxyHeader.binary(
                    .init(client: "2001:db8::9", clientPort: 1, server: "2001:db8::1", serverPort: 443)
                )
                let second = try await withClient(lab.port) { peer in
                    // In pieces, as networks like it.
                    for byte in block { try await peer.send(ByteBuffer(bytes: [byte])) }
                    try await peer.send(get())
                    return try await peer.message()
                }
                #expect(second.body.contains("Fly-Client-IP: 2001:db8::9\r\n"))
            }
        }
    }

    @Test("a peer that should say it and does not is refused; one that should not is taken at its word for nothing")
    func untold() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with(Self.peers) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(get())
                    #expect(await peer.rest() == "")
                }
            }
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                let answer = try await fetch(lab.port, "PROXY TCP4 203.0.113.9 198.51.100.1 1 2\r\n" + get())
                #expect(answer.status == 400)
            }
            #expect(app.seen.isEmpty)
        }
    }

    @Test("TLS begins behind the header")
    func secure() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.secure(adjust: Self.peers) { lab, authority in
                try await lab.serve.apply(1, [.notes(app.target())])
                let line = "PROXY TCP4 203.0.113.9 198.51.100.1 40001 443\r\n"
                let opening = Opening(bytes: Array(line.utf8))
                let answer = try await withSecureClient(lab.securePort, authority, after: opening) { peer in
                    try await peer.send(get())
                    return try await peer.message()
                }
                #expect(answer.body.contains("Fly-Client-IP: 203.0.113.9\r\n"))
                #expect(answer.body.contains("X-Forwarded-Proto: https\r\n"))
            }
        }
    }
}
