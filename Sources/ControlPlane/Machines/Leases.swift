import Crypto
import Foundation
import Model
import Store
import Toolkit

/// Who may change a Machine for a while; the record is the control plane's own.
struct Leases: Sendable {
    let store: any StateStore

    /// The lease that holds now.
    func current(_ machine: Machine) async throws -> MachineLease? {
        let lease = try await store.machineLeases.get(name(machine))?.value
        return lease?.isHeld(at: .now()) == true ? lease : nil
    }

    /// - Throws: ``Fault`` `leaseHeld` when somebody else's lease holds.
    func admit(_ machine: Machine, nonce: String?) async throws {
        try MachineLease.admit(try await current(machine), nonce: nonce, to: machine.id, now: .now())
    }

    /// What somebody wants of a lease.
    struct Order: Sendable {
        var nonce: String?
        var ttl: Duration
        var owner: String
        var description: String
    }

    /// Takes the lease, or holds it for longer when the nonce is its own.
    ///
    /// - Throws: ``Fault`` `leaseHeld` when somebody else has it, or a deploy works on the Machine; of two who ask at once,
    ///   one gets it.
    func acquire(_ machine: Machine, _ order: Order) async throws -> MachineLease {
        try await refuseDuringDeploy(machine)
        let lease = try await take(machine, order)
        do {
            // A deploy notes down its Machines before it looks for leases: of the two, one sees the other.
            try await refuseDuringDeploy(machine)
        } catch {
            if order.nonce == nil { try await store.machineLeases.delete(name(machine)) }
            throw error
        }
        return lease
    }

    private func refuseDuringDeploy(_ machine: Machine) async throws {
        guard let rollout = try await store.deployUnderWay(machine.app), rollout.worksOn(machine.id) else { return }
        throw Fault(
            .leaseHeld,
            "aborted: machine ID \(machine.id) lease currently held by the deploy of \(rollout.holder) that began "
                + rollout.startedAt.rfc3339,
            hint:
                "follow it: roost deploy --watch -a \(machine.app); or end it: roost deploy --cancel -a \(machine.app)"
        )
    }

    private func take(_ machine: Machine, _ order: Order) async throws -> MachineLease {
        while true {
            let stored = try await store.machineLeases.get(name(machine))
            let now = Timestamp.now()
            try MachineLease.admit(stored?.value, nonce: order.nonce, to: machine.id, now: now)
            let held = stored?.value.isHeld(at: now) == true ? stored?.value : nil
            let lease = MachineLease(
                nonce: held?.nonce ?? Self.nonce(),
                expiresAt: now.advanced(by: order.ttl),
                owner: held?.owner ?? order.owner,
                description: order.description.isEmpty ? held?.description ?? "" : order.description,
                version: machine.spec.instance
            )
            do {
                try await store.machineLeases.put(name(machine), lease, expected: stored?.revision ?? 0)
                return lease
            } catch let fault as Fault where fault.code == .revisionConflict {
                continue
            }
        }
    }

    /// Lets go of the lease.
    ///
    /// - Throws: ``Fault`` `leaseNotFound` when there is none, `leaseHeld` when the nonce is another's.
    func release(_ machine: Machine, nonce: String?) async throws {
        guard let lease = try await current(machine) else { throw Self.missing(machine) }
        try MachineLease.admit(lease, nonce: nonce, to: machine.id, now: .now())
        try await store.machineLeases.delete(name(machine))
    }

    static func missing(_ machine: Machine) -> Fault {
        Fault(.leaseNotFound, "machine ID \(machine.id) lease not found")
    }

    // MARK: - Private

    private func name(_ machine: Machine) -> String { "\(machine.app)/\(machine.id)" }

    private static func nonce() -> String {
        SymmetricKey(size: .init(bitCount: 96)).withUnsafeBytes { bytes in
            bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
    }
}
