import Model
import NIOCore

/// How a stream ends when its Machine is about to stop.
extension ClientConnection {
    /// Ends the present request if it is a stream at that Machine.
    ///
    /// A WebSocket with a close frame to both ends, server-sent events after an event, any other tunnel at once. An answer that
    /// merely has no length is the app's to end.
    func endStream(of machine: Machine.ID) {
        guard place?.load.machine == machine, presence.current == .stream, !course.isEnding else { return }
        switch (phase, course.trace) {
        case (.tunnel, .none): endNow()
        case (.tunnel, _), (.exchanging, .events):
            course.isEnding = true
            if course.trace.isAtBoundary { return endNow() }
            let present = attempt
            // What is half on its way may never become whole.
            loop.eventLoop.assumeIsolated().scheduleTask(in: Self.patienceWithHalves) { [self] in
                if course.isEnding, attempt == present { endNow() }
            }
        case (.exchanging, _), (.idle, _), (.lingering, _), (.closed, _): return
        }
    }

    /// Ends it where it is.
    func endNow() {
        course.isEnding = false
        switch phase {
        case .tunnel:
            if case .frames = course.trace {
                if let context { outbox.put(FrameTrace.goingAway(masked: false), to: context) }
                upstream?.put(FrameTrace.goingAway(masked: true))
                upstream?.flush()
            }
            leaveUpstream()
            closeAfterFlush()
        case .exchanging(let exchange):
            finishCompression()
            if answerFraming == .chunked { outbox.write { $0.writeLastChunk(nil) } }
            leaveUpstream()
            finish(keep: answerFraming == .chunked && exchange.keepsClient(closing: loop.isClosing))
        case .idle, .lingering, .closed: return
        }
    }

    /// Counts an answer whose head has come.
    func countAnswer(_ status: Int, at now: NIODeadline) {
        guard let place else { return }
        let time = Duration.nanoseconds((now - course.began).nanoseconds)
        if let stats, stats.app == record.app {
            stats.counts.answered(status, of: place.load.machine, after: now - presence.since)
        }
        place.answers?.add(status: status, after: time)
        place.ownAnswers?.add(status: status, after: time)
    }

    // MARK: - Private

    private static let patienceWithHalves = TimeAmount.seconds(1)
}

extension RequestHead {
    /// It wants to go on as a WebSocket.
    var asksForWebSocket: Bool {
        guard let upgrade else { return false }
        return Characters.list(fields.bytes, upgrade).contains { Characters.equal(fields.bytes, $0, "websocket") }
    }
}
