import Model
import NIOCore

/// What comes from the client: a request's head, then its body.
extension ClientConnection {
    /// A request has come.
    func begin(_ received: RequestHead) {
        var head = received
        recordStart(received)
        course = RequestCourse(began: .now())
        routed = nil
        decoder = BodyDecoder(head.framing)
        host = nameOfRequest(head)
        passage = direct
        passage.requestID = loop.requestIDs.next()
        if !head.isTraced { passage.trace = loop.requestIDs.nextTrace() }
        journey = Journey(head, since: loop.time)
        key = directKey
        if trusted { believe(&head) }
        deadline = .distantFuture
        headBegun = false
        let rules = Exchange.Rules(
            replayBytes: limits.replayBytes,
            heldBytes: limits.heldBytes,
            attempts: limits.connectAttempts,
            budget: limits.connectBudget
        )
        sending = head.framing != .none
        phase = .exchanging(Exchange(head, rules: rules))
        // The end of a request without a body is known now, and decides whether it may be sent twice.
        if head.framing == .none { _ = step() }
        if let page = ownAnswer(head) { return respond(page) }
        if lookForFile(head) { return }
        recall(head)
        route()
    }

    /// Takes the next piece of the request's body; false when there is nothing to do for now.
    func readBody() -> Bool {
        guard case .exchanging(var exchange) = phase, exchange.wantsBody, upstream?.isWritable ?? true else {
            return false
        }
        // Out of its place first: else all that is kept of the body would be copied for each piece that comes.
        phase = .idle
        do {
            let output = try decoder.next(&inbound)
            var now = false
            switch output {
            case .starved: break
            case .data(let bytes):
                record.bytesIn += bytes.readableBytes
                now = exchange.received(bytes)
            case .end(let trailers):
                sending = false
                now = exchange.receivedEnd(trailers)
            }
            let head = exchange.head
            if exchange.keptBytes > limits.heldBytes { keep(&exchange) }
            phase = .exchanging(exchange)
            if case .starved = output { return false }
            guard now else { return true }
            heardApp = loop.latest
            if case .data(let bytes) = output { send(bytes, of: head) }
            if case .end(let trailers) = output { sendEnd(trailers, of: head) }
            return true
        } catch {
            phase = .exchanging(exchange)
            if exchange.finalBegun {
                abort()
            } else {
                leaveUpstream()
                refuse(error)
            }
            return false
        }
    }

    /// What was kept of the request's body is no longer.
    func giveKept() {
        guard keptBytes > 0 else { return }
        loop.shared.kept.give(keptBytes)
        keptBytes = 0
    }

    // MARK: - Private

    /// The host name by which a request is routed and remembered.
    ///
    /// At a private address it is the app's own, whatever the client writes: what an app has remembered for it must not
    /// be taken for what clients outside ask another app.
    private func nameOfRequest(_ head: RequestHead) -> String {
        guard origin.privateEnds != nil else { return head.host }
        return loop.index?.door(of: origin).map { PrivateAddress.name(of: $0.entry.route.app) } ?? head.host
    }

    /// Counts what is kept of a long body, or lets go of it where too much is kept already.
    private func keep(_ exchange: inout Exchange) {
        let more = exchange.keptBytes - keptBytes
        if loop.shared.kept.take(more) {
            keptBytes += more
        } else {
            exchange.forgetBody()
            giveKept()
        }
    }

    /// The peer is a proxy that the operator trusts: what it says of the client counts.
    private func believe(_ head: inout RequestHead) {
        passage.believe(head, trusting: loop.shared.configuration.trustedProxies)
        if passage.clientAddress != direct.clientAddress { key = ClientKey(IPAddress(passage.clientAddress)) }
        // A proxy that asks by an address of ours, as nginx does by itself, names the host that the client asked for.
        guard origin.privateEnds == nil, entry == nil,
            let line = head.fields.lines.first(where: {
                Characters.equal(head.fields.bytes, $0.name, "x-forwarded-host")
            }), let first = Characters.list(head.fields.bytes, line.value).first(where: { _ in true })
        else { return }
        head.believe(host: first)
        host = head.host
    }
}
