import NIOCore

/// What a request at a Machine is taken for when the Machine is to stop.
enum Stay: Sendable {
    case short
    /// Under way for a while: an upload, a download, a slow page.
    case long
    /// Ends when somebody wants it to, not by itself: a stop does not wait for it.
    case stream
}

/// How long the present request has been at its Machine, and what follows from that.
struct Presence {
    var current = Stay.short

    /// An older request is a long one.
    static let short = TimeAmount.seconds(2)
    /// An answer whose length nobody knows counts as a stream when it has been under way for so long.
    static let openEnded = TimeAmount.seconds(3)

    init(since: NIODeadline = .now()) {
        self.since = since
    }

    /// The answer has begun.
    mutating func answered(_ response: ResponseHead, at now: NIODeadline) {
        switch response.framing {
        case .chunked, .untilClose: openEndedSince = now
        case .none, .length: openEndedSince = nil
        }
    }

    /// What it has become, when that is something else than before.
    func stay(at now: NIODeadline) -> Stay? {
        if current != .stream, let openEndedSince, now - openEndedSince >= Self.openEnded { return .stream }
        if current == .short, now - since >= Self.short { return .long }
        return nil
    }

    // MARK: - Private

    let since: NIODeadline
    private var openEndedSince: NIODeadline?
}

extension ResponseHead {
    /// Server-sent events, which go on until the client leaves.
    var isEventStream: Bool {
        fields.first("content-type")?.lowercased().hasPrefix("text/event-stream") ?? false
    }
}
