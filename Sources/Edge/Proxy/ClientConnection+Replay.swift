import Logging
import Model
import NIOCore
import Toolkit

/// A request that its app sends elsewhere instead of answering it.
///
/// > Source: `proxy-dns`, sections 10 and 11.
extension ClientConnection {
    /// The app's answer says so: its body is taken in, and goes to nobody.
    func sendOn(_ response: ResponseHead) -> UpstreamConnection.Flow {
        guard !journey.isBack else {
            respond(Page(502), because: "PA03: the app sent on a request that had come back to it")
            return .gone
        }
        journey.response = response
        journey.collected = ByteBuffer()
        return .body(response.framing)
    }

    /// A piece of the body of such an answer.
    func collect(_ bytes: ByteBuffer) {
        guard journey.collected.readableBytes + bytes.readableBytes <= ReplayOrder.longestBody else {
            return respond(Page(502), because: "PA03: the body of the app's fly-replay is too long")
        }
        journey.collected.writeImmutableBuffer(bytes)
    }

    /// The answer is whole: the request goes where it says.
    func follow() {
        guard case .exchanging(var exchange) = phase, let response = journey.response, let target = journey.target,
            let entry
        else { return }
        journey.response = nil
        upstream?.release(reuse: response.keepAlive && exchange.requestEnded)
        upstream = nil
        leavePlace()
        attempt += 1
        let order: ReplayOrder
        do throws(Fault) {
            order = try Self.order(response, journey.collected)
        } catch {
            return respond(Page(502), because: "PA03: \(error.message)", machine: target.machine)
        }
        guard exchange.sentOn() else {
            let most = limits.replayBytes >> 10
            return respond(Page(502), because: "PA01: a request with more than \(most) KiB can't be sent on")
        }
        phase = .exchanging(exchange)
        if order.invalidates {
            let session = session(exchange.head, ownEntry)?.key
            loop.shared.replays.forget(host: host, path: exchange.head.path, session: session)
        }
        let source = Journey.Source(app: entry.route.app, machine: target.machine, region: target.region)
        let now = loop.latest
        let time = Timestamp.now().milliseconds * 1000
        guard let next = journey.following(order, from: source, at: .now(), microseconds: time) else {
            return respond(Page(502), because: "PA02: sent on more than \(ReplayOrder.longestChain) times")
        }
        journey = next
        deadline = next.deadline
        guard let goal = self.entry, goal.isOpen(toReplayOf: target.address) else {
            return respond(Page(502), because: "PA04: there is no app \(order.app ?? "") to send the request on to")
        }
        remember(order, of: target.address, exchange.head, at: now)
        route()
    }

    /// Where an app wanted its request back if it can't go where it was sent, it goes back; false where not.
    func fallBack(_ reason: String) -> Bool {
        guard case .exchanging(var exchange) = phase, !exchange.answerBegun else { return false }
        if case .hit = journey.memory, !journey.isReached {
            // What was remembered is no longer so.
            let session = session(exchange.head, ownEntry)?.key
            loop.shared.replays.forget(host: host, path: exchange.head.path, session: session)
            journey = Journey(exchange.head, since: loop.time)
        } else {
            let now = NIODeadline.now()
            let word =
                journey.deadline <= now + limits.tick.amount
                ? "timeout" : exchange.unreachable.isEmpty ? "no_candidate" : "retries_exhausted"
            guard let back = journey.returning(word, at: now) else { return false }
            journey = back
        }
        letGo()
        leaveUpstream()
        guard exchange.sentOn() else { return false }
        phase = .exchanging(exchange)
        deadline = journey.deadline
        logger.debug("request goes back", metadata: ["reason": "\(reason)", "request.id": "\(passage.requestID)"])
        route()
        return true
    }

    /// Looks whether requests like this one are known to belong elsewhere.
    func recall(_ head: RequestHead) {
        let memory = loop.shared.replays
        guard !memory.isEmpty, let entry else { return }
        let now = loop.time
        let session = session(head, entry)
        let known =
            session.flatMap { memory.find(session: $0.key, at: now) }
            ?? memory.find(host: host, path: head.path, at: now)
        guard let known else { return }
        if known.allowsBypass, head.isRouted, head.fields.first("fly-replay-cache-control") == "skip" {
            journey.memory = .bypassed
            return
        }
        let before = journey
        journey.memory = .hit
        journey.aim = known.aim
        journey.app = known.app
        // The app may have been closed since.
        if self.entry?.isOpen(toReplayOf: known.source) != true {
            journey = before
            memory.forget(host: host, path: head.path, session: session?.key)
        }
    }

    // MARK: - Private

    private static func order(_ response: ResponseHead, _ body: ByteBuffer) throws(Fault) -> ReplayOrder {
        let fields = response.fields
        var order: ReplayOrder
        if let text = fields.first("fly-replay") {
            order = try ReplayOrder(header: text)
        } else {
            order = try ReplayOrder(json: Array(body.readableBytesView))
        }
        order.takeCache(
            pattern: fields.first("fly-replay-cache"),
            seconds: fields.first("fly-replay-cache-ttl-secs"),
            bypass: fields.first("fly-replay-cache-allow-bypass")
        )
        return order
    }

    private func remember(
        _ order: ReplayOrder,
        of source: Machine.Address,
        _ head: RequestHead,
        at now: NIODeadline
    ) {
        guard order.isCacheable, let app = journey.app ?? entry?.route.app else { return }
        let memory = loop.shared.replays
        if let cache = order.cache, let prefix = ReplayMemory.prefix(of: cache.pattern, host: host, path: head.path) {
            let item = ReplayMemory.Item(
                app: app,
                source: source,
                aim: order.aim,
                until: now + .seconds(Int64(max(ReplayOrder.shortestMemory, min(cache.seconds, 86_400)))),
                allowsBypass: cache.allowsBypass
            )
            memory.remember(host: host, prefix: prefix, item, at: now)
        }
        guard let session = session(head, ownEntry) else { return }
        let item = ReplayMemory.Item(
            app: app,
            source: source,
            aim: order.aim,
            until: now + .seconds(Int64(max(ReplayOrder.shortestMemory, min(session.rule.ttlSeconds, 86_400)))),
            allowsBypass: session.rule.allowBypass ?? false
        )
        memory.remember(session: session.key, item, at: now)
    }

    /// The session that a request belongs to, by the rules of its app.
    private func session(
        _ head: RequestHead,
        _ entry: RouteIndex.Entry?
    ) -> (rule: AppConfig.ReplayCache, key: String)? {
        let path = head.path
        let rules = (entry?.route.options?.replayCache ?? []).filter {
            ReplayMemory.prefix(of: $0.pathPrefix, host: host, path: path) != nil
        }
        guard let rule = rules.max(by: { $0.pathPrefix.utf8.count < $1.pathPrefix.utf8.count }) else { return nil }
        let value =
            switch rule.type {
            case .header: head.fields.first(named: rule.name.lowercased())
            case .cookie: Self.cookie(rule.name, head.fields)
            case .unknown: String?.none
            }
        guard let value, !value.isEmpty else { return nil }
        return (rule, "\(host)\n\(rule.pathPrefix)\n\(rule.name)\n\(value)")
    }

    private static func cookie(_ name: String, _ fields: Fields) -> String? {
        for line in fields.lines where Characters.equal(fields.bytes, line.name, "cookie") {
            for pair in fields.text(line.value).split(separator: ";") {
                let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
                if parts.count == 2, parts[0] == name { return String(parts[1]) }
            }
        }
        return nil
    }
}
