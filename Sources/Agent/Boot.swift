import Model
import Toolkit

/// Starts what ran before the host went down, a few Machines at a time.
///
/// A host that starts all at once is busy with all of them until the last is up, and none answers before.
struct Boot: Sendable {
    /// How many start at once.
    let width: Int
    /// A Machine that is not up by then keeps nobody else waiting any longer.
    var patience = Duration.seconds(15)

    /// Starts them in their order; returns when the last has had its turn.
    func run(_ keepers: [MachineKeeper]) async {
        await aFewAtATime(keepers, width: width) { await self.start($0) }
    }

    /// Gives a Machine its turn; one that somebody has started, stopped or destroyed meanwhile needs none.
    ///
    /// - Returns: whether it had one.
    @discardableResult
    static func begin(_ keeper: MachineKeeper) async -> Bool {
        guard let since = await keeper.machine.status.state.awaitsBootSince else { return false }
        keeper.tell(.retryDue(at: since))
        return true
    }

    // MARK: - Private

    private func start(_ keeper: MachineKeeper) async {
        guard await Self.begin(keeper) else { return }
        do {
            try await withTimeout(patience, "the start of Machine \(keeper.id)") {
                for await machine in await keeper.follow() where Self.isUp(machine) { return }
            }
        } catch {
            // Its turn is over; it goes on by itself.
            return
        }
    }

    /// Whether nothing more comes of waiting for it.
    private static func isUp(_ machine: Machine) -> Bool {
        switch machine.status.state {
        case .starting: false
        case .started: machine.status.ready
        case .restarting: machine.status.state.awaitsBootSince == nil
        default: true
        }
    }
}
