import Model
import Testing

@Suite("Orders for releases")
struct ReleaseOrderTests {
    private static func release(_ version: Int, _ status: Release.Status = .complete) -> Release {
        var config = AppConfig()
        config.processes = ["app": ["run"], "worker": ["work"]]
        var release = Release(
            app: "shop",
            version: version,
            image: "sha256:\(version)",
            config: config,
            createdAt: Timestamp(milliseconds: 0),
            user: "u@h"
        )
        release.status = status
        release.secrets = version
        release.counts = ["app": version]
        return release
    }

    private static func machine(_ digit: Character, _ group: String, release: Int, secrets: Int = 3) -> Machine {
        var config = MachineConfig(image: "x")
        config.metadata = ["fly_process_group": group, MachineConfig.secretsKey: "\(secrets)"]
        return Machine(
            id: Machine.ID(String(repeating: digit, count: 14)) ?? .random(),
            name: "m",
            app: "shop",
            region: "local",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: .init(instance: "i", config: config, release: release)
        )
    }

    private func plan(
        _ kind: ReleaseOrder.Kind,
        _ releases: [Release] = (1...3).map { release($0) },
        current: Int? = 3,
        machines: [Machine] = [machine("a", "app", release: 3), machine("b", "app", release: 3)],
        _ change: (inout ReleaseOrder) -> Void = { _ in }
    ) throws -> ReleaseOrder.Plan {
        var order = ReleaseOrder(kind, user: "u@h")
        change(&order)
        return try order.plan(releases: releases, current: current, secrets: 7, machines: machines)
    }

    @Test("a rollback takes image, secrets and counts of the release before, whole")
    func rollback() throws {
        let plan = try plan(.rollback)
        #expect(plan.release.version == 2 && plan.release.image == "sha256:2" && plan.release.secrets == 2)
        #expect(plan.counts == ["app": 2] && plan.updates && plan.release.reason == "rollback to v2")
        #expect(try self.plan(.rollback) { $0.version = 1 }.release.image == "sha256:1")
    }

    @Test("what was good before comes to all Machines at once, where the host has room for two sets")
    func atOnce() throws {
        var machines = [Self.machine("a", "app", release: 3), Self.machine("b", "app", release: 3)]
        for index in machines.indices {
            let process = Machine.Process(pid: 1, startTicks: 1, monitorPID: 1, startedAt: Timestamp(milliseconds: 0))
            machines[index].status.state = .started(process)
        }
        func steps(_ plan: ReleaseOrder.Plan, isTight: Bool = false) -> [Rollout.Step] {
            var served = plan
            var service = AppConfig.Service()
            service.processes = ["app"]
            served.release.config.httpService = service
            return served.steps(have: machines, isTight: isTight, newID: Machine.ID.random)
        }
        let back = try plan(.rollback)
        guard case .together(let both)? = steps(back).first else {
            Issue.record("\(steps(back))")
            return
        }
        #expect(both.count == 2 && steps(back).count == 1 && steps(back, isTight: true).count == 2)
        #expect(try steps(self.plan(.restart)).count == 2, "what has not run yet is tried on one Machine first")
        var failed = Self.release(2)
        failed.status = .rolledBack
        let named = try plan(.rollback, [Self.release(1), failed, Self.release(3)]) { $0.version = 2 }
        #expect(steps(named).count == 2)
    }

    @Test("a count with regions is one of the Machines there: nothing where they are enough, and none elsewhere goes")
    func countsInRegions() throws {
        var machines = "abcde".map { Self.machine($0, "app", release: 3) }
        for (index, region) in ["iad", "fra", "cdg", "fra", "iad"].enumerated() { machines[index].region = region }
        func steps(_ count: Int, _ regions: [String]) throws -> [Rollout.Step] {
            let plan = try plan(.count, machines: machines) {
                $0.counts = ["app": count]
                $0.regions = regions
            }
            return plan.steps(have: machines) { machines[0].id }
        }
        #expect(try steps(3, ["iad", "cdg"]).isEmpty)
        #expect(try steps(2, ["fra"]).isEmpty)
        #expect(try steps(4, ["iad", "cdg"]) == [.create(machine: machines[0].id, group: "app")])
        #expect(try steps(2, ["iad", "cdg"]) == [.destroy(machine: machines[4].id)])
        #expect(try steps(0, ["fra"]) == [.destroy(machine: machines[1].id), .destroy(machine: machines[3].id)])
    }

    @Test("Machines are spread evenly over the regions that a scale names, and only as many as fit")
    func regions() throws {
        let plan = try plan(.count) {
            $0.counts = ["app": 5]
            $0.regions = ["iad", "cdg", "nrt"]
        }
        // Those elsewhere are no part of the count, and stay.
        #expect(plan.counts == ["app": 7] && plan.release.regions == ["app": ["iad", "cdg", "nrt"]])
        var present: [String] = []
        for _ in 0..<5 { present.append(plan.release.region(for: "app", present: present) ?? "") }
        #expect(present == ["iad", "cdg", "nrt", "iad", "cdg"])
        #expect(plan.release.region(for: "worker", present: []) == nil)
        // A later change that names none leaves them.
        let next = try self.plan(.count, [plan.release]) { $0.counts = ["worker": 2] }
        #expect(next.release.regions == ["app": ["iad", "cdg", "nrt"]])
        let fault = try #require(throws: Fault.self) {
            _ = try self.plan(.count) {
                $0.counts = ["app": 3]
                $0.regions = ["iad", "cdg"]
                $0.maxPerRegion = 1
            }
        }
        #expect(fault.message == "3 Machines of group app don't fit into 2 regions with at most 1 in each")
    }

    @Test("releases that failed are passed over; after one, what is in service is put back")
    func rollbackPastFailures() throws {
        let releases = [Self.release(1), Self.release(2, .rolledBack), Self.release(3)]
        #expect(try plan(.rollback, releases).release.version == 1)
        let failed = [Self.release(1), Self.release(2), Self.release(3, .failed)]
        let mixed = [Self.machine("a", "app", release: 3), Self.machine("b", "app", release: 2)]
        let back = try plan(.rollback, failed, current: 2, machines: mixed)
        #expect(back.release.version == 2 && !back.isInService)
        let whole = [Self.machine("a", "app", release: 2), Self.machine("b", "app", release: 2)]
        #expect(try plan(.rollback, failed, current: 2, machines: whole).isInService)
    }

    @Test("there has to be a release to go back to")
    func noRollback() {
        #expect(throws: Fault.self) { try plan(.rollback, [Self.release(3)]) }
        #expect(throws: Fault.self) { try plan(.rollback) { $0.version = 9 } }
        #expect(throws: Fault.self) { try plan(.rollback, [], current: nil) }
    }

    @Test("a restart is the release in service with the newest secrets")
    func restart() throws {
        let plan = try plan(.restart)
        #expect(plan.release.image == "sha256:3" && plan.release.secrets == 7 && plan.updates && !plan.isInService)
        #expect(try !(self.plan(.restart) { $0.onlyIfChanged = true }).isInService)
        let fresh = [Self.machine("a", "app", release: 3, secrets: 7)]
        var told = Self.release(3)
        #expect(try self.plan(.restart, [told], machines: fresh) { $0.onlyIfChanged = true }.isInService == false)
        told.secrets = 7
        #expect(try self.plan(.restart, [told], machines: fresh) { $0.onlyIfChanged = true }.isInService)
        #expect(try self.plan(.restart, [told], machines: fresh).isInService == false)
    }

    @Test("a count leaves the Machines that stay alone, and the secrets that they have")
    func count() throws {
        let plan = try plan(.count) { $0.counts = ["app": 3, "worker": 1] }
        #expect(!plan.updates && plan.release.secrets == 3 && plan.counts == ["app": 3, "worker": 1])
        #expect(plan.release.reason == "scale app=3 worker=1")
        #expect(try self.plan(.count) { $0.counts = ["app": 2] }.isInService)
    }

    @Test(
        "groups and numbers that can't be are refused",
        arguments: [nil, [:], ["other": 1], ["app": -1], ["app": 1001]] as [[String: Int]?]
    )
    func wrongCounts(counts: [String: Int]?) {
        #expect(throws: Fault.self) { try plan(.count) { $0.counts = counts } }
    }

    @Test("an app that may run once is not scaled beyond it")
    func maximum() throws {
        var release = Self.release(3)
        release.config.deploy.maxMachines = 1
        #expect(throws: Fault.self) { try plan(.count, [release]) { $0.counts = ["app": 2] } }
        #expect(try plan(.count, [release]) { $0.counts = ["app": 1] }.counts == ["app": 1])
    }

    @Test("a size is kept beside the configuration; one that no Machine can have is refused")
    func size() throws {
        let guest = MachineConfig.Guest(cpuKind: .shared, cpus: 2, memoryMiB: 1024)
        let plan = try plan(.size) { $0.sizes = ["app": guest] }
        #expect(plan.release.sizes == ["app": guest] && plan.updates)
        #expect(plan.release.reason == "scale app=shared, 2 CPU, 1024 MB")
        #expect(throws: Fault.self) {
            try self.plan(.size) { $0.sizes = ["app": .init(cpuKind: .shared, cpus: 3, memoryMiB: 256)] }
        }
    }

    @Test("steps: new Machines first, those beyond the count last, and no release command")
    func steps() throws {
        var config = Self.release(1).config
        config.deploy.releaseCommand = ["migrate"]
        let have = [
            Self.machine("b", "app", release: 3), Self.machine("a", "app", release: 3),
            Self.machine("c", "worker", release: 3), Self.machine("d", "gone", release: 3),
        ]
        var next = 0
        func steps(_ counts: [String: Int], updates: Bool) -> [String] {
            RolloutPlanner.replan(want: config, have: have, counts: counts, updates: updates) {
                next += 1
                return Machine.ID("0000000000000\(next)") ?? .random()
            }.map { "\($0)" }
        }
        #expect(
            steps(["app": 1, "worker": 2], updates: true) == [
                "update Machine aaaaaaaaaaaaaa in group app", "update Machine cccccccccccccc in group worker",
                "create Machine 00000000000001 in group worker", "destroy Machine bbbbbbbbbbbbbb",
                "destroy Machine dddddddddddddd",
            ]
        )
        #expect(
            steps(["app": 3, "worker": 0], updates: false) == [
                "create Machine 00000000000002 in group app", "destroy Machine cccccccccccccc",
            ]
        )
    }
}

@Suite("Machines that go")
struct SurplusTests {
    @Test("the newest goes, and one with a volume only when somebody asked for fewer")
    func oldestStays() throws {
        var config = AppConfig()
        config.processes = ["app": ["run"]]
        func machine(_ digit: Character, made: Int64, volume: Bool) -> Machine {
            var own = MachineConfig(image: "x")
            own.metadata["fly_process_group"] = "app"
            if volume { own.mounts = [.init(volume: "vol_\(digit)", name: "data", path: "/data")] }
            return Machine(
                id: Machine.ID(String(repeating: digit, count: 14)) ?? .random(),
                name: "m",
                app: "shop",
                region: "local",
                host: "h",
                createdAt: Timestamp(milliseconds: made),
                spec: .init(instance: "i", config: own)
            )
        }
        func steps(volume: Bool, updates: Bool) -> [String] {
            let have = [machine("a", made: 9, volume: volume), machine("b", made: 1, volume: volume)]
            return RolloutPlanner.replan(
                want: config,
                have: have,
                counts: ["app": 1],
                updates: updates,
                newID: Machine.ID.random
            ).map { "\($0)" }
        }
        let (a, b) = ("aaaaaaaaaaaaaa", "bbbbbbbbbbbbbb")
        #expect(steps(volume: false, updates: true) == ["update Machine \(b) in group app", "destroy Machine \(a)"])
        #expect(steps(volume: true, updates: false) == ["destroy Machine \(a)"])
        #expect(
            steps(volume: true, updates: true) == [
                "update Machine \(b) in group app", "update Machine \(a) in group app",
            ]
        )
    }
}

@Suite("Counts as people write them")
struct CountWishTests {
    @Test("exact, more, fewer, with and without a group")
    func read() throws {
        let present = ["app": 2, "worker": 1]
        func counts(_ texts: String...) throws -> [String: Int] {
            try CountWish.counts(
                try texts.map { text throws(Fault) in try CountWish(text) },
                group: "app",
                present: present
            )
        }
        #expect(try counts("3") == ["app": 3])
        #expect(try counts("+1") == ["app": 3])
        #expect(try counts("-1", "worker=+2") == ["app": 1, "worker": 3])
        #expect(try counts("app=-5") == ["app": 0])
        #expect(throws: Fault.self) { try counts("1", "app=2") }
    }

    @Test("what is no count is refused", arguments: ["", "=", "x", "app=", "app=x", "++1", "1.5", "=2", "99999", "1 "])
    func wrong(text: String) {
        #expect(throws: Fault.self) { try CountWish(text) }
    }
}
