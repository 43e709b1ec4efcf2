import Edge
import Model
import Testing

@Suite("Wake and hold", .timeLimit(.minutes(1)))
struct WakeTests {
    @Test("fifty requests for a sleeping Machine ask for one wake and are all answered")
    func oneWake() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target(.asleep, soft: 100))])
                try await withThrowingTaskGroup(of: Int.self) { tasks in
                    for number in 0..<50 {
                        tasks.addTask {
                            try await fetch(
                                lab.port,
                                "POST /\(number) HTTP/1.1\r\nHost: notes.localhost\r\nContent-Length: 2\r\n\r\nhi"
                            ).status
                        }
                    }
                    try await eventually("the edge asks for a wake") { !lab.serve.wakes.isEmpty }
                    #expect(app.seen.isEmpty)
                    try await lab.serve.apply(2, [.notes(app.target(.coming, soft: 100))])
                    try await lab.serve.apply(3, [.notes(app.target(soft: 100))])
                    for try await status in tasks { #expect(status == 200) }
                }
                #expect(lab.serve.wakes == [app.machine])
                #expect(app.seen.count == 50)
                #expect(app.seen.allSatisfy { $0.body == "hi" })
            }
        }
    }

    @Test("a wake that fails is 503 for those who wait, without the reason; the next request asks again")
    func wakeFails() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target(.asleep))])
                for round in 1...2 {
                    async let answer = fetch(lab.port, get())
                    try await eventually("the edge asks for a wake") { lab.serve.wakes.count == round }
                    try await lab.serve.send(.wakeFailed(machine: app.machine, reason: "out of memory"))
                    let page = try await answer
                    #expect(page.status == 503)
                    #expect(page.value("retry-after") == "1")
                    #expect(!page.head.contains("memory") && !page.body.contains("memory"))
                }
            }
        }
    }

    @Test("a wake that fails sends the request to a busy Machine instead")
    func wakeFailsBesideBusy() async throws {
        try await TestApp.with(TestApp.echo) { awake in
            try await TestApp.with(TestApp.echo) { asleep in
                try await Lab.with { lab in
                    try await lab.serve.apply(1, [.notes(awake.target(soft: 0), asleep.target(.asleep))])
                    async let answer = fetch(lab.port, get())
                    try await eventually("the edge asks for a wake") { lab.serve.wakes == [asleep.machine] }
                    try await lab.serve.send(.wakeFailed(machine: asleep.machine, reason: "no"))
                    #expect(try await answer.status == 200)
                }
            }
        }
    }

    @Test("a sleeper of an app without autostart is left alone: 503")
    func noAutostart() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target(.asleep), autostart: false)])
                #expect(try await fetch(lab.port, get()).status == 503)
                #expect(lab.serve.wakes.isEmpty)
            }
        }
    }

    @Test("a request that waits too long, or is one too many, gets 503")
    func limits() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with({
                $0.limits.held = .milliseconds(200)
                $0.limits.heldPerApp = 2
            }) { lab in
                try await lab.serve.apply(1, [.notes(app.target(.coming))])
                try await withThrowingTaskGroup(of: Int.self) { tasks in
                    for _ in 0..<3 { tasks.addTask { try await fetch(lab.port, get()).status } }
                    for try await status in tasks { #expect(status == 503) }
                }
                try await lab.serve.apply(2, [.notes(app.target())])
                #expect(try await fetch(lab.port, get()).status == 200)
            }
        }
    }

    @Test("at the hard limit requests wait for a place, first come first served, never more at once")
    func hardLimit() async throws {
        let gate = Counter()
        let handler: TestApp.Handler = { peer, app in
            while true {
                app.record(try await peer.message())
                let mine = app.seen.count
                try await eventually("request \(mine) is let through") { gate.value >= mine }
                try await peer.send(TestApp.ok("\(mine)"))
            }
        }
        try await TestApp.with(handler) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target(soft: 1, hard: 1))])
                try await withThrowingTaskGroup(of: Int.self) { tasks in
                    for _ in 0..<8 { tasks.addTask { try await fetch(lab.port, get()).status } }
                    for number in 1...8 {
                        try await eventually("request \(number) is at the app") { app.seen.count == number }
                        gate.add(1)
                    }
                    for try await status in tasks { #expect(status == 200) }
                }
                #expect(app.seen.count == 8)
            }
        }
    }

    @Test("a client that leaves while it waits gives its place in the queue back")
    func leavesQueue() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with({ $0.limits.heldPerApp = 1 }) { lab in
                try await lab.serve.apply(1, [.notes(app.target(.asleep))])
                try await withClient(lab.port) { peer in
                    try await peer.send(get())
                    try await eventually("the edge asks for a wake") { !lab.serve.wakes.isEmpty }
                    #expect(try await fetch(lab.port, get()).status == 503)
                }
                // Now there is room for another: it waits instead of being refused.
                let status = try await withThrowingTaskGroup(of: Int.self) { tasks in
                    tasks.addTask {
                        var status = 503
                        while status == 503 { status = try await fetch(lab.port, get()).status }
                        return status
                    }
                    try await lab.serve.apply(2, [.notes(app.target())])
                    return try await tasks.next()
                }
                #expect(status == 200)
            }
        }
    }
}
