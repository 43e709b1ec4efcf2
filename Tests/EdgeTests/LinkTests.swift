import Edge
import Model
import Testing

@Suite("Link to serve", .timeLimit(.minutes(1)))
struct LinkTests {
    @Test("says hello, applies routes, keeps a copy")
    func applies() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with { lab in
                let routes = [Route.notes(app.target())]
                try await lab.serve.apply(7, routes)
                guard case .hello = lab.serve.reports.first else {
                    Issue.record("first report is \(String(describing: lab.serve.reports.first))")
                    return
                }
                #expect(lab.serve.applied(7) == [:])
                try await eventually("a copy is written") { lab.saved.all == [RouteTable(revision: 7, apps: routes)] }
            }
        }
    }

    @Test("starts from its copy when serve is away")
    func startsFromCopy() async throws {
        try await TestApp.with(TestApp.echo) { app in
            let adjust: (inout Lab.Configuration) -> Void = {
                $0.initialRoutes = RouteTable(revision: 3, apps: [.notes(app.target())])
            }
            try await Lab.with(serving: false, adjust) { lab in
                let answer = try await fetch(lab.port, get())
                #expect(answer.status == 200)
            }
        }
    }

    @Test("comes back when serve does; the routes stay in force meanwhile, and open wakes are asked for again")
    func reconnects() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await TestApp.with(TestApp.echo) { sleeper in
                try await Lab.with(serving: false) { lab in
                    let other = Route(
                        app: "b",
                        hostnames: ["b.localhost"],
                        autostart: true,
                        machines: [sleeper.target(.asleep)]
                    )
                    try await lab.serve.listen(at: lab.socketPath) {
                        try await lab.serve.apply(1, [.notes(app.target()), other])
                    }
                    #expect(try await fetch(lab.port, get()).status == 200)
                    async let held = fetch(lab.port, get(host: "b.localhost"))
                    let second = FakeServe()
                    try await second.listen(at: lab.socketPath) {
                        try await eventually("the wake is asked for") { second.wakes == [sleeper.machine] }
                        let awake = Route(
                            app: "b",
                            hostnames: ["b.localhost"],
                            autostart: true,
                            machines: [sleeper.target()]
                        )
                        try await second.apply(2, [.notes(app.target()), awake])
                    }
                    #expect(try await held.status == 200)
                    #expect(try await fetch(lab.port, get()).status == 200)
                }
            }
        }
    }

    @Test("tells what is in flight, and again when a draining Machine's last request has ended")
    func drains() async throws {
        let handler: TestApp.Handler = { peer, app in
            app.record(try await peer.message())
            try await eventually("the request may end") { app.seen.count == 3 }
            try await peer.send(TestApp.ok("late"))
            _ = await peer.rest()
        }
        try await TestApp.with(handler) { old in
            try await TestApp.with(TestApp.echo) { new in
                try await Lab.with { lab in
                    try await lab.serve.apply(1, [.notes(old.target())])
                    async let first = fetch(lab.port, get())
                    async let second = fetch(lab.port, get())
                    try await eventually("both are at the app") { old.seen.count == 2 }
                    try await lab.serve.apply(2, [.notes(old.target(.draining), new.target())])
                    #expect(lab.serve.applied(2) == [old.machine: 2])
                    #expect(try await fetch(lab.port, get("/new")).body.hasPrefix("GET /new"))
                    // Gone from the table, but not from the count.
                    try await lab.serve.apply(3, [.notes(new.target())])
                    #expect(lab.serve.applied(3) == [old.machine: 2])
                    try await eventually("the load is told") {
                        lab.serve.loads.contains([old.machine: 2])
                    }
                    old.record(Peer.Message(head: "go on", body: ""))
                    #expect(try await first.body == "late")
                    #expect(try await second.body == "late")
                    try await eventually("the end is told") { lab.serve.applied(3) == [:] }
                    try await eventually("the load is told") { lab.serve.loads.contains([:]) }
                }
            }
        }
    }

    @Test("orders that make no sense change nothing, and those after them are obeyed")
    func nonsense() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                for line in ["", "{", "{\"later\":{}}", "{\"routes\":{\"_0\":{\"revision\":\"x\"}}}"] {
                    try await lab.serve.sendLine(line)
                }
                var bad = app.target()
                bad.port = 0
                try await lab.serve.send(.routes(RouteTable(revision: 2, apps: [.notes(bad)])))
                try await lab.serve.apply(3, [.notes(app.target())])
                #expect(lab.serve.applied(2) == nil)
                #expect(lab.serve.connections == 1)
                #expect(try await fetch(lab.port, get()).status == 200)
            }
        }
    }

    @Test("a copy that cannot be written is no reason not to apply")
    func unsaved() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with({ $0.saveRoutes = { _, _ in throw Fault(.diskFull, "disk full") } }) { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                #expect(try await fetch(lab.port, get()).status == 200)
            }
        }
    }
}
