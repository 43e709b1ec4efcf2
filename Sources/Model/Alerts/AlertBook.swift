/// Which alerts fire, who was told of them, and of what nobody is to be told: facts in, messages out, no clock and no I/O.
package struct AlertBook: Equatable, Sendable {
    package private(set) var alerts: [Alert] = []
    package private(set) var silences: [AlertSilence] = []

    package init() {}

    /// When somebody is told of the same again.
    package static let repeatAfter = Duration.seconds(4 * 3600)
    /// So long a rule must not hold before its alert is over: what comes and goes is one alert.
    static let clearAfter = Duration.seconds(60)
    /// What nobody could be told is over is forgotten at last.
    private static let forgetAfter = Duration.seconds(86_400)
    /// More at once say no more; the first ones stay.
    static let most = 500

    /// Takes in what holds now.
    ///
    /// - Parameters:
    ///   - facts: all that holds.
    ///   - now: the time of the look.
    ///   - busy: apps that are being deployed; what their Machines do meanwhile is no news.
    /// - Returns: what is to be told, one message an app; until ``told(_:at:)`` is called it is returned again.
    package mutating func step(_ facts: [AlertFact], at now: Timestamp, busy: Set<String> = []) -> [AlertMessage] {
        silences.removeAll { $0.until <= now }
        let rules = Self.rules
        var held: Set<Alert.Key> = []
        for fact in facts {
            guard let rule = rules[fact.rule] else { continue }
            if Self.isDeploying(fact, busy) { continue }
            held.insert(hold(fact, rule, at: now))
        }
        for place in alerts.indices where !held.contains(alerts[place].key) && alerts[place].clearSince == nil {
            alerts[place].clearSince = now
        }
        alerts.removeAll { alert in
            Self.isOver(alert, at: now) && (alert.toldAt == nil || Self.age(of: alert, at: now) > Self.forgetAfter)
        }
        return messages(at: now)
    }

    /// What was told: an alert that is over is then forgotten.
    package mutating func told(_ message: AlertMessage, at now: Timestamp) {
        let keys = Set(message.alerts.map(\.key))
        if message.isResolved {
            alerts.removeAll { keys.contains($0.key) && Self.isOver($0, at: now) }
        } else {
            for place in alerts.indices where keys.contains(alerts[place].key) { alerts[place].toldAt = now }
        }
    }

    /// Whether a message is still worth telling: nobody needs to hear of what was over before it could be told.
    package func stands(_ message: AlertMessage) -> Bool {
        if message.isResolved { return true }
        let keys = Set(message.alerts.map(\.key))
        return alerts.contains { keys.contains($0.key) && $0.isFiring && $0.clearSince == nil }
    }

    /// Tells nobody of some alerts for a while.
    package mutating func add(_ silence: AlertSilence) {
        silences.removeAll { $0.id == silence.id }
        silences.append(silence)
    }

    /// Ends a silence.
    ///
    /// - Returns: whether there was one.
    package mutating func remove(silence id: String) -> Bool {
        let before = silences.count
        silences.removeAll { $0.id == id }
        return silences.count < before
    }

    // MARK: - Private

    private static let rules: [String: AlertRule] = AlertRule.all(slo: 0.995).flatMap(\.rules)
        .reduce(into: [:]) { $0[$1.name] = $1 }

    private static func isDeploying(_ fact: AlertFact, _ busy: Set<String>) -> Bool {
        ["CrashLoop", "NothingHealthy"].contains(fact.rule) && fact.labels["app"].map(busy.contains) == true
    }

    private mutating func hold(_ fact: AlertFact, _ rule: AlertRule, at now: Timestamp) -> Alert.Key {
        var alert = Alert(rule, fact, since: now)
        let place = alerts.firstIndex { $0.key == alert.key }
        if let place {
            let old = alerts[place]
            (alert.since, alert.firedAt, alert.toldAt) = (old.since, old.firedAt, old.toldAt)
            // One that had not fired yet begins anew: it has to hold without a break.
            if old.clearSince != nil, old.firedAt == nil { alert.since = now }
        }
        let lasting = rule.lasting.flatMap { GoDuration.parse($0) } ?? .zero
        if alert.firedAt == nil, now.since(alert.since) >= lasting { alert.firedAt = now }
        if let place {
            alerts[place] = alert
        } else if alerts.count < Self.most {
            alerts.append(alert)
        }
        return alert.key
    }

    private static func age(of alert: Alert, at now: Timestamp) -> Duration { now.since(alert.clearSince ?? now) }

    private static func isOver(_ alert: Alert, at now: Timestamp) -> Bool {
        guard alert.clearSince != nil else { return false }
        return !alert.isFiring || age(of: alert, at: now) >= clearAfter
    }

    private func messages(at now: Timestamp) -> [AlertMessage] {
        let open = alerts.filter { alert in alert.isFiring && !silences.contains { $0.covers(alert) } }
        let firing = open.filter { alert in
            alert.clearSince == nil && (alert.toldAt.map { now.since($0) >= Self.repeatAfter } ?? true)
        }
        let resolved = open.filter { Self.isOver($0, at: now) && $0.toldAt != nil }
        return Self.grouped(firing, isResolved: false) + Self.grouped(resolved, isResolved: true)
    }

    private static func grouped(_ alerts: [Alert], isResolved: Bool) -> [AlertMessage] {
        Dictionary(grouping: alerts) { $0.app ?? "" }.sorted { $0.key < $1.key }.map { group in
            let sorted = group.value.sorted { ($0.severity.urgency, $0.since) < ($1.severity.urgency, $1.since) }
            return AlertMessage(alerts: sorted, isResolved: isResolved)
        }
    }
}

extension AlertRule.Severity {
    /// The most urgent first.
    fileprivate var urgency: Int {
        switch self {
        case .page: 0
        case .ticket: 1
        case .none: 2
        }
    }
}

extension AlertBook: KeyedForm {
    package static var schema: Int? { 1 }
    package static var blank: AlertBook { AlertBook() }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("alerts", &alerts)
        try form.field("silences", &silences)
    }
}
