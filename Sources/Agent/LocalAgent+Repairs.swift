import Logging
import Model
import Runtime
import Store
import Toolkit

/// Machines whose records could not be read when this daemon began, until somebody has repaired them.
extension LocalAgent {
    /// Takes each up as soon as its record can be read; ends when there is none left.
    func followRepairs() async {
        await repeating(every: .seconds(5)) {
            do {
                try await takeUpRepaired()
            } catch {
                host.logger.error("repaired records can't be read", error: error)
            }
        }
    }

    // MARK: - Private

    /// Returns when there is none left, or when all has to be read again.
    private func takeUpRepaired() async throws {
        guard !unreadable.isEmpty else { return }
        let snapshot = try await host.store.range("/machines/")
        for entry in snapshot.entries { await take(entry) }
        let known = Set(snapshot.entries.compactMap { id(of: $0.key) })
        for id in unreadable.subtracting(known) { await drop(id) }
        for await event in host.store.watch("/machines/", after: snapshot.revision) {
            switch event {
            case .put(let entry): await take(entry)
            case .deleted(let key, _): if let id = id(of: key) { await drop(id) }
            case .reset: return
            }
            if unreadable.isEmpty { return }
        }
    }

    private func take(_ entry: Entry) async {
        guard let id = id(of: entry.key), unreadable.contains(id),
            let machine = try? JSON.decode(Machine.self, from: entry.value, what: entry.key)
        else { return }
        unreadable.remove(id)
        // An other host's is that host's to drive.
        guard host.owns(machine.host) else { return }
        reserved[id] = nil
        members[id] = Reach.Member(machine)
        await applyReachOrTell()
        let keeper = makeKeeper(machine)
        await adopt(keeper, await sandbox(id))
        await Boot.begin(keeper)
        host.logger.notice(
            "repaired machine taken up",
            metadata: ["machine.id": "\(id)", "machine.app": "\(machine.app)"]
        )
    }

    /// Its record was given up; what runs goes on without one until somebody decides.
    private func drop(_ id: Machine.ID) async {
        guard unreadable.remove(id) != nil else { return }
        reserved[id] = nil
        guard let status = await sandbox(id) else { return }
        await meetStrangers([id: status], [])
    }

    private func sandbox(_ id: Machine.ID) async -> SandboxStatus? {
        do {
            return try await host.runtime.list()[id]
        } catch {
            host.logger.error("sandboxes can't be listed", error: error, metadata: ["machine.id": "\(id)"])
            return nil
        }
    }

    private func id(of key: String) -> Machine.ID? { key.split(separator: "/").last.flatMap { Machine.ID(String($0)) } }
}
