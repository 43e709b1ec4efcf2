import Edge
import Model
import NIOCore
import Testing

/// Behind a proxy that the operator trusts, and without one.
@Suite("Trusted proxies", .timeLimit(.minutes(1)))
struct ProxyTests {
    private static let trusted = ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"].compactMap { try? AddressBlock($0) }

    private static let elsewhere = ["192.0.2.1"].compactMap { try? AddressBlock($0) }

    private func passage(_ fields: String, host: String = "notes.localhost") throws -> Passage {
        let text = "GET / HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n"
        let head = try RequestHead(Array(text.utf8), bounds: .init(target: 1000, fields: 50))
        var passage = Passage(requestID: "i", clientAddress: "127.0.0.1", port: 8080, region: "fra")
        passage.believe(head, trusting: Self.trusted)
        return passage
    }

    @Test("the client is the first address from the right that is no trusted proxy")
    func addresses() throws {
        for (list, client) in [
            ("203.0.113.9", "203.0.113.9"), ("1.1.1.1, 203.0.113.9", "203.0.113.9"),
            ("203.0.113.9, 10.1.2.3", "203.0.113.9"), ("203.0.113.9:4711", "203.0.113.9"),
            ("[2001:db8::1]:443", "2001:db8::1"), ("2001:db8::1", "2001:db8::1"), ("10.1.2.3", "10.1.2.3"),
            ("evil, 10.1.2.3", "10.1.2.3"), ("203.0.113.9, unknown", "127.0.0.1"), ("", "127.0.0.1"),
            ("::ffff:203.0.113.9", "203.0.113.9"), ("\"[2001:db8::1]\"", "2001:db8::1"),
        ] {
            #expect(try passage("X-Forwarded-For: \(list)\r\n").clientAddress == client, "\(list)")
        }
        let two = try passage("X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 203.0.113.9, 127.0.0.1\r\n")
        #expect(two.clientAddress == "203.0.113.9")
        #expect(two.peerAddress == "127.0.0.1")
    }

    @Test("scheme and port are those that the client used")
    func scheme() throws {
        for (fields, host, secure, port) in [
            ("X-Forwarded-Proto: https\r\n", "a.b", true, 443), ("X-Forwarded-Proto: HTTP\r\n", "a.b", false, 80),
            ("X-Forwarded-Proto: https, http\r\n", "a.b", true, 443),
            ("X-Forwarded-Proto: https\r\n", "a.b:8443", true, 8443), ("X-Forwarded-Proto: wss\r\n", "a.b", true, 443),
            ("X-Forwarded-Proto: https\r\nX-Forwarded-Port: 4430\r\n", "a.b:1", true, 4430),
            ("X-Forwarded-Proto: https\r\nX-Forwarded-Port: 99999\r\n", "a.b", true, 443),
            ("X-Forwarded-Proto: gopher\r\n", "a.b", false, 8080), ("", "a.b", false, 8080),
        ] {
            let passage = try passage(fields, host: host)
            #expect(passage.secure == secure && passage.port == port, "\(fields)")
        }
    }

    @Test("ranges of addresses contain what they should, and nonsense is refused")
    func blocks() throws {
        for (block, address, inside) in [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("0.0.0.0/0", "8.8.8.8", true),
            ("192.0.2.7", "192.0.2.7", true), ("192.0.2.7", "192.0.2.8", false), ("192.0.2.0/25", "192.0.2.200", false),
            ("::1", "::1", true), ("fd00::/8", "fdaa::1", true), ("fd00::/8", "fe80::1", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true), ("::/0", "10.0.0.1", false),
        ] {
            let found = try AddressBlock(block).contains(try #require(IPAddress(address)))
            #expect(found == inside, "\(address) in \(block)")
        }
        for text in ["", "nonsense", "10.0.0.0/33", "10.0.0/8", "::1/129", "10.0.0.0/8/8", "10.0.0.0/-1", "10.0.0.0/"] {
            #expect(throws: Fault.self, "\(text)") { try AddressBlock(text) }
        }
    }

    private let forwarded = """
        GET /who HTTP/1.1\r
        Host: notes.localhost\r
        X-Forwarded-Proto: https\r
        X-Forwarded-For: 203.0.113.9\r
        Fly-Client-IP: 6.6.6.6\r
        Fly-Forwarded-Proto: gopher\r
        \r\n
        """

    @Test("what a trusted proxy says reaches the app")
    func believed() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with({ $0.trustedProxies = Self.trusted }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                let body = try await fetch(lab.port, forwarded).body
                for line in [
                    "X-Forwarded-For: 203.0.113.9, 127.0.0.1", "X-Forwarded-Proto: https", "X-Forwarded-Port: 443",
                    "X-Forwarded-SSL: on", "Fly-Client-IP: 203.0.113.9", "Fly-Forwarded-Proto: https",
                ] {
                    #expect(body.contains("\r\n\(line)\r\n"), "\(line) in \(body)")
                }
                #expect(!body.contains("6.6.6.6") && !body.contains("gopher"))
            }
        }
    }

    @Test("what anybody else says of the scheme is dropped")
    func dropped() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with({ $0.trustedProxies = Self.elsewhere }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                let body = try await fetch(lab.port, forwarded).body
                #expect(body.contains("\r\nX-Forwarded-Proto: http\r\n"))
                #expect(body.contains("\r\nFly-Client-IP: 127.0.0.1\r\n"))
                let other = "GET / HTTP/1.1\r\nHost: x.localhost\r\nX-Forwarded-Host: notes.localhost\r\n\r\n"
                #expect(try await fetch(lab.port, other).status == 404)
            }
        }
    }

    @Test("a proxy that asks by another host names the one that was meant, and only where that one is none of ours")
    func host() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with({ $0.trustedProxies = Self.trusted }) { lab in
                let other = Route(app: "other", hostnames: ["other.localhost"], autostart: false, machines: [])
                try await lab.serve.apply(1, [.notes(app.target()), other])
                let meant = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Host: notes.localhost\r\n\r\n"
                let answer = try await fetch(lab.port, meant)
                #expect(answer.status == 200 && answer.body.contains("Host: notes.localhost\r\n"))
                let ours = "GET / HTTP/1.1\r\nHost: notes.localhost\r\nX-Forwarded-Host: other.localhost\r\n\r\n"
                #expect(try await fetch(lab.port, ours).status == 200)
            }
        }
    }
}
