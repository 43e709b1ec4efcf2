import Model
import Testing

@Suite("Healing of Machines whose checks fail")
struct HealPlannerTests {
    private func machine(
        _ number: Int,
        remedy: MachineConfig.Check.Remedy? = .restart,
        failingSince: Int64? = 0,
        startedAt: Int64 = -600
    ) throws -> Machine {
        var config = MachineConfig(image: "x")
        var service = MachineConfig.Service()
        var check = MachineConfig.Check(type: .http)
        check.interval = "5s"
        check.onFailure = remedy
        service.checks = [check]
        config.services = [service]
        var machine = Machine(
            id: try #require(Machine.ID("aaaaaaaaaaaaa\(number)")),
            name: "m",
            app: "a",
            region: "local",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: .init(instance: "i", config: config)
        )
        let start = Timestamp(milliseconds: startedAt * 1000)
        machine.status.state = .started(.init(pid: 1, startTicks: 1, monitorPID: 1, startedAt: start))
        machine.status.proven = true
        machine.status.checks = config.namedChecks.map { named in
            Machine.CheckStatus(
                name: named.name,
                status: failingSince == nil ? .passing : .critical,
                output: "500",
                updatedAt: Timestamp(milliseconds: (failingSince ?? 0) * 1000)
            )
        }
        return machine
    }

    private func at(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: seconds * 1000) }

    @Test("a check that goes on failing is answered as it says, after one more interval")
    func once() throws {
        var planner = HealPlanner()
        let sick = [try machine(1)]
        #expect(planner.plan(sick, now: at(3)).isEmpty)
        let action = try #require(planner.plan(sick, now: at(6)).first)
        #expect(action.remedy == .restart && action.attempt == 1 && action.reason.contains("500"))
        for well in [try machine(1, failingSince: nil), try machine(1, remedy: nil), try machine(1, remedy: .unroute)] {
            var planner = HealPlanner()
            #expect(planner.plan([well], now: at(60)).isEmpty)
        }
    }

    @Test("one that was never well, that a deploy holds, or that has just begun is left alone")
    func notYet() throws {
        var planner = HealPlanner()
        var fresh = try machine(1, startedAt: 55)
        #expect(planner.plan([fresh], now: at(60)).isEmpty)
        fresh = try machine(1)
        fresh.status.proven = false
        #expect(planner.plan([fresh], now: at(60)).isEmpty)
        var held = try machine(1)
        held.status.holds.set(Hold(owner: "rollout x", reason: "r", since: at(0)))
        #expect(planner.plan([held], now: at(60)).isEmpty)
    }

    @Test("attempts come later and later, and end with the budget, which is said once")
    func budget() throws {
        var planner = HealPlanner()
        let sick = [try machine(1)]
        var times: [Int64] = []
        var ends = 0
        for second in Int64(6)...1500 {
            for action in planner.plan(sick, now: at(second)) {
                if action.isGivenUp { ends += 1 } else { times.append(second) }
            }
        }
        #expect(times == [6, 16, 36, 76, 156] && ends == 1, "\(times) \(ends)")
        // An hour later it is worth another try.
        #expect(planner.plan(sick, now: at(3700)).count == 1)
    }

    @Test("a fault that all have in common does not end them all at once")
    func oneAtATime() throws {
        var planner = HealPlanner()
        var all = try (1...3).map { try machine($0) }
        #expect(planner.plan(all, now: at(10)).map(\.machine) == [all[0].id])
        all[0].status.state = .starting(attempt: 0)
        #expect(planner.plan(all, now: at(11)).isEmpty, "the first is still on its way")
    }

    @Test("replacements of a group share one budget: each successor has another ID")
    func replacements() throws {
        var planner = HealPlanner()
        var count = 0
        for round in Int64(0)..<20 {
            let sick = try machine(Int(round % 10), remedy: .replace)
            count += planner.plan([sick], now: at(100 + round * 100)).filter { !$0.isGivenUp }.count
        }
        #expect(count == HealPlanner.budget)
    }
}
