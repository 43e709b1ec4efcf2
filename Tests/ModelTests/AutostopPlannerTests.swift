import Model
import Testing

@Suite("Autostop")
struct AutostopPlannerTests {
    private func machines(
        _ loads: [Int],
        floor: Int = 0,
        region: String = "fra",
        mode: MachineConfig.Autostop = .stop,
        idle: Duration = .seconds(600)
    ) -> [AutostopPlanner.Candidate] {
        loads.enumerated().map { index, load in
            var service = MachineConfig.Service()
            service.autostop = mode
            service.minMachinesRunning = floor
            service.concurrency.softLimit = 10
            return AutostopPlanner.Candidate(
                id: Machine.ID("0000000000000\(index)") ?? .random(),
                region: region,
                service: service,
                primaryRegion: "fra",
                load: load,
                idle: load > 0 ? .zero : idle + .seconds(index)
            )
        }
    }

    private func chosen(_ machines: [AutostopPlanner.Candidate]) -> [String] {
        AutostopPlanner.plan(machines, patience: .seconds(300)).map { String($0.id.text.suffix(1)) }
    }

    @Test("of several idle Machines the one that was idle longest goes, one a pass")
    func oneAPass() {
        #expect(chosen(machines([0, 0, 0])) == ["2"])
    }

    @Test("as many stay as are above their soft limit, and one more")
    func excess() {
        #expect(chosen(machines([12, 0, 0, 0])) == ["3"])
        #expect(chosen(machines([12, 12, 0])) == [])
        #expect(chosen(machines([0, 0])) == ["1"])
    }

    @Test("the last one goes only without any load, and not below the floor of the primary region")
    func last() {
        #expect(chosen(machines([0])) == ["0"])
        #expect(chosen(machines([1])) == [])
        #expect(chosen(machines([0], floor: 1)) == [])
        #expect(chosen(machines([0], floor: 1, region: "nrt")) == ["0"])
        #expect(chosen(machines([0, 0], floor: 2)) == [])
    }

    @Test("nothing goes that is not told to, that has a request, or that was busy a moment ago")
    func stays() {
        #expect(chosen(machines([0, 0], mode: .off)) == [])
        #expect(chosen(machines([1, 1, 1])) == [])
        #expect(chosen(machines([0], idle: .seconds(10))) == [])
    }
}
