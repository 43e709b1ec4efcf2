import Edge
import Model
import Testing

@Suite("Retries", .timeLimit(.minutes(1)))
struct RetryTests {
    @Test("a refused connection sends the request to another Machine, body and all")
    func refused() async throws {
        try await TestApp.with(TestApp.echo) { app in
            let dead = try await TestApp.with(TestApp.echo) { $0.target() }
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(dead, app.target())])
                for _ in 0..<4 {
                    let answer = try await fetch(
                        lab.port,
                        "POST / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 4\r\n\r\nbody"
                    )
                    #expect(answer.status == 200)
                    #expect(answer.body.hasSuffix("\r\n\r\nbody"))
                }
            }
        }
    }

    @Test("a Machine that is out of reach is tried again until it accepts")
    func comesUp() async throws {
        let dead = try await TestApp.with(TestApp.echo) { $0.target() }
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(dead)])
                async let answer = fetch(lab.port, get())
                try await eventually("the request waits") { lab.serve.applied(1) != nil }
                try await lab.serve.apply(2, [.notes(app.target())])
                #expect(try await answer.status == 200)
            }
        }
    }

    @Test("when all stay out of reach the answer is 503, in the time allowed")
    func givesUp() async throws {
        let dead = try await TestApp.with(TestApp.echo) { $0.target() }
        let adjust: (inout Lab.Configuration) -> Void = { $0.limits.connectBudget = .milliseconds(200) }
        try await Lab.with(adjust) { lab in
            try await lab.serve.apply(1, [.notes(dead)])
            let answer = try await fetch(lab.port, get())
            #expect(answer.status == 503)
            #expect(answer.value("retry-after") == "1")
        }
    }

    /// Answers one request a connection, then closes as soon as the next comes, as a server does whose idle time is up.
    private static let stale: TestApp.Handler = { peer, app in
        let first = try await peer.message()
        app.record(first)
        try await peer.send(TestApp.ok("\(app.connections)"))
        app.record(try await peer.message())
    }

    @Test(
        "a reused connection that dies without a word: idempotent requests go again",
        arguments: ["GET", "PUT", "DELETE"]
    )
    func staleIdempotent(method: String) async throws {
        try await TestApp.with(Self.stale) { app in
            try await Lab.with({ $0.eventLoopThreads = 1 }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                #expect(try await fetch(lab.port, get()).body == "1")
                let again = "\(method) /again HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 2\r\n\r\nhi"
                let answer = try await fetch(lab.port, again)
                #expect(answer.body == "2")
                #expect(app.seen.map(\.body) == ["", "hi", "hi"])
            }
        }
    }

    @Test("a POST that may have reached the app is not sent twice")
    func stalePost() async throws {
        try await TestApp.with(Self.stale) { app in
            try await Lab.with({ $0.eventLoopThreads = 1 }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                #expect(try await fetch(lab.port, get()).status == 200)
                let post = "POST / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 2\r\n\r\nhi"
                #expect(try await fetch(lab.port, post).status == 502)
                #expect(app.seen.count == 2)
            }
        }
    }

    @Test("a body too large to keep is not sent twice")
    func staleLarge() async throws {
        try await TestApp.with(Self.stale) { app in
            try await Lab.with({
                $0.eventLoopThreads = 1
                $0.limits.replayBytes = 100
            }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                #expect(try await fetch(lab.port, get()).status == 200)
                let body = String(repeating: "x", count: 5000)
                let put = "PUT / HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 5000\r\n\r\n\(body)"
                #expect(try await fetch(lab.port, put).status == 502)
            }
        }
    }

    @Test(
        "garbage, silence and half an answer are 502",
        arguments: [
            "", "HTTP/1.1 200", "SSH-2.0-OpenSSH_9.6\r\n\r\n", "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", "HTTP/1.1 99 Odd\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        ]
    )
    func badAnswers(answer: String) async throws {
        let handler: TestApp.Handler = { peer, app in
            app.record(try await peer.message())
            try await peer.send(answer)
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                let page = try await fetch(lab.port, get())
                #expect(page.status == 502)
                #expect(page.body == "502 Bad Gateway\n")
                #expect(app.seen.count == 1)
            }
        }
    }
}
