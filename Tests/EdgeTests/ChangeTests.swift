import Foundation
import Model
import NIOCore
import NIOPosix
import Testing

@testable import Edge

@Suite("Changes of routes", .timeLimit(.minutes(1)))
struct ChangeTests {
    private func route(_ app: String, _ machines: Route.Target..., port: Int? = nil) -> Route {
        Route(app: app, hostnames: ["\(app).localhost"], autostart: true, machines: machines, port: port)
    }

    @Test("an empty table of revision 0 from a serve that knows nothing yet takes no route away")
    func emptyTable() async throws {
        try await TestApp.with(TestApp.echo) { app in
            let adjust: (inout Lab.Configuration) -> Void = {
                $0.initialRoutes = RouteTable(revision: 3, apps: [.notes(app.target())])
            }
            try await Lab.with(adjust) { lab in
                try await eventually("edge.sock is connected") { lab.serve.connections == 1 }
                try await eventually("hello") { !lab.serve.reports.isEmpty }
                try await lab.serve.send(.routes(RouteTable()))
                try await lab.serve.sendLine(#"{"unknown":{}}"#)
                try await lab.serve.send(.wakeFailed(machine: .random(), reason: "a mark"))
                #expect(try await fetch(lab.port, get()).status == 200)
                #expect(lab.saved.all.isEmpty)
                // An empty table of a serve that has read its records is what it says.
                try await lab.serve.apply(9, [])
                #expect(try await fetch(lab.port, get()).status == 404)
            }
        }
    }

    @Test("a change replaces its routes and leaves the others; one that does not fit asks for the whole")
    func changes() async throws {
        try await TestApp.with(TestApp.serve { _ in TestApp.ok("first") }) { first in
            try await TestApp.with(TestApp.serve { _ in TestApp.ok("second") }) { second in
                try await Lab.with { lab in
                    try await lab.serve.apply(1, [route("a", first.target()), route("b", first.target())])
                    guard case .hello(_, let can) = lab.serve.reports.first else {
                        Issue.record("no hello")
                        return
                    }
                    #expect(can == ["changes", "figures"])
                    let moved = RouteChanges(base: 1, revision: 2, routes: [route("a", second.target())])
                    try await lab.serve.send(.changes(moved))
                    try await eventually("revision 2 is applied") { lab.serve.applied(2) != nil }
                    #expect(try await fetch(lab.port, get(host: "a.localhost")).body == "second")
                    #expect(try await fetch(lab.port, get(host: "b.localhost")).body == "first")
                    let gone = RouteChanges(base: 2, revision: 3, routes: [], removed: ["a"])
                    try await lab.serve.send(.changes(gone))
                    try await eventually("revision 3 is applied") { lab.serve.applied(3) != nil }
                    #expect(try await fetch(lab.port, get(host: "a.localhost")).status == 404)
                    try await lab.serve.send(.changes(RouteChanges(base: 7, revision: 8, routes: [], removed: ["b"])))
                    try await eventually("the whole is asked for") { lab.serve.reports.contains(.lost(revision: 3)) }
                    #expect(try await fetch(lab.port, get(host: "b.localhost")).body == "first")
                    try await eventually("the copy has all", within: .seconds(5)) {
                        lab.saved.all.last == RouteTable(revision: 3, apps: [route("b", first.target())])
                    }
                }
            }
        }
    }

    @Test("of two apps that want a name the first by name has it, and the other when that goes")
    func shadow() throws {
        let loads = Loads()
        var index: RouteIndex?
        func take(_ routes: [Route], removed: [String] = []) throws {
            let changes = RouteChanges(base: 0, revision: 1, routes: routes, removed: removed)
            _ = index.take(try RouteUpdate(changes, loads: loads, before: index))
        }
        func owner(_ host: String, port: Int = 80) -> String? { index?.entry(host: host, port: port)?.route.key }
        func named(_ app: String, port: Int? = nil) -> Route {
            Route(app: app, hostnames: ["Same.x"], autostart: true, machines: [], port: port)
        }
        try take([named("b")])
        try take([named("a")])
        #expect(owner("same.x") == "a")
        try take([named("c")])
        try take([], removed: ["a"])
        #expect(owner("same.x") == "b")
        try take([named("b"), named("b", port: 81)])
        #expect(owner("same.x") == "b")
        #expect(owner("same.x", port: 81) == "b:81")
        try take([], removed: ["b", "b:81"])
        #expect(owner("same.x", port: 81) == "c")
        try take([], removed: ["c"])
        #expect(owner("same.x") == nil && index?.isEmpty == true)
    }

    @Test("what a change costs does not grow with the number of apps")
    func cost() throws {
        func work(apps: Int) throws -> Duration {
            let loads = Loads()
            var index: RouteIndex?
            func route(_ number: Int, _ state: Route.State) throws -> Route {
                let id = try #require(Machine.ID(String(repeating: "0", count: 8) + String(100_000 + number)))
                let target = Route.Target(
                    machine: id,
                    region: "fra",
                    address: .init(ipv4: "10.0.0.1", ipv6: "::1"),
                    port: 80,
                    state: state,
                    concurrency: .init()
                )
                return Route(app: "a\(number)", hostnames: ["a\(number).x"], autostart: true, machines: [target])
            }
            let routes = try (0..<apps).map { try route($0, .asleep) }
            let all = RouteChanges(base: 0, revision: 1, routes: routes)
            _ = index.take(try RouteUpdate(all, loads: loads, before: nil))
            let changes = try [Route.State.coming, .ready, .asleep].map {
                RouteChanges(base: 1, revision: 2, routes: [try route(1, $0)])
            }
            return try ContinuousClock().measure {
                for _ in 0..<300 {
                    for change in changes {
                        let update = try RouteUpdate(change, loads: loads, before: index)
                        _ = index.take(update)
                        loads.prune(update, try #require(index))
                    }
                }
            }
        }
        _ = try work(apps: 10)
        // The best of several: what else the host does only ever adds.
        let best = try (0..<5).map { _ in (try work(apps: 10), try work(apps: 3000)) }.min { $0.1 / $0.0 < $1.1 / $1.0 }
        let (few, many) = try #require(best)
        #expect(many < few * 3, "\(few) with 10 apps, \(many) with 3,000")
    }

    @Test("a listener at a port that a service publishes leads there, all others to the usual one")
    func ports() async throws {
        try await TestApp.with(TestApp.serve { _ in TestApp.ok("usual") }) { usual in
            try await TestApp.with(TestApp.serve { _ in TestApp.ok("other") }) { other in
                let adjust: (inout Lab.Configuration) -> Void = {
                    $0.listen.append(.init(host: "127.0.0.1", port: 0))
                }
                try await Lab.with(adjust) { lab in
                    try await lab.serve.apply(
                        1,
                        [route("a", usual.target()), route("a", other.target(), port: lab.ports[1])]
                    )
                    #expect(try await fetch(lab.ports[0], get(host: "a.localhost")).body == "usual")
                    #expect(try await fetch(lab.ports[1], get(host: "a.localhost")).body == "other")
                }
            }
        }
    }

    @Test("requests are counted for autostop, however short they are")
    func begun() async throws {
        try await TestApp.with(TestApp.echo) { app in
            try await Lab.with { lab in
                try await lab.serve.apply(1, [.notes(app.target())])
                for _ in 0..<3 { _ = try await fetch(lab.port, get()) }
                try await eventually("three requests are told") { lab.serve.begun(app.machine) == 3 }
            }
        }
    }

    @Test("at the soft limit a request is sent where there is room, and a sleeper woken beside")
    func wakesBeside() async throws {
        try await TestApp.with(TestApp.echo) { awake in
            try await TestApp.with(TestApp.echo) { asleep in
                try await Lab.with { lab in
                    try await lab.serve.apply(1, [.notes(awake.target(soft: 0), asleep.target(.asleep))])
                    #expect(try await fetch(lab.port, get()).status == 200)
                    try await eventually("the wake is asked for") { lab.serve.wakes == [asleep.machine] }
                    #expect(try await fetch(lab.port, get()).status == 200)
                    #expect(lab.serve.wakes.count == 1)
                }
            }
        }
    }

    @Test("a wake that fails: the other sleeper is woken for those who wait")
    func otherSleeper() async throws {
        try await TestApp.with(TestApp.echo) { first in
            try await TestApp.with(TestApp.echo) { second in
                try await Lab.with { lab in
                    let machines = [first.target(.asleep), second.target(.asleep)]
                    let all = Route(app: "notes", hostnames: ["notes.localhost"], autostart: true, machines: machines)
                    try await lab.serve.apply(1, [all])
                    async let answer = fetch(lab.port, get())
                    try await eventually("the first wake") { lab.serve.wakes.count == 1 }
                    let failed = try #require(lab.serve.wakes.first)
                    try await lab.serve.send(.wakeFailed(machine: failed, reason: "no"))
                    try await eventually("the second wake") { lab.serve.wakes.count == 2 }
                    let woken = try #require(lab.serve.wakes.last)
                    #expect(woken != failed)
                    var awake = all
                    for index in machines.indices where machines[index].machine == woken {
                        awake.machines[index].state = .ready
                    }
                    try await lab.serve.apply(2, [awake])
                    #expect(try await answer.status == 200)
                }
            }
        }
    }

    @Test("a Machine whose wake fails again and again is left alone for longer each time")
    func rests() {
        #expect(
            [1, 2, 3, 4, 9, 99].map { WakeBoard.pause(after: $0) } == [
                .zero, .seconds(1), .seconds(2), .seconds(4), .seconds(30), .seconds(30),
            ]
        )
        let board = WakeBoard()
        let machine = Machine.ID.random()
        let target = Route.Target(
            machine: machine,
            region: "r",
            address: .init(ipv4: "", ipv6: ""),
            port: 1,
            state: .asleep,
            concurrency: .init()
        )
        let route = Route.notes(target)
        let now = NIODeadline.uptimeNanoseconds(1)
        #expect(board.ask(machine, key: "notes"))
        #expect(!board.ask(.random(), key: "notes"))
        board.failed(machine, at: now)
        #expect(board.resting(route, at: now).isEmpty)
        board.failed(machine, at: now)
        #expect(board.resting(route, at: now) == [machine])
        #expect(board.resting(route, at: now + .seconds(2)).isEmpty)
    }
}
