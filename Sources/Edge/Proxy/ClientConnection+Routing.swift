import Logging
import Model
import NIOCore

extension ClientConnection {
    /// Looks for a Machine for the present request: now, or again after a change.
    func route() {
        guard case .exchanging(let exchange) = phase, upstream == nil, place == nil else { return }
        guard let index = loop.index else { return respond(Page(503, retryAfter: 1)) }
        guard let entry = index.entry(host: host) else { return respond(Page(404)) }
        switch loop.choose(entry, excluding: exchange.excluded) {
        case .send(let target, let load):
            letGo()
            place = (load, entry.route.app)
            presence = Presence(since: .now())
            connect(target, exchange)
        case .wait: hold(entry, exchange)
        case .refuse: respond(Page(503, retryAfter: 1), because: "no Machine of the app runs, and none may be started")
        }
    }

    /// A Machine could not be started: the request goes to another that runs, waits on for one that runs but is full,
    /// or is refused.
    func wakeFailed(_ machine: Machine.ID) {
        guard case .exchanging(var exchange) = phase else { return }
        exchange.wakeFailed(machine)
        phase = .exchanging(exchange)
        guard let entry = loop.index?.entry(host: host) else { return respond(Page(404)) }
        let runs = entry.route.machines.contains { $0.state == .ready && !exchange.excluded.contains($0.machine) }
        if runs { route() } else { respond(Page(503, retryAfter: 1), because: "its Machine could not be started") }
    }

    /// No longer waits.
    func letGo() {
        guard let holding else { return }
        self.holding = nil
        holding.count.leave()
        loop.shared.troubles.heldEnded(holding.app, after: .now() - holding.since)
        loop.letGo(self, app: holding.app)
        deadline = .distantFuture
    }

    /// Gives the place at the Machine back.
    func leavePlace() {
        guard let place else { return }
        self.place = nil
        place.load.move(from: presence.current, to: .short)
        loop.release(place.load, app: place.app)
    }

    /// Gives up the app's connection and the place, for good or for another try.
    func leaveUpstream() {
        attempt += 1
        upstream?.release(reuse: false)
        upstream = nil
        leavePlace()
    }

    /// The present request is taken for one of another kind.
    func take(for stay: Stay) {
        guard let place, presence.current != stay else { return }
        place.load.move(from: presence.current, to: stay)
        presence.current = stay
        if stay == .stream { loop.settle(place.load) }
    }

    /// Answers by ourselves; `reason` is for the app's log, never for the client.
    func respond(_ page: Page, because reason: String? = nil, machine: Machine.ID? = nil) {
        guard case .exchanging(let exchange) = phase else { return }
        if let reason { tell(reason, status: page.status, exchange, machine ?? place?.load.machine) }
        letGo()
        leaveUpstream()
        let keep = exchange.keepsClient(closing: loop.isClosing)
        outbox.write {
            page.write(
                to: &$0,
                isHead: exchange.isHead,
                connection: connectionField(exchange, keep: keep),
                requestID: passage.requestID
            )
        }
        log(page.status)
        finish(keep: keep)
    }

    func connectionField(_ exchange: Exchange, keep: Bool) -> StaticString? {
        keep ? (exchange.head.minor == 0 ? "keep-alive" : nil) : "close"
    }

    func log(_ status: Int) {
        logger.debug(
            "request answered",
            metadata: [
                "http.status": "\(status)", "http.host": "\(host)", "request.id": "\(passage.requestID)",
                "machine.id": "\(place?.load.machine.text ?? "-")",
            ]
        )
    }

    /// The connection to a Machine was lost, or never came to be.
    func upstreamLost(_ loss: Exchange.Loss) {
        switch phase {
        case .exchanging(var exchange):
            guard let load = place?.load else { return }
            let machine = load.machine
            // A stream ends with its Machine: nothing went wrong.
            let isEnd = presence.current == .stream && load.isDraining
            let remedy = exchange.lost(loss, of: machine, at: .now())
            phase = .exchanging(exchange)
            logger.debug(
                "machine lost",
                metadata: ["machine.id": "\(machine)", "loss": "\(loss)", "request.id": "\(passage.requestID)"]
            )
            leaveUpstream()
            switch remedy {
            case .another, .fresh: route()
            case .answer(let page): respond(page, because: loss.reason, machine: machine)
            case .cutOff:
                if !isEnd { tell(loss.reason, status: nil, exchange, machine) }
                abort()
            }
        case .tunnel: tunnelEnded(broken: true)
        case .idle, .lingering, .closed: break
        }
    }

    // MARK: - Private

    /// Tells the app's owner why a request of theirs did not get the app's answer.
    private func tell(_ reason: String, status: Int?, _ exchange: Exchange, _ machine: Machine.ID?) {
        logger.info(
            "request failed",
            metadata: ["http.host": "\(host)", "reason": "\(reason)", "request.id": "\(passage.requestID)"]
        )
        guard let app = loop.index?.entry(host: host)?.route.app else { return }
        loop.tell(
            EdgeTrouble(app: app, machine: machine, status: status, request: exchange.head.line, reason: reason)
        )
    }

    private func hold(_ entry: RouteIndex.Entry, _ exchange: Exchange) {
        if holding == nil {
            guard entry.held.enter(limit: limits.heldPerApp) else {
                return respond(
                    Page(503, retryAfter: 1),
                    because: "\(limits.heldPerApp) requests of the app wait already"
                )
            }
            holding = (entry.held, entry.route.app, .now())
            loop.hold(self, app: entry.route.app)
            expect(within: limits.held)
        }
        guard !exchange.unreachable.isEmpty, !pausing else { return }
        pausing = true
        loop.eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(exchange.pause.nanoseconds)) { [self] in
            pausing = false
            guard case .exchanging(var exchange) = phase, isHeld else { return }
            exchange.pauseEnded()
            phase = .exchanging(exchange)
            route()
        }
    }

    private func connect(_ target: Route.Target, _ exchange: Exchange) {
        attempt += 1
        let key = UpstreamPool.Key(target)
        if !exchange.needsFresh, let connection = loop.pool.take(key) { return attach(connection, reused: true) }
        let mine = attempt
        loop.pool.connect(key) { [self] result in
            switch result {
            case .success(let connection) where mine == attempt: attach(connection, reused: false)
            // Not needed any more; the next request will be glad of it.
            case .success(let connection): connection.release(reuse: true)
            case .failure where mine == attempt: upstreamLost(.unreachable)
            case .failure: break
            }
        }
    }

    private func attach(_ connection: UpstreamConnection, reused: Bool) {
        guard case .exchanging(var exchange) = phase else { return connection.release(reuse: true) }
        let backlog = exchange.attach(reused: reused)
        phase = .exchanging(exchange)
        upstream = connection
        connection.serve(self, isHead: exchange.isHead)
        connection.write { exchange.head.write(to: &$0, as: passage) }
        for piece in backlog.body { send(piece, of: exchange.head) }
        if backlog.ended { sendEnd(backlog.trailers, of: exchange.head) }
        advance()
    }
}
