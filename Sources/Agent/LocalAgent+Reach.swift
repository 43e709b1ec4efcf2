import Logging
import Model
import Runtime
import Toolkit

/// What was last told to the kernel of who may talk to whom, and who waits to tell it more.
struct ReachLimits {
    /// Nil while it is not known.
    var applied: Reach?
    var isBusy = false
    var waiting: [CheckedContinuation<Void, Never>] = []
}

/// Keeps closed Machines to their guests as Machines come and go.
extension LocalAgent {
    /// Takes in a Machine that is about to get a network, or whose guests have changed.
    ///
    /// - Throws: ``Fault`` when the kernel can't be told; the Machine is as it was then.
    func join(_ machine: Machine) async throws {
        let before = members[machine.id]
        members[machine.id] = Reach.Member(machine)
        do {
            try await applyReach()
        } catch {
            members[machine.id] = before
            throw error
        }
    }

    /// Forgets a Machine that is gone: its address may be another's next.
    func leave(_ id: Machine.ID) async {
        members[id] = nil
        await applyReachOrTell()
    }

    /// As `applyReach`, where nobody is there to hear that it failed.
    func applyReachOrTell() async {
        do {
            try await applyReach()
        } catch {
            host.logger.error("firewall not set: who may talk to whom is as it was", error: error, metadata: [:])
        }
    }

    // MARK: - Private

    /// Tells the kernel, one call after the other, so that the last word is the newest.
    private func applyReach() async throws {
        while limits.isBusy { await withCheckedContinuation { limits.waiting.append($0) } }
        let wanted = Reach(members.values)
        guard wanted != limits.applied else { return }
        limits.isBusy = true
        defer {
            limits.isBusy = false
            let waiting = limits.waiting
            limits.waiting = []
            for one in waiting { one.resume() }
        }
        limits.applied = nil
        try await host.runtime.limit(to: wanted)
        limits.applied = wanted
    }
}

extension Reach.Member {
    /// Nil before the Machine has an address.
    init?(_ machine: Machine) {
        guard let address = machine.status.address else { return nil }
        self.init(app: machine.app, address: address, openTo: machine.spec.config.openTo)
    }
}
