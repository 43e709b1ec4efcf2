import Model
import Testing

@Suite("Start trial")
struct StartTrialTests {
    private static let instance = "01J"

    private static func process(_ pid: Int32) -> Machine.Process {
        Machine.Process(pid: pid, startTicks: UInt64(pid), monitorPID: 1, startedAt: Timestamp(milliseconds: 0))
    }

    private static func machine(
        _ state: Machine.State,
        ready: Bool = false,
        restarts: Int = 0,
        change: (inout Machine) -> Void = { _ in }
    ) -> Machine {
        var machine = Machine(
            id: .random(),
            name: "m",
            app: "a",
            region: "local",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: Machine.Spec(instance: instance, config: MachineConfig(image: "x"))
        )
        machine.status.state = state
        machine.status.ready = ready
        machine.status.proven = ready
        machine.status.runningInstance = instance
        machine.status.restarts = Array(repeating: Timestamp(milliseconds: 0), count: restarts)
        if case .restarting = state {
            let exit = Machine.Exit(code: 3, outOfMemory: false, requested: false, at: Timestamp(milliseconds: 0))
            machine.status.events = [Machine.Event(kind: .exit, at: exit.at, exit: exit)]
        }
        change(&machine)
        return machine
    }

    private func trial(stay: Duration = .zero, port: Int? = 8000) -> StartTrial {
        StartTrial(.init(instance: Self.instance, port: port, stay: stay))
    }

    private func ended(_ verdict: StartTrial.Verdict) -> Int32? {
        if case .bad(.ended(let exit)) = verdict { exit.code } else { nil }
    }

    @Test("with an HTTP check a ready Machine is good at once")
    func fast() {
        var trial = trial()
        #expect(trial.saw(Self.machine(.started(Self.process(1)), ready: true), at: .milliseconds(50)) == .good)
    }

    @Test("without one it has to stay up, and the time begins anew with each process")
    func stays() {
        var trial = trial(stay: .seconds(10))
        #expect(trial.saw(Self.machine(.started(Self.process(1)), ready: true), at: .zero) == .waiting)
        #expect(trial.verdict(at: .milliseconds(9_999)) == .waiting)
        _ = trial.saw(
            Self.machine(.restarting(at: Timestamp(milliseconds: 0), attempt: 1), restarts: 1),
            at: .seconds(9)
        )
        _ = trial.saw(Self.machine(.started(Self.process(2)), ready: true, restarts: 1), at: .seconds(10))
        #expect(trial.verdict(at: .seconds(19)) == .waiting)
        #expect(trial.verdict(at: .seconds(20)) == .good)
    }

    @Test("one that was restarted is watched for a while, though its check passes")
    func restarted() {
        var trial = trial()
        #expect(trial.saw(Self.machine(.started(Self.process(1)), ready: true, restarts: 1), at: .zero) == .waiting)
        #expect(trial.verdict(at: StartTrial.stayAfterRestart) == .good)
    }

    @Test("a process of the release before, ready or not, proves nothing")
    func former() {
        var trial = trial()
        let old = Self.machine(.started(Self.process(1)), ready: true) { $0.status.runningInstance = "old" }
        #expect(trial.saw(old, at: .zero) == .waiting)
        #expect(trial.verdict(at: .seconds(100)) == .waiting)
    }

    @Test("the second end in a row is a crash loop; the first is not, unless a shell found no command")
    func crashLoop() {
        let zero = Timestamp(milliseconds: 0)
        var trial = trial()
        #expect(trial.saw(Self.machine(.restarting(at: zero, attempt: 1)), at: .zero) == .waiting)
        #expect(ended(trial.saw(Self.machine(.restarting(at: zero, attempt: 2)), at: .seconds(1))) == 3)
        for code in [Int32(126), 127] {
            let exit = Machine.Exit(code: code, outOfMemory: false, requested: false, at: zero)
            let machine = Self.machine(.restarting(at: zero, attempt: 1)) {
                $0.status.events = [Machine.Event(kind: .exit, at: zero, exit: exit)]
            }
            #expect(ended(trial.saw(machine, at: .seconds(1))) == code)
        }
        let done = Machine.Exit(code: 0, outOfMemory: false, requested: false, at: zero)
        #expect(ended(trial.saw(Self.machine(.stopped(done)), at: .seconds(1))) == 0)
        #expect(trial.saw(Self.machine(.failed(reason: "no")), at: .zero) == .bad(.notStarted("no")))
    }

    @Test("an app that listens elsewhere is told so after a few seconds, one on loopback sooner")
    func listeners() {
        let loopback = "127.0.0.1:8000"
        for (heard, after, cause) in [
            (["0.0.0.0:9000"], Duration.seconds(5), StartTrial.Cause.elsewhere(["0.0.0.0:9000"], port: 8000)),
            ([loopback], .seconds(3), .loopback(loopback)), (["[::1]:8000"], .seconds(3), .loopback("[::1]:8000")),
            (["127.0.0.1:9000"], .seconds(5), .elsewhere(["127.0.0.1:9000"], port: 8000)),
        ] {
            var trial = trial()
            _ = trial.saw(Self.machine(.started(Self.process(1))), at: .zero)
            #expect(trial.heard(heard, at: .zero) == .waiting)
            #expect(trial.verdict(at: after - .milliseconds(1)) == .waiting, "\(heard)")
            #expect(trial.heard(heard, at: after) == .bad(cause), "\(heard)")
        }
        var trial = trial()
        _ = trial.saw(Self.machine(.started(Self.process(1))), at: .zero)
        _ = trial.heard(["0.0.0.0:9000"], at: .zero)
        // A port for metrics that opens first is no mistake once the right one is open.
        #expect(trial.heard(["0.0.0.0:9000", "[::]:8000"], at: .seconds(4)) == .waiting)
        #expect(trial.verdict(at: .seconds(60)) == .waiting)
        #expect(trial.heard([], at: .seconds(61)) == .waiting)
    }

    @Test("a log that says the same again and again ends the wait, and three workers at once do not")
    func hopeless() {
        let line = "ModuleNotFoundError: No module named 'nosuchmodule'"
        var trial = trial()
        _ = trial.saw(Self.machine(.started(Self.process(1))), at: .zero)
        for _ in 0..<5 { #expect(trial.said(line, at: .seconds(1)) == .waiting) }
        #expect(trial.said("INFO: all is well", at: .seconds(5)) == .waiting)
        #expect(trial.said(line, at: .seconds(4)) == .bad(.hopeless(.code(line))))
        var ready = self.trial()
        _ = ready.saw(Self.machine(.started(Self.process(1)), ready: true), at: .zero)
        for second in 0..<9 { #expect(ready.said(line, at: .seconds(second)) == .good) }
    }

    @Test("an app that answers / with errors has half a minute")
    func errors() {
        let gate = Machine.Gate(output: "GET / on port 8000: 500", isError: true)
        let machine = Self.machine(.started(Self.process(1))) { $0.status.gate = gate }
        var trial = trial()
        #expect(trial.saw(machine, at: .zero) == .waiting)
        #expect(trial.saw(machine, at: .seconds(29)) == .waiting)
        #expect(trial.saw(machine, at: .seconds(30)) == .bad(.answersWithError(gate.output)))
    }

    @Test("how long a Machine has to stay follows from its checks")
    func rules() {
        var worker = MachineConfig(image: "x")
        var port = MachineConfig(image: "x")
        port.services = [MachineConfig.Service(internalPort: 8000)]
        port.checks = ["port": MachineConfig.Check(type: .tcp, port: 8000)]
        var http = port
        http.services[0].checks = [MachineConfig.Check(type: .http)]
        var raw = port
        raw.services[0].ports = [MachineConfig.Port(port: 5432, handlers: [])]
        for (config, stay, asked) in [
            (worker, Duration.seconds(10), [Int]()), (port, .seconds(5), [8000]), (http, .zero, []),
            (raw, .seconds(10), []),
        ] {
            #expect(StartTrial.Rules(config, instance: "i", stay: nil).stay == stay)
            #expect(config.askedPorts == asked)
            #expect(StartTrial.Rules(config, instance: "i", stay: .seconds(1)).stay == .seconds(1))
        }
        worker.checks = ["alive": MachineConfig.Check(type: .http, port: 9000)]
        #expect(StartTrial.Rules(worker, instance: "i", stay: nil).stay == .zero)
        // A check of another port says nothing of the one that requests go to.
        port.checks = ["metrics": MachineConfig.Check(type: .http, port: 9000)]
        #expect(port.askedPorts == [8000])
        #expect(StartTrial.Rules(port, instance: "i", stay: nil).stay == .seconds(5))
    }

    @Test("whatever happens: never good before it has stayed up ready, never waiting on a crash loop")
    func random() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SplitMix(state: seed)
        for _ in 0..<300 {
            let stay = Duration.seconds([0, 3, 10].randomElement(using: &generator) ?? 0)
            var trial = trial(stay: stay)
            var now = Duration.zero
            var pid: Int32 = 1
            var readySince: Duration?
            for _ in 0..<60 {
                now += .milliseconds(Int.random(in: 0...900, using: &generator))
                var verdict = StartTrial.Verdict.waiting
                switch Int.random(in: 0..<5, using: &generator) {
                case 0:
                    pid += 1
                    readySince = now
                    verdict = trial.saw(Self.machine(.started(Self.process(pid)), ready: true), at: now)
                case 1:
                    readySince = nil
                    verdict = trial.saw(Self.machine(.started(Self.process(pid))), at: now)
                    #expect(verdict != .good, "seed \(seed)")
                case 2:
                    readySince = nil
                    let zero = Timestamp(milliseconds: 0)
                    let attempt = Int.random(in: 1...3, using: &generator)
                    verdict = trial.saw(Self.machine(.restarting(at: zero, attempt: attempt)), at: now)
                    #expect((verdict == .waiting) == (attempt == 1), "seed \(seed)")
                case 3: verdict = trial.heard(["0.0.0.0:\(Bool.random(using: &generator) ? 8000 : 9000)"], at: now)
                default: verdict = trial.verdict(at: now)
                }
                if verdict == .good {
                    #expect(readySince.map { now - $0 >= stay } ?? false, "seed \(seed)")
                }
            }
        }
    }
}
