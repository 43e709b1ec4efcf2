import Logging
import Model
import Store
import Toolkit

/// The Machines whose logs are read.
extension LogDrains {
    /// A log that is being read.
    struct Tap {
        var tap: LogTap
        /// As it was last known; its record may be gone.
        var machine: Machine
        var checks: CheckLines
        var isRead = false
    }

    /// Pieces of 64 KiB that are read of one log in a pass: who floods his log is read later.
    private static let pieces = 8

    /// Keeps up with the records of Machines; returns when they have to be read anew.
    func followRecords() async {
        do {
            let snapshot = try await outside.store.range("/machines/")
            let listed = snapshot.entries.compactMap { machine($0) }
            machines = Dictionary(listed.map { ($0.id, $0) }) { $1 }
            if isFirst { old = Set(machines.keys) }
            isFirst = false
            changed.formUnion(machines.keys)
            for await event in outside.store.watch("/machines/", after: snapshot.revision) {
                switch event {
                case .reset: return
                case .put(let entry):
                    guard let machine = machine(entry) else { continue }
                    machines[machine.id] = machine
                    changed.insert(machine.id)
                    // One that lives for a moment has to be held before it is gone.
                    await open(machine)
                    _ = await readAll(machine.id)
                case .deleted(let key, _):
                    if let id = key.split(separator: "/").last.flatMap({ Machine.ID(String($0)) }) {
                        machines[id] = nil
                    }
                }
            }
        } catch {
            logger.warning("Machines can't be read: their logs are drained later", error: error)
        }
    }

    /// Reads what is new in all logs.
    func collect() async {
        if nextPass() { changed.formUnion(machines.keys) }
        if isFull, let any = taps.keys.first, !keep([], of: any, upTo: nil) { return }
        for id in Set(taps.keys).union(changed) {
            if let machine = machines[id] { await open(machine) }
            if taps[id] != nil, await !readAll(id) { continue }
            // Read to its end; one that runs is held on to.
            changed.remove(id)
            if machines[id].map({ !$0.status.state.mayWrite }) ?? true { taps[id] = nil }
            if machines[id] == nil { forget(id) }
        }
        saveNow()
    }

    // MARK: - Private

    private func machine(_ entry: Entry) -> Machine? {
        try? JSON.decode(Machine.self, from: entry.value, what: entry.key)
    }

    private func open(_ machine: Machine) async {
        let start: LogStart =
            if let position = book.positions[machine.id.description] {
                .after(position)
            } else {
                old.contains(machine.id) ? .end : .beginning
            }
        guard taps[machine.id] == nil else { return }
        do {
            let tap = try await outside.tap(machine.id, start)
            guard taps[machine.id] == nil else { return }
            taps[machine.id] = Tap(tap: tap, machine: machine, checks: CheckLines(machine.spec.config))
        } catch {
            logger.warning(
                "a log can't be read for its drains",
                error: error,
                metadata: ["machine.id": "\(machine.id)"]
            )
        }
    }

    /// True when it was read to its end.
    private func readAll(_ id: Machine.ID) async -> Bool {
        guard taps[id]?.isRead == false else { return false }
        taps[id]?.isRead = true
        defer { taps[id]?.isRead = false }
        for _ in 0..<Self.pieces {
            guard let tap = taps[id] else { return true }
            let batch = await tap.tap.read()
            let machine = machines[id] ?? tap.machine
            let entries = batch.lines.map { LogEntry($0, of: machine, isCheck: tap.checks.contains($0.text)) }
            let wanted = entries.filter { entry in settings.drains.contains { $0.wants(entry) } }
            guard keep(wanted, of: id, upTo: batch.position) else { return false }
            if entries.isEmpty { return true }
        }
        return false
    }
}

extension Machine.State {
    /// Whether its program may have more to say.
    fileprivate var mayWrite: Bool {
        switch self {
        case .created, .stopped, .suspended, .destroyed, .failed: false
        default: true
        }
    }
}
