import Model
import Toolkit

/// How a keeper finds out whether its Machine may take requests.
extension MachineKeeper {
    /// Starts to wait for the ports and to probe, for a process that has just been launched, thawed or adopted.
    func beginWork() {
        generation += 1
        let number = generation
        let config = machine.spec.config
        guard let address = machine.status.address else { return }
        let ports = Set(config.services.map(\.internalPort)).sorted()
        // Once is enough: a wake would only wait longer for it.
        let asked = readiness.proven ? [] : config.askedPorts
        jobs.append { [weak self] in await self?.waitForPorts(ports, asked: asked, at: address, number) }
        for check in config.namedChecks {
            jobs.append { [weak self] in await self?.probe(check, at: address, number) }
        }
    }

    func portsOpened() async {
        guard !readiness.portsOpen, isAwake else { return }
        readiness.open()
        machine.status.gate = nil
        await saveSoon()
    }

    /// What a waiting deploy shows.
    func gateAnswered(_ gate: Machine.Gate) async {
        guard !readiness.portsOpen, machine.status.gate != gate else { return }
        machine.status.gate = gate
        await saveSoon()
    }

    func record(_ name: String, _ result: Prober.Result) async {
        guard case .started(let process) = machine.status.state else { return }
        let before = readiness
        let grace =
            machine.spec.config.namedChecks.first { $0.name == name }?.check.gracePeriod.duration ?? .zero
        let now = Timestamp.now()
        let age = now.since(process.startedAt)
        readiness.record(
            name,
            passed: result.passed,
            output: result.output,
            // A clock that was set back must not make the grace period last for ever.
            grace: age >= .zero && age < grace,
            now: now
        )
        if !zip(before.checks, readiness.checks).allSatisfy({ $0.status == $1.status }) { return await saveSoon() }
        // What a check that still fails says is what a waiting deploy shows, so it is written too; but a check whose
        // words change each time must not write the whole record each time.
        guard !result.passed, before.checks != readiness.checks else { return }
        let rest = Self.wordsInterval - (ContinuousClock.now - savedAt)
        if rest <= .zero { await saveSoon() } else { saveLater(after: rest) }
    }

    /// Between two writes that only a failing check's words bring about.
    private static let wordsInterval = Duration.seconds(3)

    // MARK: - Private

    /// Whether launch number `number` is still the current one, and awake.
    private func isCurrent(_ number: Int) -> Bool {
        number == generation && isAwake
    }

    private var isAwake: Bool {
        switch machine.status.state {
        case .starting, .started: true
        default: false
        }
    }

    private nonisolated func waitForPorts(
        _ ports: [Int],
        asked: [Int],
        at address: Machine.Address,
        _ number: Int
    ) async {
        var wait = Duration.milliseconds(2)
        for port in ports {
            while await isCurrent(number), !Task.isCancelled {
                if await TCPProbe.accepts(address, port: port, timeout: .milliseconds(500)) { break }
                try? await Task.sleep(for: wait)
                wait = min(wait * 1.005, .milliseconds(100))
            }
        }
        for port in asked { await waitForAnswer(port, at: address, number) }
        // Without a port to wait for, staying alive is all the evidence there is.
        if ports.isEmpty { try? await Task.sleep(for: .seconds(1)) }
        // Cut off by the end of the daemon or of the process: neither has shown anything.
        guard !Task.isCancelled, await isCurrent(number) else { return }
        tell(.portsOpen(generation: number))
    }

    /// Asks for `/` until there is an answer that is no error of the app's own.
    private nonisolated func waitForAnswer(_ port: Int, at address: Machine.Address, _ number: Int) async {
        var wait = Duration.milliseconds(20)
        var patience = Duration.seconds(5)
        while await isCurrent(number), !Task.isCancelled {
            let answer = await host.prober.status(port: port, at: address, timeout: patience)
            if let status = answer.status, status < 500 { return }
            let output = "GET / on port \(port): \(answer.output)"
            tell(.gate(generation: number, Machine.Gate(output: output, isError: answer.status != nil)))
            try? await Task.sleep(for: wait)
            wait = min(wait * 1.3, .seconds(1))
            patience = min(patience * 1.5, .seconds(30))
        }
    }

    /// Probes quickly until the first pass, then at the check's own interval.
    private nonisolated func probe(_ check: MachineConfig.NamedCheck, at address: Machine.Address, _ number: Int) async
    {
        let interval = check.check.interval.duration
        var wait = Duration.milliseconds(20)
        var passed = false
        while await isCurrent(number), !Task.isCancelled {
            let result = await host.prober.probe(check, at: address)
            guard await isCurrent(number) else { return }
            passed = passed || result.passed
            tell(.probed(generation: number, name: check.name, result))
            try? await Task.sleep(for: passed ? interval : wait)
            wait = min(wait * 1.3, interval)
        }
    }
}
