import Foundation
import Model
import Testing

@Suite("Roll-out planner")
struct RolloutPlannerTests {
    private func config(groups: [String] = ["app"], mount: Bool = false, release: Bool = false) -> AppConfig {
        var config = AppConfig()
        config.processes = Dictionary(uniqueKeysWithValues: groups.map { ($0, ["run", $0]) })
        var service = AppConfig.Service()
        service.processes = [groups[0]]
        config.httpService = service
        if mount { config.mounts = [AppConfig.Mount(source: "data", destination: "/data")] }
        if release { config.deploy.releaseCommand = ["migrate"] }
        return config
    }

    private func machine(_ id: String, _ group: String, awake: Bool = true) throws -> Machine {
        var config = MachineConfig(image: "x")
        config.metadata["fly_process_group"] = group
        var machine = Machine(
            id: try #require(Machine.ID(id)),
            name: id,
            app: "a",
            region: "local",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: .init(instance: "i", config: config)
        )
        let zero = Timestamp(milliseconds: 0)
        machine.status.state =
            awake ? .started(.init(pid: 1, startTicks: 1, monitorPID: 1, startedAt: zero)) : .stopped(nil)
        return machine
    }

    private func plan(
        _ config: AppConfig,
        _ machines: [Machine] = [],
        _ options: DeployOptions = DeployOptions()
    ) -> [String] {
        var next = 0
        let steps = RolloutPlanner.plan(want: config, have: machines, options: options) {
            next += 1
            return Machine.ID("0000000000000\(next)") ?? .random()
        }
        return steps.map(\.description)
    }

    @Test("the first deploy of a web app makes two Machines")
    func firstDeploy() {
        #expect(
            plan(config()) == [
                "create Machine 00000000000001 in group app", "create Machine 00000000000002 in group app",
            ]
        )
    }

    @Test("seed_command runs once in an app's life, after the release command")
    func seed() throws {
        var config = config(release: true)
        config.deploy.seedCommand = "load fixtures"
        var options = DeployOptions()
        options.isFirst = true
        #expect(
            plan(config, [], options).prefix(2) == [
                "run release_command in Machine 00000000000001", "run seed_command in Machine 00000000000002",
            ]
        )
        #expect(!plan(config, [try machine("aaaaaaaaaaaaaa", "app")]).contains { $0.contains("seed") })
    }

    @Test("one where it has a volume")
    func firstDeployWithVolume() {
        #expect(plan(config(mount: true)) == ["create Machine 00000000000001 in group app"])
    }

    @Test("an app that may have one Machine gets one, and gives up those beyond it")
    func maximum() throws {
        var config = self.config()
        config.deploy.maxMachines = 1
        #expect(plan(config) == ["create Machine 00000000000001 in group app"])
        let have = [try machine("bbbbbbbbbbbbbb", "app"), try machine("aaaaaaaaaaaaaa", "app")]
        #expect(plan(config, have) == ["update Machine aaaaaaaaaaaaaa in group app", "destroy Machine bbbbbbbbbbbbbb"])
        // A volume's data is for a person to give up.
        var mounted = self.config(mount: true)
        mounted.deploy.maxMachines = 1
        #expect(!plan(mounted, have).contains { $0.hasPrefix("destroy") })
    }

    @Test("the release command comes first, a worker gets one Machine")
    func releaseCommandFirst() {
        #expect(
            plan(config(groups: ["app", "worker"], release: true)) == [
                "run release_command in Machine 00000000000001", "create Machine 00000000000002 in group app",
                "create Machine 00000000000003 in group app", "create Machine 00000000000004 in group worker",
            ]
        )
    }

    @Test("Machines are replaced in the order of their IDs, start first; those of a removed group go last")
    func replace() throws {
        let have = [
            try machine("bbbbbbbbbbbbbb", "app"), try machine("aaaaaaaaaaaaaa", "app"),
            try machine("cccccccccccccc", "gone"),
        ]
        #expect(
            plan(config(), have) == [
                "replace Machine aaaaaaaaaaaaaa by 00000000000001 in group app",
                "replace Machine bbbbbbbbbbbbbb by 00000000000003 in group app", "destroy Machine cccccccccccccc",
            ]
        )
    }

    @Test("what may not run twice is updated where it is: a volume, a worker, the last that an app may have")
    func inPlace() throws {
        let one = try machine("aaaaaaaaaaaaaa", "app")
        #expect(plan(config(mount: true), [one]) == ["update Machine aaaaaaaaaaaaaa in group app"])
        var single = config()
        single.deploy.maxMachines = 1
        #expect(plan(single, [one]) == ["update Machine aaaaaaaaaaaaaa in group app"])
        let worker = try machine("bbbbbbbbbbbbbb", "worker")
        #expect(
            plan(config(groups: ["app", "worker"]), [one, worker]) == [
                "replace Machine aaaaaaaaaaaaaa by 00000000000001 in group app",
                "update Machine bbbbbbbbbbbbbb in group worker",
            ]
        )
    }

    @Test("sleepers are updated as they lie; of a group that sleeps whole one is started")
    func sleepers() throws {
        var config = self.config()
        config.httpService?.settings.autostop = .stop
        let asleep = [
            try machine("aaaaaaaaaaaaaa", "app", awake: false), try machine("bbbbbbbbbbbbbb", "app", awake: false),
        ]
        #expect(
            plan(config, asleep) == [
                "update Machine aaaaaaaaaaaaaa in group app and start it", "update Machine bbbbbbbbbbbbbb in group app",
            ]
        )
        let one = try machine("cccccccccccccc", "app")
        #expect(
            plan(config, asleep + [one]).suffix(2) == [
                "update Machine aaaaaaaaaaaaaa in group app", "update Machine bbbbbbbbbbbbbb in group app",
            ]
        )
        // Without autostop it was a person who stopped it.
        #expect(plan(self.config(), asleep).first == "update Machine aaaaaaaaaaaaaa in group app")
    }

    @Test("a canary runs beside the rest, then takes the first one's place")
    func canary() throws {
        var config = self.config()
        config.deploy.strategy = .canary
        let have = [try machine("aaaaaaaaaaaaaa", "app"), try machine("bbbbbbbbbbbbbb", "app")]
        #expect(
            plan(config, have) == [
                "create Machine 00000000000001 in group app",
                "replace Machine aaaaaaaaaaaaaa by 00000000000001 in group app",
                "replace Machine bbbbbbbbbbbbbb by 00000000000003 in group app",
            ]
        )
        let steps = RolloutPlanner.plan(want: config, have: have, newID: Machine.ID.random)
        let back = RolloutPlanner.undo(steps[...]).compactMap { step -> Machine.ID? in
            if case .putBack(let old, _, _, _) = step { old } else { nil }
        }
        #expect(back == have.reversed().map(\.id), "the one whose place the canary took comes back as well")
        #expect(RolloutPlanner.extraMemory(steps) { _ in 100 } == 100)
        #expect(plan(config).count == 2, "a first deploy has nothing to compare with")
    }

    @Test("blue-green makes all new ones, turns, and ends the old ones")
    func blueGreen() throws {
        var config = self.config()
        config.deploy.strategy = .bluegreen
        let have = [try machine("aaaaaaaaaaaaaa", "app"), try machine("bbbbbbbbbbbbbb", "app")]
        #expect(
            plan(config, have) == [
                "prepare Machine 00000000000001 in group app", "prepare Machine 00000000000002 in group app",
                "turn requests from Machines aaaaaaaaaaaaaa, bbbbbbbbbbbbbb to Machines 00000000000001, 00000000000002",
                "destroy Machine aaaaaaaaaaaaaa", "destroy Machine bbbbbbbbbbbbbb",
            ]
        )
    }

    @Test("immediate changes all that run at once")
    func immediate() throws {
        var config = self.config()
        config.deploy.strategy = .immediate
        let have = [
            try machine("aaaaaaaaaaaaaa", "app"), try machine("bbbbbbbbbbbbbb", "app"),
            try machine("cccccccccccccc", "app", awake: false),
        ]
        #expect(
            plan(config, have) == [
                "update Machines aaaaaaaaaaaaaa, bbbbbbbbbbbbbb at once", "update Machine cccccccccccccc in group app",
            ]
        )
    }

    /// Machines that take requests, step by step.
    private func serving(_ step: Rollout.Step, _ up: inout Set<Machine.ID>) -> [Set<Machine.ID>] {
        var seen: [Set<Machine.ID>] = []
        func now() { seen.append(up) }
        switch step {
        case .create(let id, _):
            up.insert(id)
            now()
        case .replace(let old, let new, _, _):
            up.insert(new)
            now()
            up.remove(old)
            now()
        case .turn(let new, let old):
            up.formUnion(new)
            now()
            up.subtract(old)
            now()
        case .destroy(let id):
            up.remove(id)
            now()
        case .canary(let id, _, _):
            up.insert(id)
            now()
        case .together(let steps): for one in steps { seen += serving(one, &up) }
        case .releaseCommand, .seedCommand, .update, .putBack, .prepare, .updateAtOnce, .judge, .unknown: break
        }
        return seen
    }

    @Test("whatever the Machines and the strategy, a group never has fewer that serve, and ends with as many")
    func capacity() throws {
        var random = SplitMix(state: 4)
        for _ in 0..<500 {
            var config = self.config(groups: ["app", "worker"], release: Bool.random(using: &random))
            config.deploy.strategy = [.rolling, .canary, .bluegreen].randomElement(using: &random) ?? .rolling
            config.deploy.maxUnavailable = [0.33, 0.5, 1, 3].randomElement(using: &random) ?? 1
            config.deploy.canaryWeight = Bool.random(using: &random) ? 5 : nil
            let count = Int.random(in: 1...5, using: &random)
            var have: [Machine] = []
            for index in 0..<count {
                have.append(
                    try machine("aaaaaaaaaaaa0\(index)", "app", awake: index == 0 || Bool.random(using: &random))
                )
            }
            let steps = RolloutPlanner.plan(want: config, have: have, newID: Machine.ID.random)
            let workers = Set(steps.compactMap { if case .create(let id, "worker") = $0 { id } else { nil } })
            var up = Set(have.filter(\.isAwake).map(\.id))
            let before = up.count
            let seen = steps.flatMap { serving($0, &up) }
            for moment in seen { #expect(moment.subtracting(workers).count >= before) }
            #expect(up.subtracting(workers).count == before)
        }
    }

    @Test("max_unavailable is a number of Machines, or a share of them; the first goes alone")
    func batches() throws {
        let have = try (0..<5).map { try machine("aaaaaaaaaaaaa\($0)", "app") }
        var config = self.config()
        #expect(
            plan(config, have).map { $0.components(separatedBy: ";").count } == [1, 2, 2],
            "a third of five is two"
        )
        config.deploy.maxUnavailable = 4
        #expect(plan(config, have).map { $0.components(separatedBy: ";").count } == [1, 4])
        config.deploy.maxUnavailable = 1
        #expect(plan(config, have).count == 5)
    }

    @Test("a canary with a weight is compared before anything else changes")
    func weighted() throws {
        var config = self.config()
        config.deploy.strategy = .canary
        config.deploy.canaryWeight = 5
        config.deploy.canaryDuration = "2m"
        let have = [try machine("aaaaaaaaaaaaaa", "app"), try machine("bbbbbbbbbbbbbb", "app")]
        #expect(
            plan(config, have).prefix(3) == [
                "create Machine 00000000000001 in group app for 5% of the requests",
                "compare Machine 00000000000001 with the others for 2m0s",
                "replace Machine aaaaaaaaaaaaaa by 00000000000001 in group app",
            ]
        )
    }

    @Test("filters leave Machines alone, and no group counts as empty because of them")
    func filters() throws {
        let have = [try machine("aaaaaaaaaaaaaa", "app"), try machine("bbbbbbbbbbbbbb", "worker")]
        let config = self.config(groups: ["app", "worker"], release: true)
        var options = DeployOptions()
        options.groups = ["app"]
        options.skipsReleaseCommand = true
        #expect(plan(config, have, options) == ["replace Machine aaaaaaaaaaaaaa by 00000000000001 in group app"])
        options = DeployOptions()
        options.excludedMachines = [have[0].id]
        #expect(plan(config, have, options).suffix(1) == ["update Machine bbbbbbbbbbbbbb in group worker"])
        #expect(plan(config, have, options).count == 2, "with the release command")
        options = DeployOptions()
        options.updateOnly = true
        #expect(plan(config, [have[0]], options).count == 2, "no worker is made")
        options.machines = [try #require(Machine.ID("cccccccccccccc"))]
        #expect(throws: Fault.self) { try options.choose(have, config) }
        options = DeployOptions()
        options.regions = ["mars"]
        #expect(throws: Fault.self) { try options.choose(have, config) }
    }

    @Test("the memory that a roll-out needs beside what runs is that of its highest point")
    func memory() throws {
        let ids = try (1...6).map { try #require(Machine.ID("aaaaaaaaaaaaa\($0)")) }
        func replace(_ old: Int, _ new: Int) -> Rollout.Step {
            .replace(old: ids[old], new: ids[new], spare: ids[5], group: "app")
        }
        let need: (String) -> Int = { _ in 100 }
        #expect(RolloutPlanner.extraMemory([replace(0, 1), replace(2, 3)], need: need) == 100, "one after the other")
        #expect(RolloutPlanner.extraMemory([.together([replace(0, 1), replace(2, 3)])], need: need) == 200)
        let green: [Rollout.Step] = [
            .prepare(machine: ids[0], group: "app"), .prepare(machine: ids[1], group: "app"),
            .turn(to: [ids[0], ids[1]], from: [ids[2], ids[3]]),
        ]
        #expect(RolloutPlanner.extraMemory(green, need: need) == 200)
        let batched: [Rollout.Step] = [
            .together([.prepare(machine: ids[0], group: "app"), .prepare(machine: ids[1], group: "app")]),
            .prepare(machine: ids[2], group: "app"),
        ]
        #expect(RolloutPlanner.extraMemory(batched, need: need) == 300, "those of a batch stay")
        #expect(RolloutPlanner.extraMemory([.update(machine: ids[0], group: "app")], need: need) == 0)
        #expect(!RolloutPlanner.doubles([.create(machine: ids[0], group: "app")]), "a first Machine is no second copy")
    }

    @Test("a blue-green deploy that has turned only goes forward")
    func pastReturn() throws {
        let id = try #require(Machine.ID("aaaaaaaaaaaaaa"))
        #expect(!RolloutPlanner.isPastReturn([.prepare(machine: id, group: "app")]))
        #expect(RolloutPlanner.isPastReturn([.prepare(machine: id, group: "app"), .turn(to: [id], from: [])]))
    }

    @Test("taking back goes the other way, and brings back nothing that was removed last")
    func undo() throws {
        let id = try #require(Machine.ID("aaaaaaaaaaaaaa"))
        let steps: [Rollout.Step] = [
            .releaseCommand(machine: id), .create(machine: id, group: "app"), .update(machine: id, group: "app"),
            .replace(old: id, new: id, spare: id, group: "app"), .destroy(machine: id),
        ]
        #expect(
            RolloutPlanner.undo(steps[...]) == [
                .putBack(old: id, new: id, spare: id, group: "app"), .update(machine: id, group: "app"),
                .destroy(machine: id), .destroy(machine: id),
            ]
        )
    }
}
