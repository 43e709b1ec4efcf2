import Model
import Testing

/// A Machine in one of these tests.
private struct Sketch: Sendable {
    var state = Route.State.ready
    var load = 0
    var soft = 20
    var hard: Int?
}

private func route(_ sketches: [Sketch], autostart: Bool = true) -> Route {
    let machines = sketches.enumerated().map { number, sketch in
        Route.Target(
            machine: id(number),
            region: "fra",
            address: Machine.Address(ipv4: "10.0.0.\(number + 1)", ipv6: "::1"),
            port: 8080,
            state: sketch.state,
            concurrency: MachineConfig.Concurrency(softLimit: sketch.soft, hardLimit: sketch.hard)
        )
    }
    return Route(app: "notes", hostnames: ["notes.localhost"], autostart: autostart, machines: machines)
}

private func id(_ number: Int) -> Machine.ID {
    let text = String(number, radix: 16)
    guard let id = Machine.ID(String(repeating: "0", count: 14 - text.count) + text) else {
        preconditionFailure("14 hex digits are an ID")
    }
    return id
}

private func decide(
    _ sketches: [Sketch],
    autostart: Bool = true,
    excluding: Set<Machine.ID> = [],
    spin: Int = 0
) -> String {
    let loads = Dictionary(uniqueKeysWithValues: sketches.enumerated().map { (id($0), $1.load) })
    let decision = Balancer.decide(
        route(sketches, autostart: autostart),
        load: { loads[$0] ?? 0 },
        excluding: excluding,
        spin: spin
    )
    switch decision {
    case .send(let target): return "send \(Int(target.machine.text, radix: 16) ?? -1)"
    case .wake(let target): return "wake \(Int(target.machine.text, radix: 16) ?? -1)"
    case .wait: return "wait"
    case .refuse: return "refuse"
    }
}

@Suite("Balancer")
struct BalancerTests {
    @Test("takes the least loaded below its soft limit")
    func leastLoaded() {
        #expect(decide([Sketch(load: 3), Sketch(load: 1), Sketch(load: 2)]) == "send 1")
    }

    @Test("a busier Machine below its soft limit goes before a less busy one at it")
    func bandBeforeLoad() {
        #expect(decide([Sketch(load: 5, soft: 5), Sketch(load: 9)]) == "send 1")
    }

    @Test("equal Machines take turns, whatever the number", arguments: [-4, -1, 0, 1, 7, Int.min, Int.max])
    func turns(spin: Int) {
        let picks = (0..<3).map { decide([Sketch(), Sketch(), Sketch()], spin: spin &+ $0) }
        // At the wrap from the largest number to the smallest, one turn may be skipped.
        #expect(Set(picks).count >= (spin == .max ? 2 : 3))
    }

    @Test("a Machine at its hard limit gets nothing; the request waits")
    func hardLimit() {
        #expect(decide([Sketch(load: 2, soft: 1, hard: 2), Sketch(load: 1, soft: 1, hard: 2)]) == "send 1")
        #expect(decide([Sketch(load: 2, soft: 1, hard: 2)], autostart: false) == "wait")
    }

    @Test("all at the soft limit wakes a sleeper, but only if autostart is on and none is on its way")
    func wakesForLoad() {
        let busy = Sketch(load: 20)
        #expect(decide([busy, Sketch(state: .asleep)]) == "wake 1")
        #expect(decide([busy, Sketch(state: .asleep)], autostart: false) == "send 0")
        #expect(decide([busy, Sketch(state: .asleep), Sketch(state: .coming)]) == "send 0")
    }

    @Test("only sleepers: wakes one, or refuses when that is not allowed")
    func onlySleepers() {
        #expect(decide([Sketch(state: .asleep)]) == "wake 0")
        #expect(decide([Sketch(state: .asleep)], autostart: false) == "refuse")
    }

    @Test("waits while one is coming or draining")
    func waits() {
        #expect(decide([Sketch(state: .coming)]) == "wait")
        #expect(decide([Sketch(state: .asleep), Sketch(state: .coming)]) == "wait")
        #expect(decide([Sketch(state: .draining)]) == "wait")
    }

    @Test("no Machine at all is refused")
    func none() {
        #expect(decide([]) == "refuse")
    }

    @Test("excluded Machines are passed over, awake or asleep; if nothing else is left, the request waits")
    func exclusion() {
        #expect(decide([Sketch(), Sketch(load: 9)], excluding: [id(0)]) == "send 1")
        #expect(decide([Sketch()], excluding: [id(0)]) == "wait")
        #expect(decide([Sketch(state: .asleep), Sketch(state: .asleep)], excluding: [id(0)]) == "wake 1")
        #expect(decide([Sketch(load: 20), Sketch(state: .asleep)], excluding: [id(1)]) == "send 0")
    }
}
