import Model
import NIOCore

extension ClientConnection {
    /// The client keeps up: more of the answer may be written.
    var takesAnswer: Bool { context?.channel.isWritable ?? false }

    // MARK: - Request body, on its way to the app

    func send(_ bytes: ByteBuffer, of head: RequestHead) {
        guard let upstream else { return }
        guard head.framing == .chunked else { return upstream.put(bytes) }
        upstream.write { $0.writeChunkSize(bytes.readableBytes) }
        upstream.put(bytes)
        upstream.write { $0.writeStaticString("\r\n") }
    }

    func sendEnd(_ trailers: Fields?, of head: RequestHead) {
        if head.framing == .chunked { upstream?.write { $0.writeLastChunk(trailers) } }
    }

    // MARK: - Answer, on its way to the client

    /// The app's response head came.
    func answered(_ response: ResponseHead) -> UpstreamConnection.Flow {
        guard case .exchanging(var exchange) = phase else { return .gone }
        if response.mayReplay, response.status >= 200, routed != nil { return sendOn(response) }
        let delivery = exchange.answered(response, closing: loop.isClosing)
        phase = .exchanging(exchange)
        switch delivery {
        case .ignore: return .interim
        case .interim:
            outbox.write { response.write(to: &$0, as: ResponseHead.Form(framing: .none)) }
            return .interim
        case .final(let framing, let close):
            answerFraming = exchange.isHead || response.framing == .none ? .none : framing
            let rules = routed?.rules
            if let rules, rules.compresses { compress(response, exchange) }
            var form = ResponseHead.Form(
                framing: answerFraming,
                connection: connectionField(exchange, keep: !close),
                requestID: passage.requestID
            )
            form.date = loop.date.line()
            form.rules = rules
            form.secure = passage.secure
            form.encoding = compressor?.coding
            outbox.write { response.write(to: &$0, as: form) }
            heardApp = loop.latest
            log(response.status)
            let now = NIODeadline.now()
            countAnswer(response.status, at: now)
            presence.answered(response, at: now)
            if presence.current == .short, response.isEventStream { take(for: .stream) }
            if response.isEventStream { course.trace = .events(EventTrace()) }
            return .body(response.framing)
        case .tunnel:
            outbox.write {
                response.write(
                    to: &$0,
                    as: ResponseHead.Form(framing: .none, connection: "Upgrade", requestID: passage.requestID)
                )
            }
            log(response.status)
            countAnswer(response.status, at: .now())
            answerFraming = .none
            if exchange.head.asksForWebSocket { course.trace = .frames(FrameTrace()) }
            phase = .tunnel
            take(for: .stream)
            // What the client sent already, before it knew.
            advance()
            return .tunnel
        case .refuse(let page):
            respond(page, because: "the app switched to another protocol, which the request had not asked for")
            return .gone
        }
    }

    /// A piece of the body, or of what a tunnel carries.
    func answer(_ bytes: ByteBuffer) {
        guard context != nil else { return }
        if journey.response != nil { return collect(bytes) }
        heardApp = loop.latest
        // A tunnel whose other half is closed may stay as long as this half is in use.
        if inputEnded { expect(within: limits.halfOpen) }
        var bytes = bytes
        let ends = course.trace.pass(&bytes, ending: course.isEnding)
        defer { if ends { endNow() } }
        guard bytes.readableBytes > 0 else { return }
        put(compressor?.take(bytes) ?? bytes)
    }

    /// A piece of the body as the client gets it.
    private func put(_ bytes: ByteBuffer) {
        guard let context else { return }
        record.bytesOut += bytes.readableBytes
        guard answerFraming == .chunked else { return outbox.put(bytes, to: context) }
        guard bytes.readableBytes > 0 else { return }
        outbox.write { $0.writeChunkSize(bytes.readableBytes) }
        outbox.put(bytes, to: context)
        outbox.write { $0.writeStaticString("\r\n") }
    }

    /// Sends what the compressor still holds.
    func finishCompression() {
        guard let compressor else { return }
        self.compressor = nil
        put(compressor.finish())
    }

    /// The answer is whole.
    func answerEnded(_ trailers: Fields?) {
        guard case .exchanging(let exchange) = phase else { return }
        if journey.response != nil { return follow() }
        finishCompression()
        if answerFraming == .chunked {
            outbox.write { $0.writeLastChunk(exchange.head.acceptsTrailers ? trailers : nil) }
        }
        let keep = exchange.answerEnded()
        upstream?.release(reuse: keep.upstream)
        upstream = nil
        leavePlace()
        finish(keep: keep.client)
    }

    /// The app has closed its half of a tunnel, or all of it.
    func tunnelEnded(broken: Bool) {
        guard case .tunnel = phase else { return }
        if broken || inputEnded {
            leaveUpstream()
            closeAfterFlush()
        } else if let context, !appEnded {
            appEnded = true
            expect(within: limits.halfOpen)
            outbox.flush(to: context) { [self] sent in
                if sent, !inputEnded { self.context?.close(mode: .output, promise: nil) }
            }
        }
    }

    /// Sends what has gathered.
    func flush() {
        if let context { outbox.flush(to: context) }
    }

    // MARK: - Private

    /// Makes the body smaller where the client takes it so, and it is no stream.
    private func compress(_ response: ResponseHead, _ exchange: Exchange) {
        let head = exchange.head
        guard head.minor > 0, !exchange.isHead, answerFraming != .none, ContentCoding.suits(response) else { return }
        let fields = head.fields
        let accepted = fields.lines.filter { Characters.equal(fields.bytes, $0.name, "accept-encoding") }
        guard let coding = ContentCoding.choose(accepted.map { fields.text($0.value) }),
            let compressor = Compressor(coding)
        else { return }
        self.compressor = compressor
        answerFraming = .chunked
    }
}
