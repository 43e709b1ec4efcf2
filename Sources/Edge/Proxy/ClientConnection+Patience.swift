import Model
import NIOCore

/// Every wait of a request at its Machine has an end, and while it waits for its client the place is others'.
///
/// As with nginx, a time-out is the time between two pieces, not that of the whole; the first byte of an answer has to
/// come within it whatever interim answers come before. A stream and a tunnel may be silent for as long as both ends
/// like: TCP's keep-alive finds those that are gone.
extension ClientConnection {
    /// Whom the present request waits for.
    enum Awaited: Equatable {
        case client
        case app
        /// An answer without a known length, or a tunnel.
        case nobody
    }

    /// Ends or lets go of what has waited for too long.
    func lookAfter(_ exchange: Exchange, at now: NIODeadline) {
        if let stalledSince {
            if now - stalledSince > limits.yield.amount { yieldPlace() }
            return
        }
        switch awaited(exchange) {
        case .client:
            guard now - heardClient > limits.yield.amount else { return }
            yieldPlace()
            if now - heardClient > limits.bodyIdle.amount { respond(Page(408)) }
        case .app:
            guard let patience, now - heardApp > patience else { return }
            let seconds = patience.nanoseconds / 1_000_000_000
            if exchange.finalBegun {
                tell("the app sent nothing for \(seconds) s in the middle of its answer", exchange)
                abort()
            } else {
                let reason = "the app did not begin its answer within \(seconds) s (http_options.idle_timeout)"
                respond(Page(504), because: reason)
            }
        case .nobody: break
        }
    }

    /// The client goes on: the request counts at its Machine again.
    func resumePlace() { place?.resume() }

    // MARK: - Private

    private func awaited(_ exchange: Exchange) -> Awaited {
        guard let upstream else { return .nobody }
        if !exchange.requestEnded, !exchange.finalBegun, exchange.wantsBody, upstream.isWritable { return .client }
        return exchange.finalBegun && !upstream.isCounted ? .nobody : .app
    }

    /// The client keeps the Machine waiting, so the Machine has room for another.
    ///
    /// A stop does not wait for such a request either.
    private func yieldPlace() {
        guard let present = place, present.isTaken else { return }
        take(for: .stream)
        place?.yield()
        loop.settle(present)
    }
}

extension Duration {
    /// For NIO.
    var amount: TimeAmount { .nanoseconds(nanoseconds) }
}
