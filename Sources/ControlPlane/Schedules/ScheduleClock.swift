import Foundation
package import Logging
import Model
import ServiceLifecycle
package import Store
import Toolkit

/// Starts Machines by the clock, as their `schedule` says.
///
/// A slot is noted before its Machine is started: a crash in between costs one run, and never makes two. Slots that
/// passed while the daemon was down are told in the Machine's history; only the newest of them is made up for, and only
/// within ``lateness``.
package struct ScheduleClock: Service {
    private let store: any StateStore
    private let machines: Machines
    private let logger: Logger
    /// A run that is later than that is missed.
    static let lateness = Duration.seconds(60)

    package init(store: any StateStore, machines: Machines, logger: Logger) {
        self.store = store
        self.machines = machines
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await self.pass(.now())
                } catch {
                    self.logger.warning("schedules not seen to", error: error)
                }
                // Slots are whole minutes.
                let left = 60_000 - Timestamp.now().milliseconds % 60_000
                try? await Task.sleep(for: .milliseconds(left))
            }
        }
    }

    /// Looks at all Machines once.
    func pass(_ now: Timestamp) async throws {
        let scheduled = try await store.machines.list { _, _ in }.filter { $0.spec.config.schedule != nil }
        for machine in scheduled {
            do {
                try await see(to: machine, now)
            } catch {
                // One that can't start must not keep the others from it.
                logger.warning("machine not started by the clock", error: error, metadata: tags(machine))
            }
        }
        let names = Set(scheduled.map(Self.name))
        for mark in try await store.schedules.named() where !names.contains(mark.name) {
            try await store.schedules.delete(mark.name)
        }
    }

    /// - Throws: ``Fault`` `invalidRequest` when this host can't keep that schedule.
    static func check(_ text: String) throws(Fault) { _ = try read(text) }

    // MARK: - Private

    private static func read(_ text: String) throws(Fault) -> (Schedule, TimeZone) {
        let schedule = try Schedule(text)
        guard let name = schedule.zone else { return (schedule, .gmt) }
        guard let zone = TimeZone(identifier: name) else {
            throw Fault(
                .invalidRequest,
                "config.schedule \(ConfigNode.quoted(text)): this host knows no time zone \(ConfigNode.quoted(name))",
                hint: "for example CRON_TZ=Europe/Berlin; apt-get install tzdata brings those there are"
            )
        }
        return (schedule, zone)
    }

    private static func name(_ machine: Machine) -> String { "\(machine.app)/\(machine.id)" }

    private func tags(_ machine: Machine) -> Logger.Metadata {
        ["machine.id": "\(machine.id)", "app": "\(machine.app)"]
    }

    private func see(to machine: Machine, _ now: Timestamp) async throws {
        guard let text = machine.spec.config.schedule else { return }
        let (schedule, zone) = try Self.read(text)
        let name = Self.name(machine)
        let mark = try await store.schedules.get(name)
        guard let mark, mark.value.schedule == text else {
            // What was due before anybody wanted it is not due.
            try await store.schedules.put(name, ScheduleMark(slot: now, schedule: text))
            return
        }
        let due = schedule.due(since: mark.value.slot, now: now) { moment in
            zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000))
        }
        guard let due else { return }
        let new = ScheduleMark(slot: due.slot, schedule: text)
        try await store.schedules.put(name, new, expected: mark.revision)
        let isLate = now.since(due.slot) > Self.lateness
        let missed = due.missed + (isLate ? 1 : 0)
        if missed > 0 {
            let count = missed > Schedule.mostMissed ? "over \(Schedule.mostMissed)" : "\(missed)"
            try await tell(machine, now, "missed \(count), up to \(due.slot.rfc3339): nobody served then")
        }
        if !isLate { try await start(machine, due.slot) }
    }

    private func start(_ machine: Machine, _ slot: Timestamp) async throws {
        switch machine.status.state {
        case .created, .stopped, .suspended, .failed:
            try await tell(machine, slot, "due at \(slot.rfc3339)")
            try await machines.start(machine)
        case .starting, .started, .stopping, .suspending, .restarting, .unknown:
            try await tell(machine, slot, "missed at \(slot.rfc3339): it was \(machine.status.state.name)")
        case .destroying, .destroyed: break
        }
    }

    private func tell(_ machine: Machine, _ at: Timestamp, _ what: String) async throws {
        try await machines.fleet.record(machine.id, Machine.Event(kind: .schedule, at: at, detail: what))
        logger.notice("schedule", metadata: tags(machine).merging(["reason": "\(what)"]) { $1 })
    }
}
