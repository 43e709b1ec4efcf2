import Logging
import Model
import NIOCore

extension ClientConnection {
    /// Looks for a Machine for the present request: now, or again after a change.
    func route() {
        guard case .exchanging(let exchange) = phase, upstream == nil, place == nil else { return }
        guard loop.index != nil else { return respond(Page(503, retryAfter: 1)) }
        routed = entry
        guard let entry = routed else { return respond(Page(404)) }
        waitsForOwn = false
        // Here and not before: a request that an app sent on is another's request as well.
        if let closed = entry.closed, closed.covers(exchange.head.fields.bytes[exchange.head.target]) {
            return respond(Page(404))
        }
        if entry.route.traffic != nil { return hold(entry, exchange) }
        switch loop.choose(entry, for: key, aim: journey.aim, excluding: exchange.excluded) {
        case .send(let target, let place):
            letGo()
            self.place = place
            journey.target = target
            presence = Presence(since: .now())
            patience = entry.route.idleTimeout.map { $0 == 0 ? nil : .seconds(Int64($0)) } ?? limits.answer.amount
            connect(target, exchange)
        case .wait: hold(entry, exchange)
        case .waitForOwn:
            waitsForOwn = true
            hold(entry, exchange)
        case .refuse: respond(Page(503, retryAfter: 1), because: "no Machine of the app runs, and none may be started")
        }
    }

    /// The route that answers for the host that is asked for.
    var entry: RouteIndex.Entry? {
        if let app = journey.app { return loop.index?.entry(app: app, port: origin.edgePort) }
        return ownEntry
    }

    /// The same, wherever an app has sent the request: by the name that the client asked for, or the private address that
    /// it called.
    var ownEntry: RouteIndex.Entry? {
        if origin.privateEnds != nil { return loop.index?.door(of: origin)?.entry }
        guard let entry = loop.index?.entry(host: host, port: origin.edgePort), entry.isOpen(to: origin) else {
            return nil
        }
        return entry
    }

    /// A Machine could not be started: the request goes to another that runs, waits for one that is full or that another
    /// wake brings, or is refused.
    func wakeFailed(_ machine: Machine.ID) {
        guard case .exchanging(var exchange) = phase else { return }
        exchange.wakeFailed(machine)
        phase = .exchanging(exchange)
        guard let entry else { return respond(Page(404)) }
        if journey.aim.isHopeful(entry.route, excluding: exchange.excluded) {
            route()
        } else {
            respond(Page(503, retryAfter: 1), because: "its Machine could not be started")
        }
    }

    /// No longer waits.
    func letGo() {
        guard let holding else { return }
        self.holding = nil
        holding.count.leave()
        loop.shared.troubles.heldEnded(holding.app, after: .now() - holding.since)
        loop.letGo(self, key: holding.key)
        deadline = journey.deadline
    }

    /// Gives the place at the Machine back.
    func leavePlace() {
        guard let place else { return }
        self.place = nil
        place.load.move(from: presence.current, to: .short)
        place.end()
        loop.settle(place)
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
        if let reason, page.status >= 500, fallBack(reason) { return }
        if let reason { tell(reason, status: page.status, exchange, machine ?? place?.load.machine) }
        letGo()
        leaveUpstream()
        let keep = exchange.keepsClient(closing: loop.isClosing)
        let date = loop.date.line()
        outbox.write {
            page.write(
                to: &$0,
                isHead: exchange.isHead,
                connection: connectionField(exchange, keep: keep),
                requestID: passage.requestID,
                date: date
            )
        }
        log(page.status)
        finish(keep: keep)
    }

    func connectionField(_ exchange: Exchange, keep: Bool) -> StaticString? {
        keep ? (exchange.head.minor == 0 ? "keep-alive" : nil) : "close"
    }

    func log(_ status: Int) {
        recordAnswer(status)
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
            if loss == .unreachable { load.unreached(at: loop.time.uptimeNanoseconds) }
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

    /// Tells the app's owner that an answer was cut off, and why.
    func tell(_ reason: String, _ exchange: Exchange) { tell(reason, status: nil, exchange, place?.load.machine) }

    // MARK: - Private

    /// Tells the app's owner why a request of theirs did not get the app's answer.
    private func tell(_ reason: String, status: Int?, _ exchange: Exchange, _ machine: Machine.ID?) {
        logger.info(
            "request failed",
            metadata: ["http.host": "\(host)", "reason": "\(reason)", "request.id": "\(passage.requestID)"]
        )
        // Of a request that was sent on to nowhere, the one that sent it.
        guard let app = entry?.route.app ?? journey.source?.app else { return }
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
            holding = Holding(count: entry.held, key: entry.route.key, app: entry.route.app, since: .now())
            loop.hold(self, key: entry.route.key, app: entry.route.app)
            expect(within: limits.held)
            deadline = min(deadline, journey.deadline)
            // A place may have come free on another loop after the look and before this was known to wait.
            return route()
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
        // What is no HTTP any more after an upgrade has no form in HTTP/2.
        let asStream = routed?.route.options?.h2Backend ?? false && exchange.head.upgrade == nil
        if !asStream, !exchange.needsFresh, let connection = loop.pool.take(key) {
            return attach(connection, reused: true)
        }
        let mine = attempt
        let (began, app) = (NIODeadline.now(), routed?.route.app)
        let opened: (Result<UpstreamConnection, any Error>) -> Void = { [self] result in
            if case .success = result, let app {
                loop.stats.of(app).connected(to: target.machine, after: .now() - began)
            }
            switch result {
            case .success(let connection) where mine == attempt: attach(connection, reused: false)
            // Not needed any more; the next request will be glad of it.
            case .success(let connection): connection.release(reuse: true)
            case .failure where mine == attempt: upstreamLost(.unreachable)
            case .failure: break
            }
        }
        if asStream { loop.pool.connectStream(key, opened) } else { loop.pool.connect(key, opened) }
    }

    private func attach(_ connection: UpstreamConnection, reused: Bool) {
        guard case .exchanging(var exchange) = phase else { return connection.release(reuse: true) }
        let backlog = exchange.attach(reused: reused)
        phase = .exchanging(exchange)
        upstream = connection
        place?.load.reached()
        journey.isReached = true
        deadline = .distantFuture
        passage.detour = journey.detour
        heardClient = loop.latest
        heardApp = loop.latest
        connection.serve(self, isHead: exchange.isHead)
        connection.write { exchange.head.write(to: &$0, as: passage) }
        if backlog.body.readableBytes > 0 { send(backlog.body, of: exchange.head) }
        if backlog.ended { sendEnd(backlog.trailers, of: exchange.head) }
        advance()
    }
}
