import Model
import Toolkit

/// Waits until a Machine has come up with its new configuration, or says why it never will: brings ``StartTrial`` what
/// there is to see, and its verdict into words.
struct HealthWatch {
    let fleet: any Fleet
    let rollout: Rollout
    /// How long a Machine has to run; nil: as its checks demand.
    var stay: Duration?
    /// It is never longer than that.
    var mostStay = Duration.seconds(86_400)
    /// Lines of the log before now that count: none where another release has written them.
    var past = 0

    private enum News: Sendable {
        case machine(Machine)
        case listeners([String])
        case line(String)
        case tick
        case gone
    }

    /// Lines that are looked at, of an app that writes without end.
    private static let maximumLines = 100_000
    /// How often is looked where it listens.
    private static let listenInterval = Duration.milliseconds(500)
    /// The last lines of an app, in which the cause is looked for.
    private static let lastLines = 20

    init(fleet: any Fleet, rollout: Rollout, stay: Duration? = nil, past: Int = 0) {
        self.fleet = fleet
        self.rollout = rollout
        self.stay = stay
        self.past = past
    }

    /// - Throws: ``Fault`` `rolloutFailed` with the cause; `limit` bounds the wait.
    func wait(_ id: Machine.ID, limit: Duration) async throws {
        do {
            try await withTimeout(limit, "health") {
                let (news, post) = AsyncStream.makeStream(of: News.self)
                try await withThrowingTaskGroup(of: Bool.self) { group in
                    group.addTask { try await self.judge(id, news) }
                    group.addTask { try await self.followMachine(id, post) }
                    group.addTask { try await self.followListeners(id, post) }
                    group.addTask { try await self.followLog(id, post) }
                    group.addTask {
                        while true {
                            post.yield(.tick)
                            try await Task.sleep(for: StartTrial.tick)
                        }
                    }
                    // The others end only by an error, or when there is nothing more to bring.
                    while let done = try await group.next(), !done {}
                    group.cancelAll()
                }
            }
        } catch let fault as Fault where fault.code == .timedOut {
            throw await timedOut(id, limit)
        }
    }

    // MARK: - What there is to see

    private func followMachine(_ id: Machine.ID, _ post: AsyncStream<News>.Continuation) async throws -> Bool {
        for await machine in try await fleet.changes(of: id) { post.yield(.machine(machine)) }
        try Task.checkCancellation()
        post.yield(.gone)
        return false
    }

    private func followListeners(_ id: Machine.ID, _ post: AsyncStream<News>.Continuation) async throws -> Bool {
        while true {
            post.yield(.listeners(try await fleet.listeners(id)))
            try await Task.sleep(for: Self.listenInterval)
        }
    }

    private func followLog(_ id: Machine.ID, _ post: AsyncStream<News>.Continuation) async throws -> Bool {
        let feed = try await fleet.logs(id, tail: past, follow: true)
        for line in feed.past where LogClue(line.text) != nil { post.yield(.line(line.text)) }
        var count = 0
        for await line in feed.rest where LogClue(line.text) != nil {
            count += 1
            guard count < Self.maximumLines else { break }
            post.yield(.line(line.text))
        }
        return false
    }

    // MARK: - The verdict

    /// - Returns: true, once the Machine is good.
    private func judge(_ id: Machine.ID, _ news: AsyncStream<News>) async throws -> Bool {
        let clock = ContinuousClock()
        let start = clock.now
        var trial: StartTrial?
        var last: Machine?
        for await one in news {
            let now = clock.now - start
            var verdict = StartTrial.Verdict.waiting
            switch one {
            case .machine(let machine):
                last = machine
                var rules = StartTrial.Rules(machine.spec.config, instance: machine.spec.instance, stay: stay)
                rules.stay = min(rules.stay, mostStay)
                if trial == nil { trial = StartTrial(rules) }
                verdict = trial?.saw(machine, at: now) ?? .waiting
            case .listeners(let addresses): verdict = trial?.heard(addresses, at: now) ?? .waiting
            case .line(let text): verdict = trial?.said(text, at: now) ?? .waiting
            case .tick: verdict = trial?.verdict(at: now) ?? .waiting
            case .gone: verdict = .bad(.gone)
            }
            switch verdict {
            case .waiting: continue
            case .good: return true
            case .bad(let cause): throw await fault(cause, id, last)
            }
        }
        throw CancellationError()
    }

    private func fault(_ cause: StartTrial.Cause, _ id: Machine.ID, _ machine: Machine?) async -> Fault {
        let process = place("processes.\(machine?.group ?? "app")", "[processes] \(machine?.group ?? "app")")
        switch cause {
        case .gone: return Fault(.rolloutFailed, "Machine \(id) went away while the roll-out waited for it")
        case .notStarted(let reason): return Fault(.rolloutFailed, "Machine \(id) could not start: \(reason)")
        case .ended(let exit): return ended(id, machine, exit, await lastLines(id), process)
        case .loopback(let address):
            let port = address.split(separator: ":").last ?? ""
            return Fault(
                .rolloutFailed,
                "the app listens on \(address), which only processes of its own Machine can reach",
                hint: "let it listen on 0.0.0.0:\(port): change \(process)"
            )
        case .elsewhere(let addresses, let port):
            let service = place("http_service.internal_port", "[http_service] internal_port")
            return Fault(
                .rolloutFailed,
                "the app listens on \(addresses.joined(separator: ", ")), but requests go to port \(port)",
                hint: "set internal_port to the app's port (\(service)), or let it listen on \(port) (\(process))"
            )
        case .hopeless(let clue):
            return Fault(
                .rolloutFailed,
                "the app in Machine \(id) does not come up, and says again and again: \(clue.line)",
                hint: Traceback(in: await lastLines(id))?.isOfPackages == true ? Traceback.packagesAdvice : clue.advice
            )
        case .answersWithError(let output):
            return Fault(
                .rolloutFailed,
                "the app in Machine \(id) runs and answers with errors: \(output)",
                hint: await clue(id)?.advice
                    ?? "where / is not to be asked, write a check for another path: [[http_service.checks]] path = \"/health\""
            )
        }
    }

    private func ended(
        _ id: Machine.ID,
        _ machine: Machine?,
        _ exit: Machine.Exit,
        _ lines: [String],
        _ process: String
    ) -> Fault {
        let clue = LogClue.last(in: lines)
        let trace = Traceback(in: lines)
        let group = machine?.group ?? "app"
        let who = group == "app" ? "the app" : "the program of group \"\(group)\""
        if exit.outOfMemory {
            let memory = machine?.spec.config.guest.memoryMiB ?? 256
            return Fault(
                .rolloutFailed,
                "Machine \(id) ran out of memory (\(memory) MB)",
                hint: "give it more in fly.toml:\n[[vm]]\n  memory = \"\(memory * 2)mb\""
            )
        }
        var how = exit.signal.map { "signal \($0)" } ?? "exit code \(exit.code)"
        let times = machine?.status.restarts.count ?? 0
        if times > 1 { how += ", \(times) times" }
        if exit.code == 126 || exit.code == 127 {
            let what = exit.code == 126 ? "may not be executed" : "was not found"
            return Fault(
                .rolloutFailed,
                "\(who) in Machine \(id) ended with exit code \(exit.code): a command that it starts \(what)",
                hint: "its last lines stand above; it is started by \(process)"
            )
        }
        return Fault(
            .rolloutFailed,
            "\(who) in Machine \(id) ended with \(how) right after its start\((clue?.line ?? trace?.error).map { ": \($0)" } ?? "")",
            hint: (trace?.isOfPackages == true ? Traceback.packagesAdvice : nil)
                ?? clue.flatMap { if case .code = $0 { nil } else { $0.advice } }
                ?? "its last lines stand above; it is started by \(process)"
        )
    }

    /// What the last lines say of the cause.
    private func clue(_ id: Machine.ID) async -> LogClue? { LogClue.last(in: await lastLines(id)) }

    private func lastLines(_ id: Machine.ID) async -> [String] {
        guard let feed = try? await fleet.logs(id, tail: Self.lastLines, follow: false) else { return [] }
        return await feed.all().map(\.text)
    }

    /// `fly.toml:12`, or the setting's name when the file does not have it.
    private func place(_ path: String, _ name: String) -> String { rollout.place(path, name) }

    private func timedOut(_ id: Machine.ID, _ limit: Duration) async -> Fault {
        let setting = place("deploy.wait_timeout", "[deploy] wait_timeout")
        let waited = "Machine \(id) was not healthy within \(GoDuration(limit).text) (\(setting))"
        guard let stream = try? await fleet.changes(of: id) else { return Fault(.rolloutFailed, waited) }
        let advice = await clue(id)?.advice
        for await machine in stream {
            if let gate = machine.status.gate {
                return Fault(
                    .rolloutFailed,
                    "\(waited): \(gate.output)",
                    hint: advice ?? "the app's last lines stand above"
                )
            }
            if let check = machine.status.checks.first(where: { $0.status != .passing }) {
                return Fault(
                    .rolloutFailed,
                    "\(waited): check \(check.name) says: \(check.output)",
                    hint: advice
                        ?? "mend what the check asks for, or change it: "
                        + place("http_service.checks", "[[http_service.checks]]")
                )
            }
            if let port = machine.spec.config.services.first?.internalPort, !machine.status.ready {
                return Fault(
                    .rolloutFailed,
                    "\(waited): nothing listens on port \(port)",
                    hint: advice
                        ?? "set internal_port to the app's port: "
                        + place("http_service.internal_port", "[http_service] internal_port")
                )
            }
            break
        }
        return Fault(.rolloutFailed, waited)
    }
}

extension Rollout {
    /// `fly.toml:12`, or the setting's name when the file does not have it.
    func place(_ path: String, _ name: String) -> String {
        lines[path].map { "\(configFile ?? "fly.toml"):\($0)" } ?? name
    }
}
