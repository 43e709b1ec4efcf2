import Model
import Testing

/// A Machine in one of these tests.
private struct Sketch: Sendable {
    var state = Route.State.ready
    var load = 0
    var soft = 20
    var hard: Int?
    var share: Int?
}

private func route(_ sketches: [Sketch], autostart: Bool = true) -> Route {
    let machines = sketches.enumerated().map { number, sketch in
        var target = Route.Target(
            machine: id(number),
            region: "fra",
            address: Machine.Address(ipv4: "10.0.0.\(number + 1)", ipv6: "::1"),
            port: 8080,
            state: sketch.state,
            concurrency: MachineConfig.Concurrency(softLimit: sketch.soft, hardLimit: sketch.hard)
        )
        target.share = sketch.share
        return target
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
    let decision = Balancer.decide(
        route(sketches, autostart: autostart),
        load: { sketches[$0].load },
        excluding: excluding,
        spin: spin
    )
    switch decision {
    case .send(let place, let sleeper): return "send \(place)" + (sleeper.map { ", wake \($0)" } ?? "")
    case .wake(let place): return "wake \(place)"
    case .wait: return "wait"
    case .refuse: return "refuse"
    }
}

@Suite("Balancer")
struct BalancerTests {
    @Test(
        "a canary gets its share of a hundred requests, evenly spread, however little it has to do",
        arguments: [1, 5, 40]
    )
    func share(percent: Int) {
        let sketches = [Sketch(load: 9), Sketch(share: percent), Sketch(load: 9)]
        let turns = (0..<1000).map { decide(sketches, spin: $0) == "send 1" }
        #expect(turns.count { $0 } == percent * 10)
        let places = turns.indices.filter { turns[$0] }
        let gaps = zip(places, places.dropFirst()).map { $1 - $0 }
        #expect((gaps.max() ?? 0) <= 3 * 100 / percent, "\(gaps)")
        #expect(decide([Sketch(state: .draining), Sketch(share: 1)], spin: 0) == "send 1", "better than none")
        #expect(decide([Sketch(load: 9), Sketch(load: 1, hard: 1, share: 99)], spin: 0) == "send 0", "it is full")
    }

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

    @Test("all at the soft limit: sends, and wakes a sleeper beside if autostart is on and none is on its way")
    func wakesForLoad() {
        let busy = Sketch(load: 20)
        #expect(decide([busy, Sketch(state: .asleep)]) == "send 0, wake 1")
        #expect(decide([Sketch(load: 20, hard: 20), Sketch(state: .asleep)]) == "wake 1")
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

    @Test("waiting is of use while something runs, comes or may be woken that did not refuse")
    func hope() {
        func isHopeful(_ sketches: [Sketch], autostart: Bool = true, excluding: Set<Machine.ID> = []) -> Bool {
            Balancer.isHopeful(route(sketches, autostart: autostart), excluding: excluding)
        }
        #expect(isHopeful([Sketch(hard: 1)]))
        #expect(isHopeful([Sketch(state: .asleep), Sketch(state: .asleep)], excluding: [id(0)]))
        #expect(!isHopeful([Sketch(state: .asleep)], excluding: [id(0)]))
        #expect(!isHopeful([Sketch(state: .asleep)], autostart: false))
        #expect(isHopeful([Sketch(state: .coming)], excluding: [id(0)]))
        #expect(!isHopeful([Sketch(state: .draining)]))
    }

    @Test(
        "one client never has all places of an app",
        arguments: [([5], 4), ([3], 2), ([25, 25], 45), ([2], nil), ([1], nil), ([1, 1, 1], 2), ([], nil)]
    )
    func shares(hard: [Int], share: Int?) {
        #expect(Balancer.clientShare(route(hard.map { Sketch(hard: $0) })) == share)
        #expect(Balancer.clientShare(route(hard.map { Sketch(hard: $0) } + [Sketch()])) == nil)
    }
}
