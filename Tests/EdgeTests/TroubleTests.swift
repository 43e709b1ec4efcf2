import Edge
import Model
import NIOCore
import Testing

/// What the edge says of requests that it answered by itself, and of those that last.
@Suite("Troubles", .timeLimit(.minutes(1)))
struct TroubleTests {
    private func troubles(_ lab: Lab) -> [EdgeTrouble] {
        lab.serve.reports.flatMap { report -> [EdgeTrouble] in
            guard case .load(_, let news) = report else { return [] }
            return news?.troubles ?? []
        }
    }

    @Test("an answer that says its length in two ways: the transfer encoding counts", arguments: ["GET", "HEAD"])
    func bothLengths(method: String) async throws {
        for fields in [
            "Content-Length: 8\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 99",
        ] {
            let body = method == "HEAD" ? "" : "8\r\nrelayed\n\r\n0\r\n\r\n"
            let handler = TestApp.serve { _ in "HTTP/1.1 200 OK\r\n\(fields)\r\n\r\n\(body)" }
            try await TestApp.with(handler) { app in
                try await Lab.with { lab in
                    try await lab.serve.apply(1, [.notes(app.target())])
                    try await withClient(lab.port) { peer in
                        for _ in 0..<2 {
                            try await peer.send("\(method) /relay HTTP/1.1\r\nHost: notes.localhost\r\n\r\n")
                            let answer = try await peer.message(bodiless: method == "HEAD")
                            #expect(answer.status == 200 && answer.value("content-length") == nil)
                            #expect(method == "HEAD" || answer.body == "relayed\n")
                        }
                    }
                    #expect(app.connections == 2, "its connection is not used again")
                    let old = try await fetch(lab.port, "\(method) / HTTP/1.0\r\nHost: notes.localhost\r\n\r\n")
                    #expect(old.status == 200 && old.value("content-length") == nil)
                }
            }
        }
    }

    @Test("lengths that contradict each other are a 502, and the app's log says why, without the query")
    func reason() async throws {
        let handler = TestApp.serve { _ in "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab" }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                #expect(try await fetch(lab.port, get("/relay?token=secret")).status == 502)
                try await eventually("it is told") { !troubles(lab).isEmpty }
                let trouble = try #require(troubles(lab).first)
                #expect(trouble.app == "notes" && trouble.machine == app.machine)
                #expect(
                    trouble.text
                        == "edge: 502 GET /relay: the app's answer can't be read: a bad length, or two that contradict each other"
                )
            }
        }
    }

    @Test("an app that closes without an answer, and one that no Machine serves")
    func closes() async throws {
        let handler: TestApp.Handler = { peer, _ in _ = try await peer.message() }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                let asleep = Route(app: "idle", hostnames: ["idle.localhost"], autostart: false, machines: [])
                try await lab.serve.apply(1, [.notes(app.target()), asleep])
                #expect(try await fetch(lab.port, get("/a")).status == 502)
                #expect(try await fetch(lab.port, get("/b", host: "idle.localhost")).status == 503)
                try await eventually("both are told") { troubles(lab).count == 2 }
                #expect(
                    troubles(lab).map(\.text) == [
                        "edge: 502 GET /a: the app closed the connection without an answer",
                        "edge: 503 GET /b: no Machine of the app runs, and none may be started",
                    ]
                )
                let counted = lab.serve.reports.compactMap {
                    if case .load(_, let news) = $0 { news?.tallies?["notes"]?.failed } else { nil }
                }
                #expect(counted.last == 1)
            }
        }
    }

    @Test("so many lines a second and app, and the next one says how many were left out")
    func gate() {
        var gate = TroubleGate()
        for _ in 0..<TroubleGate.burst { #expect(gate.admit("a", at: .zero) == 0) }
        for _ in 0..<7 { #expect(gate.admit("a", at: .milliseconds(500)) == nil) }
        #expect(gate.admit("b", at: .milliseconds(500)) == 0)
        #expect(gate.admit("a", at: .seconds(1)) == 7)
        #expect(gate.admit("a", at: .seconds(1)) == nil)
        #expect(gate.admit("a", at: .seconds(1000)) == 1)
        for number in 0..<5000 { _ = gate.admit("app\(number)", at: .seconds(1000)) }
    }

    @Test("a POST with a body may become a tunnel: the body first, then whatever comes")
    func upgradeWithBody() async throws {
        let handler: TestApp.Handler = { peer, app in
            app.record(try await peer.message())
            try await peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: own\r\n\r\nhello ")
            while let bytes = try await peer.any() { try await peer.send(bytes) }
        }
        let request = """
            POST /control HTTP/1.1\r
            Host: notes.localhost\r
            Connection: Upgrade\r
            Upgrade: own\r
            Content-Length: 5\r
            \r\n
            """
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                for pieces in [["\(request)first", "more"], [request, "first", "more"], ["\(request)firstmore"]] {
                    try await withClient(lab.port) { peer in
                        for piece in pieces { try await peer.send(piece) }
                        #expect(try await peer.until("\r\n\r\n").contains("101"))
                        #expect(try await peer.until("more") == "hello more")
                    }
                    #expect(app.seen.last?.body == "first" && app.seen.last?.value("upgrade") == "own")
                }
            }
        }
    }

    @Test("an app that declines the upgrade of a POST answers as ever, and the connection goes on")
    func declined() async throws {
        try await TestApp.with(TestApp.serve { TestApp.ok($0.body) }) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    for body in ["first", "other"] {
                        let head = "POST / HTTP/1.1\r\nHost: notes.localhost\r\nConnection: Upgrade\r\nUpgrade: own\r\n"
                        try await peer.send("\(head)Content-Length: 5\r\n\r\n\(body)")
                        #expect(try await peer.message().body == body)
                    }
                }
            }
        }
    }

    @Test("an event stream is in flight, and told as one whose end nobody waits for")
    func streams() async throws {
        let handler: TestApp.Handler = { peer, _ in
            _ = try await peer.message()
            try await peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n")
            _ = try await peer.any()
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                try await withClient(lab.port) { peer in
                    try await peer.send(get("/events"))
                    _ = try await peer.until("data: x")
                    try await lab.serve.apply(2, [.notes(app.target(.draining))])
                    let told = lab.serve.reports.compactMap {
                        if case .applied(2, _, let news) = $0 { news?.streams } else { nil }
                    }
                    #expect(told.last == [app.machine: 1])
                    #expect(lab.serve.applied(2) == [app.machine: 1])
                }
            }
        }
    }
}
