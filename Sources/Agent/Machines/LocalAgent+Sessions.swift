import Logging
package import Model
import Runtime
import Store

extension LocalAgent: MachineSessions {
    package func open(_ id: Machine.ID, _ order: SessionOrder) async throws -> any MachineSession {
        let session = try await host.openSession(id, order)
        // Who, where and as whom; what they type is nobody's business, and an argument may be a secret.
        host.logger.notice(
            "console opened",
            metadata: [
                "machine.id": "\(id)", "person": "\(order.person ?? "unknown")",
                "user": "\(order.user ?? "the Machine's own")",
                "program": "\(order.command.first ?? "a shell")",
            ]
        )
        return session
    }

    package func connect(_ id: Machine.ID, port: Int) async throws -> any MachineSession {
        guard let machine = try await host.store.machines.list(unreadable: { _, _ in }).first(where: { $0.id == id }),
            case .started = machine.status.state, let address = machine.status.address
        else {
            throw Fault(.invalidState, "Machine \(id) does not run", hint: "start it first: roost machine start \(id)")
        }
        if let descriptor = await TCPProbe.open(address, port: port, timeout: .seconds(5)) {
            return PortSession(descriptor)
        }
        let open = try await host.runtime.listeners(id).map(\.description)
        throw Fault(
            .invalidState,
            "nothing that can be reached listens on port \(port) of Machine \(id)",
            hint: open.isEmpty ? "nothing listens there at all" : "what listens there: \(open.joined(separator: ", "))"
        )
    }
}
