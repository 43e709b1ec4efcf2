package import Model
package import NIOCore

/// Decides about one request from its head to the end of its answer: what may be sent on, what is tried again, and
/// how both connections end.
///
/// Knows no socket and no clock.
package struct Exchange: Sendable {
    /// How far a request is pursued.
    package struct Rules: Sendable {
        /// Bytes of a body kept for a second try, or for another app.
        package var replayBytes: Int
        /// Bytes of a body taken in before there is a connection to send them on.
        package var heldBytes: Int
        /// Tries to connect before giving up.
        package var attempts: Int
        /// Time from the first failure to the last try.
        package var budget: Duration

        package init(replayBytes: Int, heldBytes: Int? = nil, attempts: Int, budget: Duration) {
            self.replayBytes = replayBytes
            self.heldBytes = min(heldBytes ?? replayBytes, replayBytes)
            self.attempts = attempts
            self.budget = budget
        }
    }

    /// How an app's connection was lost.
    package enum Loss: Equatable, Sendable {
        /// There was none: refused, timed out, no route.
        case unreachable
        /// Closed too early; `silent` when not one byte had come.
        case closed(silent: Bool)
        /// What came was no HTTP, and why.
        case garbage(String)

        /// For the app's log.
        package var reason: String {
            switch self {
            case .unreachable: "the app accepts no connection"
            case .closed(silent: true): "the app closed the connection without an answer"
            case .closed(silent: false): "the app closed the connection in the middle of its answer"
            case .garbage(let reason): "the app's answer can't be read: \(reason)"
            }
        }
    }

    /// What to do about a loss.
    package enum Remedy: Equatable, Sendable {
        /// Choose again; the lost Machine is excluded for now.
        case another
        /// The same Machine, over a connection of its own.
        case fresh
        case answer(Page)
        /// The answer has begun: close the client's connection, so that it sees that the rest is missing.
        case cutOff
    }

    /// What an app's response head means for the client.
    package enum Delivery: Equatable, Sendable {
        /// 1xx: pass it on, the real one follows.
        case interim
        /// An HTTP/1.0 client knows no 1xx.
        case ignore
        case final(framing: BodyFraming, close: Bool)
        /// HTTP ends here, on both connections.
        case tunnel
        case refuse(Page)
    }

    /// What has to be sent on a connection that was just won.
    package struct Backlog: Sendable {
        package var body: ByteBuffer
        package var ended: Bool
        package var trailers: Fields?
    }

    package let head: RequestHead
    package let isHead: Bool
    /// Machines that could not be reached, until ``pauseEnded()``.
    package private(set) var unreachable: Set<Machine.ID> = []
    package private(set) var requestEnded = false
    /// Part of the answer went to the client.
    package private(set) var answerBegun = false
    /// The final answer's head came, after interim ones if any.
    package private(set) var finalBegun = false
    /// A connection from the pool failed: the next must be new.
    package private(set) var needsFresh = false

    package init(_ head: RequestHead, rules: Rules) {
        self.head = head
        self.rules = rules
        isHead = head.method == "HEAD"
    }

    // MARK: - Request

    /// There is room for more of the body: a connection to send it on, or space to keep it.
    package var wantsBody: Bool { !requestEnded && (attached || kept.readableBytes < rules.heldBytes) }

    /// Takes in a piece of the body; returns whether to send it now.
    package mutating func received(_ bytes: ByteBuffer) -> Bool {
        if attached, kept.readableBytes + bytes.readableBytes > rules.replayBytes {
            kept = ByteBuffer()
            replayable = false
        }
        // One buffer, not a list of pieces: a client may send its body byte by byte.
        if replayable {
            if kept.readableBytes == 0 { kept = bytes } else { kept.writeImmutableBuffer(bytes) }
        }
        return attached
    }

    /// Bytes that are kept of the body.
    package var keptBytes: Int { kept.readableBytes }

    /// Keeps no more of the body; it can't be sent twice from now on.
    package mutating func forgetBody() {
        kept = ByteBuffer()
        replayable = false
    }

    /// The app's answer was that another should have the request.
    ///
    /// - Returns: whether all of it that came so far is still there to be sent again.
    package mutating func sentOn() -> Bool {
        (attached, reused, needsFresh) = (false, false, false)
        (failures, firstFailure, unreachable, unwakeable) = (0, nil, [], [])
        return replayable
    }

    /// Takes in the end of the request; returns whether to send it now.
    package mutating func receivedEnd(_ trailers: Fields?) -> Bool {
        requestEnded = true
        self.trailers = trailers
        return attached
    }

    /// A connection was won and has got the head; returns what else to send at once.
    package mutating func attach(reused: Bool) -> Backlog {
        attached = true
        self.reused = reused
        return Backlog(body: kept, ended: requestEnded, trailers: trailers)
    }

    // MARK: - Answer

    /// Takes in the app's head; `closing` when the edge wants this client's connection to end.
    package mutating func answered(_ response: ResponseHead, closing: Bool) -> Delivery {
        if response.isInformational {
            guard head.minor > 0 else { return .ignore }
            answerBegun = true
            return .interim
        }
        if response.status == 101 {
            // What is left of a body with a length passes through the tunnel just as it would have before.
            guard head.upgrade != nil, requestEnded || head.framing != .chunked else { return .refuse(Page(502)) }
            answerBegun = true
            return .tunnel
        }
        (answerBegun, finalBegun) = (true, true)
        // Nothing is sent twice from here on.
        forgetBody()
        let framing = response.framing == .chunked && head.minor == 0 ? .untilClose : widened(response.framing)
        keepsClient = head.keepAlive && !closing && framing != .untilClose
        keepsUpstream = response.keepAlive
        return .final(framing: framing, close: !keepsClient)
    }

    /// The app's answer is whole; returns which of the two connections may be used again.
    package func answerEnded() -> (client: Bool, upstream: Bool) {
        (keepsClient && requestEnded, keepsUpstream && requestEnded)
    }

    /// The edge answers by itself; returns whether the client's connection may be used again.
    package func keepsClient(closing: Bool) -> Bool { head.keepAlive && requestEnded && !closing }

    // MARK: - Failure

    /// The connection to a Machine was lost, or never came to be.
    ///
    /// A request that may have reached an app is sent again only when that cannot matter: the connection had served
    /// before and died without a word, which is what a server's own idle time-out looks like, and the method is
    /// idempotent.
    ///
    /// > Source: `proxy-dns`, section 9.1; RFC 9110, section 9.2.2.
    package mutating func lost(_ loss: Loss, of machine: Machine.ID, at now: NIODeadline) -> Remedy {
        attached = false
        if answerBegun { return .cutOff }
        switch loss {
        case .garbage: return .answer(Page(502))
        case .closed(let silent):
            guard silent, reused, replayable, head.isIdempotent else { return .answer(Page(502)) }
            needsFresh = true
            return .fresh
        case .unreachable:
            unreachable.insert(machine)
            failures += 1
            let first = firstFailure ?? now
            firstFailure = first
            let spent = Duration.nanoseconds((now - first).nanoseconds)
            return failures < rules.attempts && spent < rules.budget ? .another : .answer(Page(503, retryAfter: 1))
        }
    }

    /// A wake failed: this Machine is not asked again for this request.
    package mutating func wakeFailed(_ machine: Machine.ID) { unwakeable.insert(machine) }

    /// Machines not to choose now.
    package var excluded: Set<Machine.ID> { unwakeable.isEmpty ? unreachable : unreachable.union(unwakeable) }

    /// How long to wait before Machines that were out of reach are tried again.
    package var pause: Duration { .milliseconds(min(500, 25 * failures)) }

    /// Lets Machines that were out of reach be candidates again.
    package mutating func pauseEnded() { unreachable = [] }

    // MARK: - Private

    private let rules: Rules
    private var unwakeable: Set<Machine.ID> = []
    private var attached = false
    private var reused = false
    private var replayable = true
    private var kept = ByteBuffer()
    private var trailers: Fields?
    private var failures = 0
    private var firstFailure: NIODeadline?
    private var keepsClient = false
    private var keepsUpstream = false

    /// A body that ends with the app's connection becomes chunked, so that the client's connection need not end.
    private func widened(_ framing: BodyFraming) -> BodyFraming {
        framing == .untilClose && head.minor > 0 ? .chunked : framing
    }
}
