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
        let delivery = exchange.answered(response, closing: loop.isClosing)
        phase = .exchanging(exchange)
        switch delivery {
        case .ignore: return .interim
        case .interim:
            outbox.write { response.write(to: &$0, framing: .none, connection: nil, requestID: nil) }
            return .interim
        case .final(let framing, let close):
            answerFraming = exchange.isHead || response.framing == .none ? .none : framing
            outbox.write {
                response.write(
                    to: &$0,
                    framing: answerFraming,
                    connection: connectionField(exchange, keep: !close),
                    requestID: passage.requestID
                )
            }
            log(response.status)
            presence.answered(response, at: .now())
            if presence.current == .short, response.isEventStream { take(for: .stream) }
            return .body(response.framing)
        case .tunnel:
            outbox.write {
                response.write(to: &$0, framing: .none, connection: "Upgrade", requestID: passage.requestID)
            }
            log(response.status)
            answerFraming = .none
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
        guard let context else { return }
        // A tunnel whose other half is closed may stay as long as this half is in use.
        if inputEnded { expect(within: limits.halfOpen) }
        guard answerFraming == .chunked else { return outbox.put(bytes, to: context) }
        outbox.write { $0.writeChunkSize(bytes.readableBytes) }
        outbox.put(bytes, to: context)
        outbox.write { $0.writeStaticString("\r\n") }
    }

    /// The answer is whole.
    func answerEnded(_ trailers: Fields?) {
        guard case .exchanging(let exchange) = phase else { return }
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
}
