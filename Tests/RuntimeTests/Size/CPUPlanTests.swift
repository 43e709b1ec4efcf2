import Model
import Testing

@testable import Runtime

@Suite("Where Machines run")
struct CPUPlanTests {
    private static let ids = (0..<8).map { number in Machine.ID("148e21b7c6508\(number)") }.compactMap { $0 }

    /// What the CPUs do where Machines alone use them.
    private static func busy(
        _ places: [Machine.ID: CPUPlan.Place],
        _ usage: [Machine.ID: Double],
        among all: [Int]
    ) -> [Int: Double] {
        var busy = Dictionary(uniqueKeysWithValues: all.map { ($0, 0.0) })
        for (id, place) in places {
            for cpu in place.cpus { busy[cpu]? += (usage[id] ?? 0) / Double(place.cpus.count) }
        }
        return busy
    }

    private static func moves(
        _ places: [Machine.ID: CPUPlan.Place],
        usage: [Machine.ID: Double],
        among all: [Int],
        round: Int
    ) -> [Machine.ID: CPUPlan.Place] {
        CPUPlan.moves(places, usage: usage, busy: busy(places, usage, among: all), round: round)
    }

    private static func places(_ rows: [[Int]]) -> [Machine.ID: CPUPlan.Place] {
        Dictionary(uniqueKeysWithValues: zip(ids, rows.map { CPUPlan.Place(cpus: $0, weight: 256) }))
    }

    @Test(
        "lists of CPUs are read and written as the kernel has them",
        arguments: [("0", [0]), ("0-3,7", [0, 1, 2, 3, 7]), ("", []), ("1-2,4-5", [1, 2, 4, 5])]
    )
    func lists(text: String, numbers: [Int]) {
        #expect(CPUList.parse(text + "\n") == numbers)
        #expect(CPUList.text(numbers) == text)
    }

    @Test("what is no list of CPUs is none", arguments: ["a", "3-1", "-1", "1-", "1-2-3", "0-99999999"])
    func noLists(text: String) { #expect(CPUList.parse(text) == nil) }

    @Test("a Machine gets the CPUs that least was promised of, and never more than there are")
    func chooses() {
        let all = [0, 1, 2, 3]
        #expect(CPUPlan.choose(1, among: all, beside: []) == [0])
        let others = [CPUPlan.Place(cpus: [0, 2], weight: 256), CPUPlan.Place(cpus: [1], weight: 1024)]
        #expect(CPUPlan.choose(2, among: all, beside: others) == [0, 3])
        // A dedicated CPU weighs as much as four that are shared.
        #expect(CPUPlan.choose(3, among: all, beside: others) == [0, 2, 3])
        #expect(CPUPlan.choose(8, among: all, beside: others) == all)
        #expect(CPUPlan.choose(2, among: [5, 9], beside: []) == [5, 9])
    }

    @Test("nobody moves while there is time for all")
    func rests() {
        let places = Self.places([[0], [0], [1]])
        let usage = [Self.ids[0]: 0.3, Self.ids[1]: 0.3, Self.ids[2]: 0.1]
        #expect(Self.moves(places, usage: usage, among: [0, 1], round: 1).isEmpty)
        // One that fills a CPU alone would gain nothing.
        let alone = [Self.ids[0]: 1.0, Self.ids[2]: 0.1]
        #expect(Self.moves(places, usage: alone, among: [0, 1], round: 1).isEmpty)
        #expect(Self.moves(places, usage: alone, among: [0], round: 1).isEmpty)
    }

    @Test("two that want one CPU are taken apart where another has time")
    func relieves() {
        let places = Self.places([[0], [0], [1]])
        let usage = [Self.ids[0]: 0.5, Self.ids[1]: 0.5, Self.ids[2]: 0.1]
        let moves = Self.moves(places, usage: usage, among: [0, 1], round: 7)
        #expect(moves == [Self.ids[0]: CPUPlan.Place(cpus: [1], weight: 256, since: 7)])
    }

    @Test("what others than Machines do on a CPU counts too")
    func heedsTheHost() {
        let places = Self.places([[0], [1]])
        let usage = [Self.ids[0]: 0.3, Self.ids[1]: 0.1]
        let moves = CPUPlan.moves(places, usage: usage, busy: [0: 1, 1: 0.1], round: 1)
        #expect(moves[Self.ids[0]]?.cpus == [1])
        // Where all are full nobody gains, and those that are alone stay.
        #expect(CPUPlan.moves(places, usage: usage, busy: [0: 1, 1: 1], round: 1).isEmpty)
        let crowd = Self.places([[0], [0]])
        #expect(CPUPlan.moves(crowd, usage: usage, busy: [0: 1, 1: 1], round: 1).count == 1)
    }

    @Test("one that sees all CPUs is never moved")
    func keepsWhole() {
        let places = Self.places([[0, 1], [0]])
        let usage = [Self.ids[0]: 1.8, Self.ids[1]: 0.2]
        #expect(Self.moves(places, usage: usage, among: [0, 1], round: 1)[Self.ids[0]] == nil)
    }

    @Test("many that want all of the time share it: over some rounds none has a tenth more than another")
    func takesTurns() {
        var places = Self.places([[0], [0], [1]])
        var got: [Machine.ID: Double] = [:]
        for round in 1...60 {
            var usage: [Machine.ID: Double] = [:]
            for (id, place) in places {
                usage[id] = 1 / Double(places.values.count { $0.cpus == place.cpus })
                got[id, default: 0] += usage[id] ?? 0
            }
            places.merge(Self.moves(places, usage: usage, among: [0, 1], round: round)) { $1 }
        }
        for id in Self.ids.prefix(3) { #expect((38...42).contains(got[id] ?? 0), "\(got)") }
    }

    @Test("a crowd spreads within a few rounds, whatever it began as", arguments: [1, 2, 3])
    func spreads(width: Int) {
        let all = Array(0..<8)
        var places = Self.places(Array(repeating: Array(0..<width), count: 8 / width))
        for round in 1...6 {
            var usage: [Machine.ID: Double] = [:]
            for (id, place) in places {
                let shares = place.cpus.map { cpu in 1 / Double(places.values.count { $0.cpus.contains(cpu) }) }
                usage[id] = shares.reduce(0, +)
            }
            places.merge(Self.moves(places, usage: usage, among: all, round: round)) { $1 }
        }
        let crowd = all.map { cpu in places.values.count { $0.cpus.contains(cpu) } }
        #expect(crowd.allSatisfy { $0 <= 1 }, "\(places)")
        #expect(places.values.allSatisfy { Set($0.cpus).count == width })
    }
}
