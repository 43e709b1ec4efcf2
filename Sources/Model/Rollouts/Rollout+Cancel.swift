extension Rollout {
    /// Why there is nothing to cancel: it has ended, or another `serve` began it and this one has not taken it up.
    package var notUnderWay: Fault {
        guard phase.isOver else { return Fault(.invalidState, "roll-out \(id) is not under way here") }
        let cause = fault.map { ": \($0.message)" } ?? ""
        return Fault(
            .invalidState,
            "roll-out \(id) of \(app) has ended as \(phase.rawValue)\(cause)",
            hint: phase == .complete
                ? "to go back to the release before: roost releases rollback -a \(app)"
                : "there is nothing to cancel: roost deployments show \(id) -a \(app)"
        )
    }
}
