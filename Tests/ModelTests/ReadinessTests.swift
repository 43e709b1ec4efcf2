import Model
import Testing

@Suite("Readiness")
struct ReadinessTests {
    private let now = Timestamp(milliseconds: 5)

    private func record(_ readiness: inout Readiness, _ passed: Bool, grace: Bool = false) {
        readiness.record("a", passed: passed, output: "", grace: grace, now: now)
    }

    @Test("open ports and passed checks are both needed")
    func bothNeeded() {
        var readiness = Readiness.unproven(["a"], now: now)
        readiness.open()
        #expect(!readiness.ready)
        record(&readiness, true)
        #expect(readiness.ready && readiness.proven)
    }

    @Test("one slow answer takes nothing out of routing, two do, one pass brings it back")
    func fall() {
        var readiness = Readiness.unproven(["a"], now: now)
        readiness.open()
        record(&readiness, true)
        record(&readiness, false)
        #expect(readiness.ready)
        record(&readiness, false)
        #expect(!readiness.ready)
        record(&readiness, true)
        #expect(readiness.ready)
    }

    @Test("failures in the grace period don't count")
    func grace() {
        var readiness = Readiness.unproven(["a"], now: now)
        readiness.open()
        record(&readiness, true)
        for _ in 0..<5 { record(&readiness, false, grace: true) }
        #expect(readiness.ready)
    }

    @Test("a proven Machine that wakes needs only its port")
    func wake() {
        var readiness = Readiness.unproven(["a"], now: now)
        readiness.open()
        record(&readiness, true)
        readiness.portsOpen = false
        #expect(!readiness.ready)
        readiness.open()
        #expect(readiness.ready)
    }

    @Test("a process that ended by itself leaves no check passing, and nothing open")
    func restarted() {
        var readiness = Readiness.unproven(["a"], now: now)
        readiness.open()
        record(&readiness, true)
        readiness.restarted(now: now)
        #expect(!readiness.ready)
        #expect(readiness.checks.map(\.status) == [.critical])
        readiness.open()
        #expect(!readiness.ready, "the check of its former life says nothing of this one")
        record(&readiness, true)
        #expect(readiness.ready)
    }

    @Test("checks are named as Fly's clients expect")
    func names() {
        var config = MachineConfig(image: "x")
        var service = MachineConfig.Service(internalPort: 8000)
        service.checks = [MachineConfig.Check(type: .tcp), MachineConfig.Check(type: .http, port: 9000)]
        config.services = [service]
        config.checks = ["alive": MachineConfig.Check(type: .tcp, port: 7000)]
        #expect(
            config.namedChecks.map(\.name) == ["servicecheck-00-tcp-8000", "servicecheck-01-http-9000", "alive"]
        )
        #expect(config.namedChecks.map(\.port) == [8000, 9000, 7000])
    }
}
