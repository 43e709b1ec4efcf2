import Edge
import Model
import Testing

@Suite("Routing", .timeLimit(.minutes(1)))
struct RoutingTests {
    @Test(
        "finds the app by its host name, in any case, with port or final dot",
        arguments: [
            "notes.localhost", "NOTES.LocalHost", "notes.localhost:8080", "notes.localhost.", "notes.localhost.:80",
        ]
    )
    func routesByHost(host: String) async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                let answer = try await fetch(lab.port, get("/hi", host: host))
                #expect(answer.status == 200)
                #expect(answer.body.hasPrefix("GET /hi HTTP/1.1\r\nHost: \(host)\r\n"))
            }
        }
    }

    @Test("two apps get their own requests; an absolute target beats the Host field")
    func twoApps() async throws {
        try await TestApp.with(TestApp.serve { _ in TestApp.ok("a") }) { first in
            try await TestApp.with(TestApp.serve { _ in TestApp.ok("b") }) { second in
                try await Lab.with { lab in
                    let other = Route(
                        app: "b",
                        hostnames: ["b.localhost"],
                        autostart: true,
                        machines: [second.target()]
                    )
                    try await lab.serve.apply(1, [.notes(first.target()), other])
                    #expect(try await fetch(lab.port, get()).body == "a")
                    #expect(try await fetch(lab.port, get(host: "b.localhost")).body == "b")
                    let absolute = "GET http://b.localhost/x?y HTTP/1.1\r\nHost: notes.localhost\r\n\r\n"
                    #expect(try await fetch(lab.port, absolute).body == "b")
                    #expect(second.seen.last?.head.hasPrefix("GET /x?y HTTP/1.1\r\nHost: b.localhost\r\n") == true)
                }
            }
        }
    }

    @Test("an unknown host gets a small 404 that gives nothing away, and keeps its connection")
    func unknownHost() async throws {
        try await Lab.with { lab in
            try await lab.serve.apply(1, [])
            try await withClient(lab.port) { peer in
                for host in ["secret.localhost", "10.0.0.1", ""] {
                    try await peer.send(get(host: host))
                    let answer = try await peer.message()
                    #expect(answer.status == 404)
                    #expect(answer.body == "404 Not Found\n")
                }
            }
        }
    }

    @Test("without any routes the answer is 503, not 404")
    func noRoutes() async throws {
        try await Lab.with { lab in
            let answer = try await fetch(lab.port, get())
            #expect(answer.status == 503)
            #expect(answer.value("retry-after") == "1")
        }
    }

    @Test("an app without Machines is 503 at once")
    func noMachines() async throws {
        try await Lab.with { lab in
            try await lab.serve.apply(1, [.notes()])
            #expect(try await fetch(lab.port, get()).status == 503)
        }
    }

    @Test("two Machines share the requests; a draining one gets none")
    func balances() async throws {
        try await TestApp.with(TestApp.echo) { first in
            try await TestApp.with(TestApp.echo) { second in
                // Each event loop takes turns by itself.
                try await Lab.with({ $0.eventLoopThreads = 1 }) { lab in
                    try await lab.serve.apply(1, [.notes(first.target(), second.target())])
                    for _ in 0..<10 { _ = try await fetch(lab.port, get()) }
                    #expect(first.seen.count == 5)
                    #expect(second.seen.count == 5)
                    try await lab.serve.apply(2, [.notes(first.target(.draining), second.target())])
                    for _ in 0..<4 { _ = try await fetch(lab.port, get()) }
                    #expect(first.seen.count == 5)
                }
            }
        }
    }

    @Test("the app sees who asked, and nothing that the client made up about that")
    func requestHeaders() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                let spoofed = """
                    GET / HTTP/1.1\r
                    Host: notes.localhost\r
                    Connection: keep-alive, X-Secret\r
                    X-Secret: 1\r
                    Keep-Alive: timeout=5\r
                    Proxy: http://evil\r
                    TE: trailers, deflate\r
                    Fly-Client-IP: 6.6.6.6\r
                    Fly_Client_IP: 6.6.6.6\r
                    X_Forwarded_Proto: https\r
                    Fly-Region: xxx\r
                    fly-request-id: mine\r
                    X-Forwarded-For: 1.2.3.4\r
                    X-Forwarded-For: 5.6.7.8\r
                    X-Forwarded-Proto: https\r
                    Via: 1.0 fred\r
                    Fly-Prefer-Region: ams\r
                    X-Odd: caf\u{e9}\r
                    \r\n
                    """
                let answer = try await fetch(lab.port, spoofed)
                let seen = try #require(app.seen.first)
                #expect(seen.values("fly-client-ip") == ["127.0.0.1"])
                #expect(seen.values("fly_client_ip") == [])
                #expect(seen.values("x_forwarded_proto") == [])
                #expect(seen.values("x-forwarded-for") == ["1.2.3.4, 5.6.7.8, 127.0.0.1"])
                #expect(seen.values("x-forwarded-proto") == ["http"])
                #expect(seen.values("x-forwarded-port") == ["\(lab.port)"])
                #expect(seen.values("fly-forwarded-port") == ["\(lab.port)"])
                #expect(seen.values("x-forwarded-ssl") == ["off"])
                #expect(seen.values("fly-region") == ["fra"])
                #expect(seen.values("via") == ["1.0 fred", "1.1 roost"])
                #expect(seen.values("te") == ["trailers"])
                #expect(seen.values("fly-prefer-region") == ["ams"])
                #expect(seen.values("x-odd") == ["caf\u{e9}"])
                for gone in ["connection", "keep-alive", "proxy", "x-secret"] { #expect(seen.values(gone) == []) }
                let id = try #require(seen.value("fly-request-id"))
                #expect(id.count == 30 && id.hasSuffix("-fra"))
                #expect(answer.values("fly-request-id") == [id])
                #expect(answer.values("via") == ["1.1 roost"])
                #expect(answer.values("server") == ["Roost"])
            }
        }
    }

    @Test("the client sees the app's own Server field, and no field of the app's hop")
    func responseHeaders() async throws {
        let response = """
            HTTP/1.1 418 I'm a teapot\r
            Server: uvicorn\r
            Connection: keep-alive, X-Hop\r
            X-Hop: 1\r
            Keep-Alive: timeout=5\r
            Fly-Request-Id: fake\r
            Set-Cookie: a=1\r
            Set-Cookie: b=2\r
            Content-Length: 0\r
            \r\n
            """
        try await TestApp.with(TestApp.serve { _ in response }) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                let answer = try await fetch(lab.port, get())
                #expect(answer.start == "HTTP/1.1 418 I'm a teapot")
                #expect(answer.values("server") == ["uvicorn"])
                #expect(answer.values("set-cookie") == ["a=1", "b=2"])
                #expect(answer.values("fly-request-id").count == 1)
                #expect(answer.value("fly-request-id") != "fake")
                for gone in ["connection", "keep-alive", "x-hop"] { #expect(answer.values(gone) == []) }
            }
        }
    }

    @Test("a Machine that answers only on IPv6 is found, and IPv4 is not tried again")
    func fallsBackToIPv6() async throws {
        try await TestApp.with(host: "::1", TestApp.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                #expect(try await fetch(lab.port, get()).status == 200)
                #expect(try await fetch(lab.port, get()).status == 200)
            }
        }
    }

    @Test("listens on both families, and tells the client's IPv6 address")
    func dualStack() async throws {
        try await TestApp.with(TestApp.echo) { app in
            let adjust: (inout Lab.Configuration) -> Void = {
                $0.listen = [.init(host: "127.0.0.1", port: 0), .init(host: "::1", port: 0)]
            }
            try await Lab.with(adjust) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                let answer = try await withClient(lab.ports[1], host: "::1") { peer in
                    try await peer.send(get())
                    return try await peer.message()
                }
                #expect(answer.status == 200)
                #expect(app.seen.first?.value("fly-client-ip") == "::1")
            }
        }
    }
}
