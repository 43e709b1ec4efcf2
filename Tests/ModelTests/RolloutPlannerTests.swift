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

    private func machine(_ id: String, _ group: String) throws -> Machine {
        var config = MachineConfig(image: "x")
        config.metadata["fly_process_group"] = group
        return Machine(
            id: try #require(Machine.ID(id)),
            name: id,
            app: "a",
            region: "local",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: .init(instance: "i", config: config)
        )
    }

    private func plan(_ config: AppConfig, _ machines: [Machine] = []) -> [String] {
        var next = 0
        let steps = RolloutPlanner.plan(want: config, have: machines) {
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

    @Test("Machines are updated in the order of their IDs; those of a removed group go last")
    func update() throws {
        let have = [
            try machine("bbbbbbbbbbbbbb", "app"), try machine("aaaaaaaaaaaaaa", "app"),
            try machine("cccccccccccccc", "gone"),
        ]
        #expect(
            plan(config(), have) == [
                "update Machine aaaaaaaaaaaaaa in group app", "update Machine bbbbbbbbbbbbbb in group app",
                "destroy Machine cccccccccccccc",
            ]
        )
    }

    @Test("taking back goes the other way, and brings back nothing that was removed last")
    func undo() throws {
        let id = try #require(Machine.ID("aaaaaaaaaaaaaa"))
        let steps: [Rollout.Step] = [
            .releaseCommand(machine: id), .create(machine: id, group: "app"), .update(machine: id, group: "app"),
            .destroy(machine: id),
        ]
        #expect(
            RolloutPlanner.undo(steps[...]) == [
                .update(machine: id, group: "app"), .destroy(machine: id), .destroy(machine: id),
            ]
        )
    }
}
