import Edge
import Model
import NIOCore
import Testing

@Suite("Connections", .timeLimit(.minutes(1)))
struct ConnectionTests {
    @Test("a client's connection and one to the app serve many requests")
    func keepAlive() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with({ $0.eventLoopThreads = 1 }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    for number in 0..<20 {
                        try await peer.send(get("/\(number)"))
                        #expect(try await peer.message().body.hasPrefix("GET /\(number) "))
                    }
                }
                // Another client, the same connection to the app.
                #expect(try await fetch(lab.port, get()).status == 200)
                #expect(app.connections == 1)
            }
        }
    }

    @Test("an unused connection to the app is closed after its time")
    func closesIdle() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with({ $0.limits.upstreamIdle = .milliseconds(50) }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                #expect(try await fetch(lab.port, get()).status == 200)
                try await eventually("the app's connection is closed") { app.openConnections == 0 }
            }
        }
    }

    @Test("pipelined requests are answered in order")
    func pipelining() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    let post = "POST /p HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 3\r\n\r\nabc"
                    let requests = (0..<30).map { $0 % 3 == 0 ? post : get("/\($0)") }
                    try await peer.send(requests.joined() + "\r\n" + get("/last", host: "nobody"))
                    for number in 0..<30 {
                        let answer = try await peer.message()
                        let expected = number % 3 == 0 ? "POST /p " : "GET /\(number) "
                        #expect(answer.body.hasPrefix(expected))
                        #expect(answer.body.hasSuffix(number % 3 == 0 ? "abc" : "\r\n\r\n"))
                    }
                    #expect(try await peer.message().status == 404)
                }
            }
        }
    }

    @Test("HTTP/1.0: closes by default, keeps on request, gets no chunks")
    func oldClients() async throws {
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
        try await TestApp.with(TestApp.serve { $0.start.contains("/chunked") ? chunked : TestApp.ok("hi") }) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send("GET / HTTP/1.0\r\nHost: notes.localhost\r\nConnection: keep-alive\r\n\r\n")
                    let first = try await peer.message()
                    #expect(first.value("connection") == "keep-alive")
                    try await peer.send(
                        "GET /chunked HTTP/1.0\r\nHost: notes.localhost\r\nConnection: keep-alive\r\n\r\n"
                    )
                    let all = await peer.rest()
                    #expect(all.contains("Connection: close\r\n"))
                    #expect(all.hasSuffix("\r\n\r\nabc"))
                }
                try await withClient(lab.port) { peer in
                    try await peer.send("GET / HTTP/1.0\r\nHost: notes.localhost\r\n\r\n")
                    #expect(await peer.rest().hasSuffix("hi"))
                }
            }
        }
    }

    @Test("HEAD, 204 and 304 have no body, whatever their fields say")
    func bodiless() async throws {
        let handler = TestApp.serve { message in
            switch message.start.split(separator: " ")[1] {
            case "/204": "HTTP/1.1 204 No Content\r\n\r\n"
            case "/304": "HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n"
            case "/chunked": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            default: "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n"
            }
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    for (method, path, length) in [
                        ("HEAD", "/", "1234"), ("GET", "/204", nil), ("GET", "/304", "99"), ("HEAD", "/chunked", nil),
                        ("HEAD", "/", "1234"),
                    ] {
                        try await peer.send("\(method) \(path) HTTP/1.1\r\nHost: notes.localhost\r\n\r\n")
                        let answer = try await peer.message(bodiless: true)
                        #expect(answer.value("content-length") == length, "\(method) \(path)")
                        #expect(answer.value("transfer-encoding") == nil)
                    }
                }
            }
        }
    }

    @Test("a client that closes cancels its request at the app")
    func clientDisconnect() async throws {
        let handler: TestApp.Handler = { peer, app in
            app.record(try await peer.message())
            // Ends only when the edge closes.
            _ = await peer.rest()
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(get())
                    try await eventually("the app has the request") { app.openConnections == 1 && app.seen.count == 1 }
                }
                try await eventually("the app's connection is closed") { app.openConnections == 0 }
            }
        }
    }

    @Test("an idle client connection is closed after its time")
    func idleClient() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with({ $0.limits.clientIdle = .milliseconds(50) }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(get())
                    #expect(try await peer.message().status == 200)
                    #expect(try await peer.any() == nil)
                }
            }
        }
    }

    @Test("more connections than allowed wait in the kernel, and are served when others close")
    func connectionLimit() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with({
                $0.eventLoopThreads = 1
                $0.limits.connections = 2
            }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withThrowingTaskGroup(of: Int.self) { tasks in
                    for _ in 0..<12 { tasks.addTask { try await fetch(lab.port, get()).status } }
                    for try await status in tasks { #expect(status == 200) }
                }
            }
        }
    }

    @Test("shutdown lets a request in flight finish, closes idle connections and takes no new ones")
    func gracefulShutdown() async throws {
        let handler: TestApp.Handler = { peer, app in
            app.record(try await peer.message())
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfirst")
            try await eventually("the edge stops") { app.seen.count == 2 }
            try await peer.send("later")
            _ = await peer.rest()
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { idle in
                    try await idle.send(get(host: "nobody"))
                    #expect(try await idle.message().status == 404)
                    try await withClient(lab.port) { busy in
                        try await busy.send(get())
                        _ = try await busy.until("first")
                        await lab.shutDown()
                        #expect(await idle.rest() == "")
                        try await eventually("new connections are refused") {
                            (try? await withClient(lab.port) { _ in true }) == nil
                        }
                        app.record(Peer.Message(head: "go on", body: ""))
                        #expect(await busy.rest() == "later")
                    }
                }
            }
        }
    }
}
