import Testing
import Toolkit

@testable import ControlPlane
@testable import Model

@Suite("Route builder")
struct RouteBuilderTests {
    private let process = Machine.Process(pid: 1, startTicks: 1, monitorPID: 1, startedAt: Timestamp(milliseconds: 0))

    private func machine(
        _ state: Machine.State,
        ready: Bool = false,
        proven: Bool = false,
        cordoned: Bool = false
    )
        -> Machine
    {
        var config = MachineConfig(image: "x")
        config.services = [MachineConfig.Service(internalPort: 9000)]
        var machine = Machine(
            id: .random(),
            name: "m",
            app: "a",
            region: "local",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: .init(instance: "i", config: config)
        )
        machine.status.state = state
        machine.status.ready = ready
        machine.status.proven = proven
        machine.spec.cordoned = cordoned
        machine.status.address = Machine.Address(ipv4: "10.0.0.2", ipv6: "fdaa::2")
        return machine
    }

    private func state(of machine: Machine) -> Route.State? {
        let app = App(name: "a", createdAt: Timestamp(milliseconds: 0), owner: "o")
        return RouteBuilder.routes(of: app, machines: [machine], domain: "localhost").first?.machines.first?.state
    }

    @Test("a closed app has no name and opens no port, and private addresses have its own ports, 80 and 443 with them")
    func addresses() throws {
        var machine = machine(.started(process), ready: true)
        var raw = MachineConfig.Service(internalPort: 5432)
        raw.ports = [MachineConfig.Port(port: 5432, handlers: ["pg_tls"])]
        machine.spec.config.services[0].ports = [
            .init(port: 80, handlers: ["http"]), .init(port: 443, handlers: ["tls", "http"]),
        ]
        machine.spec.config.services.append(raw)
        var app = App(name: "a", createdAt: Timestamp(milliseconds: 0), owner: "o")
        app.hostnames = ["a.example.com"]
        func routes() -> [Route] { RouteBuilder.routes(of: app, machines: [machine], domain: "localhost") }
        #expect(routes().allSatisfy { $0.privateAddresses == nil && $0.privatePorts == nil && $0.reach == nil })
        #expect(routes().map(\.hostnames) == [["a.localhost", "a.example.com"], ["a.localhost", "a.example.com"]])
        app.privateAddresses = [PrivateAddress(address: "fdaa:0:1:0:1::5", createdAt: Timestamp(milliseconds: 0))]
        #expect(routes().map { $0.privatePorts?.map(\.first) } == [[80, 443], [5432]])
        #expect(routes().map { $0.entrances?.map(\.first) } == [nil, [5432]])
        #expect(routes().allSatisfy { $0.privateAddresses == ["fdaa:0:1:0:1::5"] })
        app.reach = .none
        #expect(routes().allSatisfy { $0.hostnames.isEmpty && $0.entrances == nil })
        #expect(routes().map { $0.privatePorts?.map(\.first) } == [[80, 443], [5432]])
        // What can't be read later stays as closed as it was.
        let standIn = try #require(StandIns(RouteTable(apps: routes()), domain: "localhost").app("a"))
        #expect(standIn.reach.isClosed && standIn.privateAddresses?.map(\.address) == ["fdaa:0:1:0:1::5"])
        #expect(standIn.publicNames(domain: "localhost").isEmpty)
    }

    @Test("a Machine gets requests only when it is started, ready and not cordoned")
    func states() {
        #expect(state(of: machine(.started(process), ready: true)) == .ready)
        #expect(state(of: machine(.started(process), ready: true, cordoned: true)) == .draining)
        #expect(state(of: machine(.started(process))) == .coming)
        // Was healthy with this very configuration and is not now: nothing new goes there.
        #expect(state(of: machine(.started(process), proven: true)) == .draining)
        #expect(state(of: machine(.stopped(nil))) == .asleep)
        #expect(state(of: machine(.suspended(process))) == .asleep)
        #expect(state(of: machine(.stopped(nil), cordoned: true)) == .draining)
        #expect(state(of: machine(.stopping(process, then: .started))) == .draining)
        #expect(state(of: machine(.created)) == nil)
        #expect(state(of: machine(.failed(reason: "x"))) == nil)
        // It was good with this configuration: a wake that failed once must not be the end of it.
        #expect(state(of: machine(.failed(reason: "x"), proven: true)) == .asleep)
        #expect(state(of: machine(.failed(reason: "x"), proven: true, cordoned: true)) == nil)
    }

    @Test("one that waits for its turn after a start of the host is woken by a request, if it may be")
    func awaitingBoot() {
        let waiting = Machine.State.awaitingBoot(Timestamp(milliseconds: 1))
        #expect(state(of: machine(waiting, proven: true)) == .asleep)
        #expect(state(of: machine(waiting, proven: true, cordoned: true)) == .draining)
        // A new release has to pass its trial first, and a crash waits out its pause.
        #expect(state(of: machine(waiting)) == .coming)
        let crashed = Machine.State.restarting(at: Timestamp(milliseconds: 1), attempt: 1)
        #expect(state(of: machine(crashed, proven: true)) == .coming)
        var closed = machine(waiting, proven: true)
        closed.spec.config.services[0].autostart = false
        #expect(state(of: closed) == .coming)
    }

    @Test("where a Machine tells its numbers is closed at the port that is open to all, and only there")
    func closedPaths() throws {
        let app = App(name: "a", createdAt: Timestamp(milliseconds: 0), owner: "o")
        var (inside, aside) = (machine(.started(process), ready: true), machine(.started(process), ready: true))
        inside.spec.config.metrics = MachineConfig.Metrics(port: 9000, path: "/stats")
        aside.spec.config.metrics = MachineConfig.Metrics(port: 9091)
        let closed = RouteBuilder.routes(of: app, machines: [inside, aside, inside], domain: "localhost")
        #expect(closed.map(\.closedPaths) == [["/stats"]])
        let open = RouteBuilder.routes(of: app, machines: [aside], domain: "localhost")
        #expect(open.map(\.closedPaths) == [nil])
    }

    @Test("while Machines are of two releases, what each answers is counted")
    func mixed() {
        let app = App(name: "a", createdAt: Timestamp(milliseconds: 0), owner: "o")
        var (old, new) = (machine(.started(process), ready: true), machine(.started(process)))
        (old.spec.release, new.spec.release) = (1, 2)
        let routes = RouteBuilder.routes(of: app, machines: [old, new], domain: "localhost")
        #expect(routes.map(\.compares) == [true])
        new.spec.release = 1
        #expect(RouteBuilder.routes(of: app, machines: [old, new], domain: "localhost").map(\.compares) == [nil])
    }

    @Test("files are looked for in the release that is proven, then in the others, the longest prefix first")
    func statics() throws {
        func one(_ release: Int, _ digit: String, proven: Bool, _ files: [(String, String)]) -> Machine {
            var machine = machine(.started(process), ready: proven, proven: proven)
            machine.spec.release = release
            machine.spec.config.image = "roost/a@sha256:\(String(repeating: digit, count: 64))"
            machine.spec.config.statics = files.compactMap { StaticFiles(guestPath: $0.0, urlPrefix: $0.1) }
            return machine
        }
        let app = App(name: "a", createdAt: Timestamp(milliseconds: 0), owner: "o")
        let old = one(1, "a", proven: true, [("/app/static", "/static/"), ("/app/static/deep", "/static/deep")])
        let new = one(2, "b", proven: false, [("/srv/files/", "static"), ("/other", "/static")])
        let (first, second) = (String(repeating: "a", count: 64), String(repeating: "b", count: 64))
        let routes = RouteBuilder.routes(of: app, machines: [new, old, old], domain: "localhost")
        #expect(
            routes.first?.statics == [
                StaticShelf(prefix: "/static/deep", folders: ["\(first)/app/static/deep"]),
                StaticShelf(prefix: "/static", folders: ["\(first)/app/static", "\(second)/srv/files"]),
            ]
        )
        var proven = new
        proven.status.proven = true
        let later = RouteBuilder.routes(of: app, machines: [old, proven], domain: "localhost")
        #expect(later.first?.statics?.last?.folders == ["\(second)/srv/files", "\(first)/app/static"])
        let many = one(3, "c", proven: true, (0..<50).map { ("/app", "/p\($0)") })
        #expect(RouteBuilder.routes(of: app, machines: [many], domain: "localhost").first?.statics?.count == 10)
        let none = machine(.started(process), ready: true)
        #expect(RouteBuilder.routes(of: app, machines: [none], domain: "localhost").first?.statics == nil)
    }

    @Test("an app answers to its name under the domain and to its own host names")
    func hostnames() {
        var app = App(name: "a", createdAt: Timestamp(milliseconds: 0), owner: "o")
        app.hostnames = ["a.example.com"]
        let machines = [machine(.started(process), ready: true)]
        let routes = RouteBuilder.routes(of: app, machines: machines, domain: "roost.test")
        #expect(routes.first?.hostnames == ["a.roost.test", "a.example.com"])
        #expect(routes.first?.forceHTTPS == nil)
        app.addedHostnames = ["a.example.com", "b.example.com"]
        var secure = machines
        secure[0].spec.config.services[0].forceHTTPS = true
        let more = RouteBuilder.routes(of: app, machines: secure, domain: "roost.test")
        #expect(more.first?.hostnames == ["a.roost.test", "a.example.com", "b.example.com"])
        #expect(more.first?.forceHTTPS == true)
        app.destroying = true
        #expect(RouteBuilder.routes(of: app, machines: machines, domain: "x").isEmpty)
    }

    @Test("each published port has a route; what is not published has none")
    func services() {
        let app = App(name: "a", createdAt: Timestamp(milliseconds: 0), owner: "o")
        var one = machine(.started(process), ready: true)
        one.spec.config.services = [
            MachineConfig.Service(internalPort: 5432, ports: [.init(port: 5432, handlers: [])]),
            MachineConfig.Service(internalPort: 8080),
            MachineConfig.Service(internalPort: 9090, ports: [.init(port: 8081, handlers: ["http"])]),
        ]
        one.spec.config.services[1].ports[0].httpOptions = .init(idleTimeout: 9)
        let routes = RouteBuilder.routes(of: app, machines: [one], domain: "x")
        #expect(routes.map(\.key) == ["a", "a:5432", "a:8081"])
        #expect(routes.map { $0.machines.map(\.port) } == [[8080], [5432], [9090]])
        #expect(routes.map(\.idleTimeout) == [9, nil, nil])
        #expect(routes.map(\.isStream) == [nil, true, nil])
        #expect(routes.map { $0.entrances?.map(\.first) } == [nil, [5432], [8081]])
        one.spec.config.services = [MachineConfig.Service(internalPort: 5432, ports: [])]
        #expect(RouteBuilder.routes(of: app, machines: [one], domain: "x").isEmpty)
    }

    @Test("what the configuration says of answers, limits and traffic reaches the edge")
    func rules() throws {
        var app = App(name: "a", createdAt: Timestamp(milliseconds: 0), owner: "o")
        app.traffic = .maintenance
        var one = machine(.started(process), ready: true)
        one.spec.config.services[0].rateLimit = RateLimit(requests: 5)
        one.spec.config.services[0].ports[0].httpOptions = .init(idleTimeout: 9)
        one.spec.config.services[0].ports[1].tlsOptions = .init(alpn: ["h2"])
        let route = try #require(RouteBuilder.routes(of: app, machines: [one], domain: "x").first)
        #expect(route.traffic == .maintenance && route.rateLimit?.requests == 5)
        #expect(route.options?.idleTimeout == 9 && route.tlsOptions?.alpn == ["h2"])
        let table = RouteTable(revision: 1, apps: [route])
        #expect(try JSON.decode(RouteTable.self, from: try JSON.encode(table), what: "routes") == table)
    }

    @Test("the board tells what a record changes, and nothing of other apps")
    func changes() {
        func named(_ name: String) -> App { App(name: name, createdAt: Timestamp(milliseconds: 0), owner: "o") }
        var board = RouteBoard(domain: "x")
        var one = machine(.stopped(nil))
        var other = machine(.started(process), ready: true)
        other.app = "b"
        let first = board.replace(apps: [named("a"), named("b")], machines: [one, other], revision: 5)
        #expect(first?.routes.map(\.app) == ["a", "b"])
        #expect(board.table.revision == 5)
        one.status.state = .started(process)
        let coming = board.take(.machine(one), revision: 6)
        #expect(coming?.base == 5 && coming?.revision == 6)
        #expect(coming?.routes.map(\.app) == ["a"])
        #expect(coming?.routes.first?.machines.first?.state == .coming)
        // What does not change the route is nothing to the edge.
        one.status.events.append(.init(kind: .start, at: Timestamp(milliseconds: 1)))
        #expect(board.take(.machine(one), revision: 7) == nil)
        #expect(board.table.revision == 6)
        #expect(!board.hasOther(than: one.id))
        let gone = board.take(.appGone("b"), revision: 8)
        #expect(gone?.base == 6 && gone?.removed == ["b"] && gone?.routes.isEmpty == true)
        #expect(board.table.apps.map(\.app) == ["a"])
        let empty = board.take(.machineGone(one.id), revision: 9)
        #expect(empty?.removed == ["a"] && board.targets(of: one.id).isEmpty)
    }

    @Test("no records at all are told once, so that an edge knows it")
    func empty() {
        var board = RouteBoard(domain: "x")
        #expect(board.replace(apps: [], machines: [], revision: 3) != nil)
        #expect(board.replace(apps: [], machines: [], revision: 4) == nil)
    }
}
