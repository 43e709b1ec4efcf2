import Model

/// Decides which CPUs of the host each Machine runs on: as many as it was given, and where there is room.
///
/// A Machine counts its CPUs by those that it may run on (`sched_getaffinity`): no file can tell it another number.
enum CPUPlan {
    /// Where a Machine is.
    struct Place: Equatable, Sendable {
        /// Sorted.
        var cpus: [Int]
        /// What it was promised of each of them, beside others.
        var weight: Double
        /// The round in which it came there.
        var since = 0
    }

    /// The CPUs for one more Machine: those that least was promised of.
    ///
    /// - Returns: sorted; all where it was given as many as there are, or more.
    static func choose(_ count: Int, among all: [Int], beside others: some Collection<Place>) -> [Int] {
        guard count < all.count else { return all }
        var promised: [Int: Double] = [:]
        for place in others {
            for cpu in place.cpus { promised[cpu, default: 0] += place.weight }
        }
        let free = all.sorted { (promised[$0] ?? 0, $0) < (promised[$1] ?? 0, $1) }
        return free.prefix(max(1, count)).sorted()
    }

    /// Who should go on elsewhere.
    ///
    /// Nobody moves while no CPU is short of time. Where all of them are, those that wait take turns, so that each gets its
    /// share over a few rounds.
    ///
    /// - Parameters:
    ///   - places: where each Machine is.
    ///   - usage: CPUs' worth of time that each took in the last round.
    ///   - busy: for each CPU that there is, the part of the last round in which anybody used it.
    ///   - round: the number of this one.
    /// - Returns: new places of those that move, ``most`` at most.
    static func moves(
        _ places: [Machine.ID: Place],
        usage: [Machine.ID: Double],
        busy: [Int: Double],
        round: Int
    ) -> [Machine.ID: Place] {
        let movable = places.filter { $0.value.cpus.count < busy.count }
        var board = Board(places: movable, usage: usage, loads: busy)
        var moved: [Machine.ID: Place] = [:]
        while moved.count < most {
            guard let step = board.relief() ?? (moved.isEmpty ? board.turn() : nil), moved[step.id] == nil,
                let place = board.take(step, round)
            else { break }
            moved[step.id] = place
        }
        return moved
    }

    // MARK: - Private

    /// As many as a round moves.
    private static let most = 8

    private struct Step {
        var id: Machine.ID
        var source: Int
        var target: Int
    }

    /// How things would be after the moves so far.
    private struct Board {
        var places: [Machine.ID: Place]
        let usage: [Machine.ID: Double]
        var loads: [Int: Double]

        /// From this share of a CPU's time on it is short.
        static let busy = 0.7
        /// Who takes less of a CPU than this is not worth a move.
        static let least = 0.05

        /// What it takes of each of its CPUs.
        func part(_ id: Machine.ID, _ place: Place) -> Double { (usage[id] ?? 0) / Double(max(1, place.cpus.count)) }

        /// The move that helps the busiest CPU most; one that helps it by less than half of what moves is none.
        func relief() -> Step? {
            let order = loads.sorted { ($0.value, $1.key) < ($1.value, $0.key) }
            guard let (source, load) = order.last, load >= Self.busy else { return nil }
            var best: (step: Step, gain: Double)?
            for (id, place) in places.sorted(by: { $0.key < $1.key }) where place.cpus.contains(source) {
                let part = part(id, place)
                guard part >= Self.least else { continue }
                let others = order.filter { !place.cpus.contains($0.key) }
                guard let least = others.first?.value,
                    let target = others.filter({ $0.value == least }).map(\.key).min()
                else { continue }
                let gain = load - max(load - part, least + part)
                guard gain >= part / 2, gain > best?.gain ?? 0 else { continue }
                best = (Step(id: id, source: source, target: target), gain)
            }
            return best?.step
        }

        /// With every CPU full, the one that has waited longest among most others changes to where fewer wait.
        func turn() -> Step? {
            guard loads.values.allSatisfy({ $0 >= Self.busy }) else { return nil }
            let eager = places.filter { part($0.key, $0.value) >= Self.least }
            let crowds = loads.keys.map { cpu in (cpu: cpu, count: eager.values.count { $0.cpus.contains(cpu) }) }
                .sorted { ($0.count, $0.cpu) < ($1.count, $1.cpu) }
            guard let target = crowds.first, let source = crowds.last, source.count > max(1, target.count) else {
                return nil
            }
            return eager.filter { $0.value.cpus.contains(source.cpu) && !$0.value.cpus.contains(target.cpu) }
                .min { ($0.value.since, $0.key) < ($1.value.since, $1.key) }
                .map { Step(id: $0.key, source: source.cpu, target: target.cpu) }
        }

        mutating func take(_ step: Step, _ round: Int) -> Place? {
            guard var place = places[step.id] else { return nil }
            let part = part(step.id, place)
            loads[step.source, default: 0] -= part
            loads[step.target, default: 0] += part
            place.cpus = place.cpus.map { $0 == step.source ? step.target : $0 }.sorted()
            place.since = round
            places[step.id] = place
            return place
        }
    }
}
