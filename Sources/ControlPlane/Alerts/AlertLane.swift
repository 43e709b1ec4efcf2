import Model

/// What one channel has still to be told, and when it is tried next: no clock and no I/O.
struct AlertLane: Sendable {
    let channel: AlertChannel
    private(set) var waiting: [AlertMessage] = []
    private(set) var deliveredAt: Timestamp?
    private(set) var error: String?
    private var failures = 0
    private var nextTry = Timestamp(milliseconds: 0)
    /// More is too late to help anybody; the oldest go.
    static let most = 50

    init(_ channel: AlertChannel) {
        self.channel = channel
    }

    /// Takes a message, unless the same waits already.
    mutating func add(_ message: AlertMessage) {
        guard !waiting.contains(where: { $0.isSame(as: message) }) else { return }
        if waiting.count == Self.most { waiting.removeFirst() }
        waiting.append(message)
    }

    /// Forgets what does not stand any more.
    mutating func keep(_ stands: (AlertMessage) -> Bool) { waiting.removeAll { !stands($0) } }

    /// The one to send now, if it is time.
    func due(at now: Timestamp) -> AlertMessage? { now >= nextTry ? waiting.first : nil }

    mutating func delivered(at now: Timestamp) {
        if !waiting.isEmpty { waiting.removeFirst() }
        (deliveredAt, error, failures) = (now, nil, 0)
        nextTry = now
    }

    /// Tried again after half a minute, a minute and so on, up to a quarter of an hour.
    mutating func failed(_ reason: String, at now: Timestamp) {
        error = reason
        let pause = min(900, 30 << min(failures, 6))
        failures += 1
        nextTry = now.advanced(by: .seconds(pause))
    }

    var view: AlertsView.Channel {
        AlertsView.Channel(
            name: channel.name,
            kind: channel.kind.word,
            deliveredAt: deliveredAt,
            error: error,
            waiting: waiting.count
        )
    }
}

extension AlertMessage {
    /// Whether it is about the same, though numbers in it may have changed.
    func isSame(as other: AlertMessage) -> Bool {
        isResolved == other.isResolved && Set(alerts.map(\.key)) == Set(other.alerts.map(\.key))
    }
}
