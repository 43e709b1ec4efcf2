/// Decides whether a Machine has come up with its new configuration, from what is seen of it.
///
/// No clock: times come in, as durations since any fixed moment.
package struct StartTrial: Sendable {
    /// What a start has to show, and within which times.
    package struct Rules: Equatable, Sendable {
        /// What the Machine was to be started with.
        package var instance: String
        /// Where requests go; nil without a service.
        package var port: Int?
        /// How long its process has to run before it counts as well.
        package var stay: Duration
        /// How long it may listen elsewhere only: what it says of its start is believed.
        package var listenPatience: Duration

        package init(instance: String, port: Int?, stay: Duration, listenPatience: Duration = .seconds(5)) {
            self.instance = instance
            self.port = port
            self.stay = stay
            self.listenPatience = listenPatience
        }
    }

    /// What is known by now.
    package enum Verdict: Equatable, Sendable {
        case waiting
        case good
        case bad(Cause)
    }

    /// Why a Machine will never be well.
    package enum Cause: Equatable, Sendable {
        /// No process could be started.
        case notStarted(String)
        case ended(Machine.Exit)
        /// It listens on its port for processes of its own Machine only.
        case loopback(String)
        /// It listens, but not where requests go.
        case elsewhere([String], port: Int)
        /// Its log says the same again and again, and that does not mend itself.
        case hopeless(LogClue)
        /// `/` is answered with an error of the app's own.
        case answersWithError(String)
        case gone
    }

    private let rules: Rules
    private var machine: Machine?
    /// The process that runs now, and when it was first seen.
    private var running: (process: Machine.Process, since: Duration)?
    /// Since when it listens only where nobody asks.
    private var astray: (cause: Cause, since: Duration)?
    /// Since when `/` is answered with an error.
    private var failing: (answer: String, since: Duration)?
    private var clues: [LogClue: (count: Int, first: Duration, last: Duration)] = [:]

    /// A Machine that has been restarted since is watched for at least this long.
    package static let stayAfterRestart = Duration.seconds(5)
    /// An address that only the Machine itself reaches is no accident of a start.
    package static let loopbackPatience = Duration.seconds(3)
    /// So often and over so long the same has to be said before it counts as hopeless.
    package static let hopelessCount = 3
    /// And so much time has to pass from the first to the last.
    package static let hopelessTime = Duration.seconds(3)
    /// An app that answers `/` with errors is given this long to begin to work.
    package static let errorPatience = Duration.seconds(30)

    package init(_ rules: Rules) {
        self.rules = rules
    }

    /// Takes in the Machine's record.
    package mutating func saw(_ machine: Machine, at now: Duration) -> Verdict {
        self.machine = machine
        if let cause = Self.end(of: machine) { return .bad(cause) }
        if case .started(let process) = machine.status.state, machine.status.runningInstance == rules.instance {
            if running?.process != process { running = (process, now) }
        } else {
            running = nil
            astray = nil
        }
        if let trouble = machine.status.gate, trouble.isError {
            failing = (trouble.output, failing?.since ?? now)
        } else {
            failing = nil
        }
        return verdict(at: now)
    }

    /// Takes in where the Machine's processes listen, as `host:port`.
    package mutating func heard(_ addresses: [String], at now: Duration) -> Verdict {
        guard let port = rules.port, running != nil, let cause = Self.astray(addresses, port) else {
            astray = nil
            return verdict(at: now)
        }
        astray = (cause, astray?.since ?? now)
        return verdict(at: now)
    }

    /// Takes in a line that the app wrote since its start.
    package mutating func said(_ line: String, at now: Duration) -> Verdict {
        guard let clue = LogClue(line), clues.count < 100 || clues[clue] != nil else {
            return verdict(at: now)
        }
        let before = clues[clue]
        clues[clue] = ((before?.count ?? 0) + 1, before?.first ?? now, now)
        return verdict(at: now)
    }

    /// What follows from all that is known, as time goes by.
    package func verdict(at now: Duration) -> Verdict {
        guard let machine, let running else { return .waiting }
        if machine.status.ready, machine.status.proven {
            let restarted = !machine.status.restarts.isEmpty
            let stay = restarted ? max(rules.stay, Self.stayAfterRestart) : rules.stay
            return now - running.since >= stay ? .good : .waiting
        }
        if let astray {
            var patience = rules.listenPatience
            if case .loopback = astray.cause { patience = Self.loopbackPatience }
            if now - astray.since >= patience { return .bad(astray.cause) }
        }
        if let failing, now - failing.since >= Self.errorPatience { return .bad(.answersWithError(failing.answer)) }
        let hopeless = clues.first { _, seen in
            seen.count >= Self.hopelessCount && seen.last - seen.first >= Self.hopelessTime
        }
        if let hopeless { return .bad(.hopeless(hopeless.key)) }
        return .waiting
    }

    /// When the verdict may change by itself at the latest, as long as nothing new comes in.
    package static let tick = Duration.milliseconds(200)

    // MARK: - Private

    private static func end(of machine: Machine) -> Cause? {
        switch machine.status.state {
        case .failed(let reason): .notStarted(reason)
        case .stopped(let exit?) where !exit.requested: .ended(exit)
        case .restarting(_, let attempt):
            machine.status.events.last { $0.kind == .exit }?.exit.flatMap { exit in
                // A shell's words for a command that it can't find or may not run: the next try ends the same way.
                attempt >= 2 || exit.code == 126 || exit.code == 127 ? .ended(exit) : nil
            }
        case .destroyed: .gone
        default: nil
        }
    }

    private static func astray(_ addresses: [String], _ port: Int) -> Cause? {
        let (inner, outer) = addresses.reduce(into: ([String](), [String]())) { lists, address in
            if isLoopback(address) { lists.0.append(address) } else { lists.1.append(address) }
        }
        if outer.contains(where: { $0.hasSuffix(":\(port)") }) { return nil }
        if let address = inner.first(where: { $0.hasSuffix(":\(port)") }) { return .loopback(address) }
        let all = outer + inner
        return all.isEmpty ? nil : .elsewhere(Array(all.prefix(5)), port: port)
    }

    private static func isLoopback(_ address: String) -> Bool {
        address.hasPrefix("127.") || address.hasPrefix("[::1]")
    }
}

extension StartTrial.Rules {
    /// What is asked of a Machine with that configuration.
    ///
    /// `stay` is what `[deploy] stay_up` says; nil is as long as it takes to believe the checks that there are.
    package init(_ config: MachineConfig, instance: String, stay wanted: Duration?) {
        let grace = config.namedChecks.map(\.check.gracePeriod.duration).max() ?? .zero
        self.init(
            instance: instance,
            port: config.services.first?.internalPort,
            stay: wanted ?? Self.stay(config),
            listenPatience: max(.seconds(5), min(grace, .seconds(60)))
        )
    }

    /// None where an HTTP check proves each service, some seconds where only `/` was asked, else flyctl's ten.
    private static func stay(_ config: MachineConfig) -> Duration {
        let checked = config.namedChecks.contains { $0.check.type == .http }
        if checked, config.services.allSatisfy({ config.hasHTTPCheck(port: $0.internalPort) }) { return .zero }
        return config.services.isEmpty || config.askedPorts.isEmpty ? .seconds(10) : .seconds(5)
    }
}
