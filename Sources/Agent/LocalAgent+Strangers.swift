import Logging
package import Model
import Runtime
import Store
import Toolkit

/// Sandboxes on this host that no record knows of: the store may have lost them, so none that runs is ended unasked.
extension LocalAgent {
    /// Those that there are, in the order of their IDs.
    package var strangers: [Stranger] { unclaimed.values.sorted { $0.id < $1.id } }

    /// Takes up a stranger as the Machine that it was when it was started.
    ///
    /// - Throws: ``Fault`` `machineNotFound`, or `corrupt` when nothing says what it was.
    package func adoptStranger(_ id: Machine.ID) async throws -> Machine {
        let stranger = try stranger(id)
        guard var machine = stranger.machine else {
            throw Fault(
                .corrupt,
                "nothing says what the sandbox \(id) was started for",
                hint: "roost store restore may bring its record back; or end it: roost machine destroy \(id)"
            )
        }
        guard try await host.store.apps.get(machine.app) != nil else {
            throw Fault(
                .appNotFound,
                "the sandbox \(id) was started for app \(machine.app), which there is no more",
                hint: "make it first: roost apps create \(machine.app); then adopt again"
            )
        }
        machine.host = host.name
        machine.status.address = machine.status.address ?? stranger.address
        machine.status.state = stranger.process.map { .started($0) } ?? .stopped(nil)
        let seen = try await host.runtime.list()[id]
        try await host.store.machines.put("\(machine.app)/\(id)", machine, expected: 0)
        unclaimed[id] = nil
        reserved[id] = nil
        try await join(machine)
        let keeper = MachineKeeper(machine, host: host)
        keepers[id] = keeper
        try await keeper.adopt(seen)
        hire.yield(keeper)
        host.logger.notice("stranger adopted", metadata: ["machine.id": "\(id)", "app": "\(machine.app)"])
        return machine
    }

    /// Ends a stranger and removes all of it; volumes stay.
    ///
    /// - Throws: ``Fault`` `machineNotFound`.
    package func destroyStranger(_ id: Machine.ID) async throws {
        _ = try stranger(id)
        try await host.runtime.destroy(id)
        unclaimed[id] = nil
        reserved[id] = nil
        await leave(id)
        host.logger.notice("stranger destroyed", metadata: ["machine.id": "\(id)"])
    }

    /// Takes in what runs here and is none of this host's Machines.
    func meetStrangers(_ seen: [Machine.ID: SandboxStatus], _ recorded: [Machine]) async {
        let others = Dictionary(recorded.map { ($0.id, $0.host) }) { first, _ in first }
        var all: [Stranger] = []
        for (id, status) in seen.sorted(by: { $0.key < $1.key }) {
            let trace = await host.runtime.trace(of: id)
            all.append(Stranger(id, status, trace))
            reserved[id] = trace.address
        }
        // One that another host's record names is that host's to decide about, ended or not.
        let removable = Stranger.removable(all).filter { others[$0.id] == nil }
        for stranger in removable { await remove(stranger) }
        let gone = Set(removable.map(\.id))
        for stranger in all where !gone.contains(stranger.id) {
            unclaimed[stranger.id] = stranger
            if let member = stranger.machine.flatMap(Reach.Member.init) { members[stranger.id] = member }
            var tags: Logger.Metadata = ["machine.id": "\(stranger.id)", "state": "\(stranger.state)"]
            if let app = stranger.machine?.app { tags["app"] = "\(app)" }
            if let other = others[stranger.id] { tags["record.host"] = "\(other)" }
            host.logger.error(
                "sandbox without a record of this host, left alone: roost machine adopt or destroy decides",
                metadata: tags
            )
        }
    }

    // MARK: - Private

    private func stranger(_ id: Machine.ID) throws(Fault) -> Stranger {
        guard let stranger = unclaimed[id] else {
            throw Fault(
                .machineNotFound,
                "there is no sandbox \(id) without a record on this host",
                hint: "roost machine strangers shows those there are"
            )
        }
        return stranger
    }

    private func remove(_ stranger: Stranger) async {
        host.logger.warning("ended sandbox without a record removed", metadata: ["machine.id": "\(stranger.id)"])
        do {
            try await host.runtime.destroy(stranger.id)
            reserved[stranger.id] = nil
        } catch {
            host.logger.error("sandbox not removed", error: error, metadata: ["machine.id": "\(stranger.id)"])
        }
    }
}

extension Stranger {
    init(_ id: Machine.ID, _ status: SandboxStatus, _ trace: SandboxTrace) {
        let (state, process): (String, Machine.Process?) =
            switch status {
            case .running(let process): ("running", process)
            case .unmonitored(let process): ("unmonitored", process)
            case .suspended(let process): ("suspended", process)
            case .ended: ("ended", nil)
            case .provisioned: ("prepared", nil)
            }
        self.init(id: id, state: state, process: process, address: trace.address, machine: trace.owner)
    }
}
