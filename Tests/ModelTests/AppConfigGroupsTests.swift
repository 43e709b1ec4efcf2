import Model
import Testing

@Suite("Process groups of fly.toml")
struct AppConfigGroupsTests {
    @Test(
        "are `app` alone, or exactly those that are named",
        arguments: [
            ([], ["app"], "app"),
            (["web"], ["web"], "web"),
            (["web", "app", "Jobs"], ["Jobs", "app", "web"], "app"),
            (["web", "jobs"], ["jobs", "web"], "jobs"),
        ]
    )
    func names(processes: [String], groups: [String], first: String) {
        let config = Self.config(processes)
        #expect(config.groups == groups)
        #expect(config.defaultGroup == first)
    }

    @Test(
        "a filter names groups, and nothing in it is the default group",
        arguments: [
            ([], "api", true), ([], "jobs", false), (["jobs"], "jobs", true), (["jobs"], "api", false),
            ([""], "api", true), ([""], "jobs", false), (["", "jobs"], "jobs", true),
        ]
    )
    func filter(filter: [String], group: String, matches: Bool) {
        #expect(Self.config(["api", "jobs"]).matches(filter, group) == matches)
    }

    @Test("take the first mount, the last restart, and the last size that names them")
    func precedence() {
        var config = Self.config(["api", "jobs"])
        config.mounts = [
            AppConfig.Mount(source: "a", destination: "/a"), AppConfig.Mount(source: "b", destination: "/b"),
        ]
        var always = AppConfig.Restart(settings: MachineConfig.Restart(policy: .always))
        always.processes = ["jobs"]
        var never = AppConfig.Restart(settings: MachineConfig.Restart(policy: .no))
        never.processes = ["jobs", "api"]
        config.restarts = [always, never]
        config.vms = [Self.vm(256), Self.vm(512), Self.vm(768, "jobs"), Self.vm(1024, "jobs")]
        let api = config.machineConfig(group: "api", image: "i", region: "ams")
        let jobs = config.machineConfig(group: "jobs", image: "i", region: "ams")
        #expect(api.mounts.map(\.name) == ["a"])
        #expect(jobs.mounts.isEmpty)
        #expect(jobs.restart.policy == .no)
        #expect(api.guest.memoryMiB == 256, "the first that is for all")
        #expect(jobs.guest.memoryMiB == 1024, "the last that names the group")
    }

    @Test("a group's own command beats the one of [experimental], which an empty one falls back to")
    func commands() {
        var config = Self.config(["api", "jobs"])
        config.processes["api"] = ["serve"]
        config.overrides = MachineConfig.Init(entrypoint: ["/tini"], cmd: ["other"])
        let api = config.machineConfig(group: "api", image: "i", region: "ams").`init`
        let jobs = config.machineConfig(group: "jobs", image: "i", region: "ams").`init`
        #expect(api == MachineConfig.Init(entrypoint: ["/tini"], cmd: ["serve"]))
        #expect(jobs == MachineConfig.Init(entrypoint: ["/tini"], cmd: ["other"]))
    }

    @Test("have the environment of the file, their own name, and the primary region when there is one")
    func environment() {
        var config = Self.config(["api", "jobs"])
        config.env = ["A": "1", "FLY_PROCESS_GROUP": "x"]
        #expect(config.environment(for: "jobs") == ["A": "1", "FLY_PROCESS_GROUP": "jobs"])
        config.primaryRegion = "fra"
        #expect(config.environment(for: "api")["PRIMARY_REGION"] == "fra")
        #expect(config.machineConfig(group: "api", image: "i", region: "local").env["PRIMARY_REGION"] == "fra")
    }

    @Test("reads a tree that no TOML file made")
    func tree() throws {
        let origin = ConfigNode.Position(line: 1, column: 1)
        let port = ConfigNode(.integer(3000), at: origin)
        let service = ConfigNode(
            .table([ConfigNode.Entry(key: "internal_port", keyPosition: origin, node: port)]),
            at: origin
        )
        let root = ConfigNode(
            .table([ConfigNode.Entry(key: "http_service", keyPosition: origin, node: service)]),
            at: origin
        )
        let (config, warnings) = try AppConfig.read(root, file: "fly.json", regions: [])
        #expect(config.httpService?.settings.internalPort == 3000)
        #expect(warnings.isEmpty)
        #expect(throws: Fault(.invalidConfig, "fly.json:1:1: found integer 3000, expected a table")) {
            try AppConfig.read(port, file: "fly.json", regions: [])
        }
    }

    // MARK: - Private

    private static func config(_ groups: [String]) -> AppConfig {
        var config = AppConfig()
        for group in groups { config.processes[group] = [] }
        return config
    }

    private static func vm(_ memory: Int, _ group: String? = nil) -> AppConfig.VM {
        var vm = AppConfig.VM(guest: MachineConfig.Guest(memoryMiB: memory))
        vm.processes = [group].compactMap { $0 }
        return vm
    }
}
