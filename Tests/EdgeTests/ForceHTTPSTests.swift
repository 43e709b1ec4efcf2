import Edge
import Model
import Testing

/// What the edge answers before any app is asked.
@Suite("The edge's own answers")
struct ForceHTTPSTests {
    private static func route(_ target: Route.Target) -> Route {
        var route = Route.notes(target)
        route.forceHTTPS = true
        return route
    }

    @Test("a request without TLS is sent to the same place with it")
    func redirect() async throws {
        try await Lab.secure { lab, authority in
            try await TestApp.with(TestApp.echo) { app in
                try await lab.serve.apply(1, [Self.route(app.target())])
                let read = try await fetch(lab.port, get("/a?b=c"))
                #expect(read.status == 301)
                #expect(read.value("location") == "https://notes.localhost:\(lab.securePort)/a?b=c")
                let post = "POST / HTTP/1.1\r\nHost: notes.localhost:80\r\nContent-Length: 2\r\n\r\nhi"
                let written = try await fetch(lab.port, post)
                #expect(written.status == 308)
                #expect(app.seen.isEmpty)
                try await withSecureClient(lab.securePort, authority) { peer in
                    try await peer.send(get("/a"))
                    #expect(try await peer.message().status == 200)
                }
                #expect(app.seen.count == 1)
            }
        }
    }

    @Test("nobody is sent where there is no TLS; a proxy that ends it is believed")
    func elsewhere() async throws {
        let here = try AddressBlock("127.0.0.1")
        let adjust: (inout Lab.Configuration) -> Void = { $0.trustedProxies = [here] }
        try await Lab.with(adjust) { lab in
            try await TestApp.with(TestApp.echo) { app in
                try await lab.serve.apply(1, [Self.route(app.target())])
                #expect(try await fetch(lab.port, get("/")).status == 200)
                let head = "GET /x HTTP/1.1\r\nHost: notes.localhost\r\nX-Forwarded-Proto: "
                #expect(try await fetch(lab.port, head + "https\r\n\r\n").status == 200)
                let plain = try await fetch(lab.port, head + "http\r\n\r\n")
                #expect(plain.status == 301 && plain.value("location") == "https://notes.localhost/x")
            }
        }
    }

    @Test("an authority's question is answered first: before redirects, for any host, with nothing behind it")
    func challenge() async throws {
        try await Lab.secure { lab, authority in
            let asleep = Route.Target(
                machine: .random(),
                region: "fra",
                address: Machine.Address(ipv4: "127.0.0.1", ipv6: "::1"),
                port: 9,
                state: .asleep,
                concurrency: .init()
            )
            try await lab.serve.apply(1, [Self.route(asleep)])
            try await lab.serve.secure(.init(revision: 2, challenges: ["tok-en_1": "tok-en_1.thumb"]))
            let path = "/.well-known/acme-challenge/"
            for host in ["notes.localhost", "new.example.com"] {
                let answer = try await fetch(lab.port, get(path + "tok-en_1", host: host))
                #expect(answer.status == 200 && answer.body == "tok-en_1.thumb")
            }
            try await withSecureClient(lab.securePort, authority) { peer in
                try await peer.send(get(path + "tok-en_1"))
                #expect(try await peer.message().body == "tok-en_1.thumb")
            }
            #expect(lab.serve.wakes.isEmpty)
            // A question of somebody else is the app's.
            #expect(try await fetch(lab.port, get(path + "other", host: "new.example.com")).status == 404)
            try await lab.serve.secure(.init(revision: 3, challenges: [:]))
            #expect(try await fetch(lab.port, get(path + "tok-en_1", host: "new.example.com")).status == 404)
        }
    }
}
