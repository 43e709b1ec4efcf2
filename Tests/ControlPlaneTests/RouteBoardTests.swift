import Model
import Testing

@testable import ControlPlane

@Suite("Route board")
struct RouteBoardTests {
    private func app(_ name: String, hostnames: [String] = []) -> App {
        var app = App(name: name, createdAt: Timestamp(milliseconds: 0), owner: "o")
        app.hostnames = hostnames
        return app
    }

    private func machine(_ app: String, _ number: Int, asleep: Bool = false) throws -> Machine {
        var config = MachineConfig(image: "x")
        config.services = [MachineConfig.Service(internalPort: 9000)]
        var machine = Machine(
            id: try #require(Machine.ID("0000000000000\(number)")),
            name: "m",
            app: app,
            region: "local",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: .init(instance: "i", config: config)
        )
        let process = Machine.Process(
            pid: 1,
            startTicks: 1,
            monitorPID: 1,
            startedAt: Timestamp(milliseconds: 0)
        )
        machine.status.state = asleep ? .stopped(nil) : .started(process)
        machine.status.ready = !asleep
        machine.status.address = Machine.Address(ipv4: "10.0.0.\(number)", ipv6: "fdaa::\(number)")
        return machine
    }

    private func board(_ count: Int) throws -> RouteBoard {
        var board = RouteBoard(domain: "localhost")
        let apps = (0..<count).map { app("app\($0)") }
        let machines = try (0..<min(count, 9)).map { try machine("app\($0)", $0 + 1) }
        _ = board.replace(apps: apps, machines: machines, revision: 10)
        return board
    }

    @Test("the first look is told even where there is nothing, for only then is it known that there is nothing")
    func first() {
        var board = RouteBoard(domain: "localhost")
        #expect(board.replace(apps: [], machines: [], revision: 0) != nil)
        #expect(board.replace(apps: [], machines: [], revision: 4) != nil)
        #expect(board.replace(apps: [], machines: [], revision: 5) == nil)
        #expect(board.table == RouteTable(revision: 4, apps: []))
    }

    @Test("a change names the one route that it changes, however many there are", arguments: [1, 9])
    func oneRoute(count: Int) throws {
        var board = try board(count)
        let taken = try board.take(.machine(machine("app0", 1, asleep: true)), revision: 11)
        let changes = try #require(taken)
        #expect(changes.base == 10 && changes.revision == 11 && changes.removed.isEmpty)
        #expect(changes.routes.map(\.app) == ["app0"])
        #expect(changes.routes.first?.machines.map(\.state) == [.asleep])
    }

    @Test("a record that changes nothing for an edge is not told, and does not move the revision")
    func nothing() throws {
        var board = try board(3)
        var same = try machine("app0", 1)
        same.status.updatedAt = Timestamp(milliseconds: 77)
        same.status.events = [.init(kind: .start, at: Timestamp(milliseconds: 5))]
        #expect(board.take(.machine(same), revision: 11) == nil)
        #expect(board.take(.app(app("app1")), revision: 12) == nil)
        #expect(board.take(.machineGone(.random()), revision: 13) == nil)
        #expect(board.take(.appGone("nobody"), revision: 14) == nil)
        #expect(board.revision == 10)
        // The next one that does is told from the last one that was.
        #expect(board.take(.app(app("app1", hostnames: ["x.example.com"])), revision: 15)?.base == 10)
    }

    @Test("all changes together lead to the very table that reading all records anew does")
    func sameAsWhole() throws {
        var board = try board(4)
        var told = board.table
        let changes: [RouteBoard.Change] = [
            .machine(try machine("app1", 2, asleep: true)),
            .app(app("new", hostnames: ["new.example.com"])),
            .machine(try machine("new", 7)),
            .machine(try machine("app0", 8)),
            .machineGone(try machine("app0", 1).id),
            .appGone("app2"),
            .machineGone(try machine("app2", 3).id),
            .app(app("app3", hostnames: ["three.example.com"])),
        ]
        for (number, change) in changes.enumerated() {
            if let news = board.take(change, revision: Int64(11 + number)) {
                #expect(news.base == told.revision)
                told.apply(news)
            }
            #expect(told == board.table)
        }
        var whole = RouteBoard(domain: "localhost")
        _ = whole.replace(
            apps: [
                app("app0"), app("app1"), app("app3", hostnames: ["three.example.com"]),
                app("new", hostnames: ["new.example.com"]),
            ],
            machines: [
                try machine("app1", 2, asleep: true), try machine("new", 7), try machine("app0", 8),
                try machine("app3", 4),
            ],
            revision: board.revision
        )
        #expect(whole.table == board.table)
    }

    @Test("what is read anew tells what is gone meanwhile")
    func anew() throws {
        var board = try board(3)
        let taken = try board.replace(apps: [app("app1")], machines: [machine("app1", 2)], revision: 30)
        let changes = try #require(taken)
        #expect(changes.removed.sorted() == ["app0", "app2"] && changes.routes.isEmpty)
        #expect(board.app("app0") == nil && board.route(app: "app2") == nil)
    }

    @Test("a Machine has another beside it only when that one takes requests for the same")
    func others() throws {
        var board = try board(2)
        let (first, second) = (try machine("app0", 1), try machine("app0", 8))
        #expect(!board.hasOther(than: first.id))
        _ = board.take(.machine(try machine("app0", 8, asleep: true)), revision: 11)
        #expect(!board.hasOther(than: first.id))
        _ = board.take(.machine(second), revision: 12)
        #expect(board.hasOther(than: first.id) && board.hasOther(than: second.id))
        #expect(board.targets(of: second.id).map(\.state) == [.ready])
        #expect(!board.hasOther(than: .random()) && board.targets(of: .random()).isEmpty)
    }

    @Test("Machines whose app is not there yet are routed as soon as it is")
    func machineFirst() throws {
        var board = RouteBoard(domain: "localhost")
        _ = board.replace(apps: [], machines: [], revision: 1)
        #expect(board.take(.machine(try machine("late", 1)), revision: 2) == nil)
        let taken = board.take(.app(app("late")), revision: 3)
        let changes = try #require(taken)
        #expect(changes.routes.first?.machines.count == 1)
        #expect(board.machine(try machine("late", 1).id, of: "late") != nil)
    }
}
