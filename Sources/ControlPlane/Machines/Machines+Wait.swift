import Model
import Toolkit

/// What a wait waits for: `GET …/wait`.
struct WaitOrder: Sendable {
    var states: Set<String>
    var limit: Duration
    /// Only for this instance.
    var version: String?
    /// What happened up to that event counts for nothing.
    var after: String?

    static let known: Set<String> = ["started", "stopped", "suspended", "destroyed", "failed", "settled", "created"]

    /// What has come of it.
    enum Verdict: Equatable {
        case pending, reached
        /// It can't come any more, or not by itself.
        case hopeless
    }

    /// Decides by a Machine's record.
    func verdict(_ machine: Machine) -> Verdict {
        if let version, version != machine.spec.instance { return .hopeless }
        let name = machine.status.state.name
        let news = news(machine)
        if let news {
            // The state passed while nobody looked counts as well.
            if news.contains(where: { Self.state(after: $0).map(states.contains) ?? false }) { return .reached }
            if news.isEmpty { return .pending }
        }
        if states.contains(name) { return .reached }
        // A Machine that was made and never started counts as stopped, as clients expect.
        if name == "created", states.contains("stopped") { return .reached }
        let persistent = ["created", "started", "stopped", "suspended", "failed", "destroyed"].contains(name)
        if states.contains("settled"), persistent { return .reached }
        if name == "destroyed" {
            // It ran and is gone, faster than anybody could ask.
            let ran = machine.status.events.contains { $0.kind == .start }
            return states.contains("started") && ran ? .reached : .hopeless
        }
        return name == "failed" ? .hopeless : .pending
    }

    /// The kinds of events after `after`; nil when there is none to look after.
    private func news(_ machine: Machine) -> [Machine.Event.Kind]? {
        guard let after else { return nil }
        let ids = MachineWire.eventIDs(machine)
        // One that has fallen off the list is older than all there are.
        let start = ids.firstIndex(of: after).map { $0 + 1 } ?? 0
        return machine.status.events[start...].map(\.kind)
    }

    private static func state(after kind: Machine.Event.Kind) -> String? {
        switch kind {
        case .start, .restart, .resume: "started"
        case .exit: "stopped"
        case .suspend: "suspended"
        case .failure: "failed"
        case .launch, .stop, .update, .destroy, .adopt, .schedule, .unknown: nil
        }
    }
}

extension Machines {
    /// Waits until the Machine is in one of the states.
    ///
    /// - Throws: ``Fault`` `timedOut` in the words that clients look for; at once when no waiting could help.
    func wait(_ machine: Machine, _ order: WaitOrder) async throws -> Machine {
        if case .destroyed = machine.status.state { return try ended(machine, order) }
        let last = LastSeen(machine)
        do {
            return try await withTimeout(order.limit, "wait") {
                for await now in try await changes(of: machine.id) {
                    await last.set(now)
                    switch order.verdict(now) {
                    case .reached: return now
                    case .hopeless: throw Self.missed(now, order)
                    case .pending: continue
                    }
                }
                // A daemon that shuts down ends the stream too.
                try Task.checkCancellation()
                return try ended(try await find(machine.app, machine.id.text), order)
            }
        } catch let fault as Fault where fault.code == .timedOut {
            throw Self.missed(await last.machine, order)
        }
    }

    // MARK: - Private

    /// Its records from now on; none of one that ended since it was looked up.
    private func changes(of id: Machine.ID) async throws -> AsyncStream<Machine> {
        do {
            return try await fleet.changes(of: id)
        } catch let fault as Fault where fault.code == .machineNotFound {
            return AsyncStream { nil }
        }
    }

    private func ended(_ machine: Machine, _ order: WaitOrder) throws -> Machine {
        if order.verdict(machine) == .reached { return machine }
        throw Fault(
            .machineNotFound,
            "machine not found: \(machine.id) was destroyed at \(machine.status.updatedAt.rfc3339)",
            hint: "roost machine list shows those there are"
        )
    }

    private static func missed(_ machine: Machine, _ order: WaitOrder) -> Fault {
        let isOld = order.version.map { $0 != machine.spec.instance } ?? false
        let state = isOld ? "replaced" : machine.status.state.name
        let wanted = order.states.sorted().joined(separator: ",")
        return Fault(.timedOut, "machine failed to reach desired state, \(wanted), currently \(state)")
    }
}

/// What a wait saw last, for its message.
private actor LastSeen {
    private(set) var machine: Machine

    init(_ machine: Machine) {
        self.machine = machine
    }

    func set(_ machine: Machine) {
        self.machine = machine
    }
}
