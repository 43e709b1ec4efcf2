extension Machine {
    /// Runs, or is meant to: a deploy starts its new configuration.
    package var isAwake: Bool {
        switch status.state {
        case .starting, .started, .restarting, .failed, .stopping(_, .started): true
        case .created, .stopping, .stopped, .suspending, .suspended, .destroying, .destroyed, .unknown: false
        }
    }

    /// On its way out: nothing brings it back.
    package var isEnding: Bool {
        switch status.state {
        case .destroying, .destroyed, .stopping(_, .destroyed): true
        default: false
        }
    }
}

extension Machine.State {
    /// Ran when the host went down, and is started again when its turn comes; whoever wants it sooner just starts it.
    package static func awaitingBoot(_ now: Timestamp) -> Self { .restarting(at: now, attempt: 0) }

    /// When it began to wait for its turn; nil for one that does not.
    package var awaitsBootSince: Timestamp? {
        if case .restarting(let since, attempt: 0) = self { since } else { nil }
    }
}
