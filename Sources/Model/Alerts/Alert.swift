/// That somebody should look at something, from when on, and what was said of it.
package struct Alert: Equatable, Sendable {
    /// The rule's name.
    package var rule: String
    package var severity: AlertRule.Severity
    package var labels: [String: String]
    package var summary: String
    /// What to run next.
    package var command: String?
    package var value: Double
    /// When the rule began to hold.
    package var since: Timestamp
    /// When it had held for as long as it has to.
    package var firedAt: Timestamp?
    /// When it ceased to hold, for good or for a moment.
    package var clearSince: Timestamp?
    /// When somebody was last told that it fires.
    package var toldAt: Timestamp?

    package init(_ rule: AlertRule, _ fact: AlertFact, since: Timestamp) {
        self.rule = rule.name
        severity = rule.severity
        labels = fact.labels
        value = fact.value
        summary = AlertTemplate.filled(rule.summary, fact.labels, fact.value)
        command = rule.command.map { AlertTemplate.filled($0, fact.labels, fact.value) }
        self.since = since
    }

    /// The app that it is about; nil for the host.
    package var app: String? { labels["app"].flatMap { $0.isEmpty ? nil : $0 } }
    package var isFiring: Bool { firedAt != nil }

    /// Tells it from all others.
    package var key: Key { Key(rule: rule, labels: labels) }

    /// A rule, and what it holds for.
    package struct Key: Hashable, Sendable {
        package var rule: String
        package var labels: [String: String]
    }
}

/// Alerts of which nobody is told for a while.
package struct AlertSilence: Equatable, Sendable {
    package var id: String
    /// Of this app alone; nil: of all, and of the host.
    package var app: String?
    /// Of this rule alone; nil: of all.
    package var rule: String?
    package var until: Timestamp
    /// Who wanted it, and why.
    package var comment: String?

    package init(id: String, app: String? = nil, rule: String? = nil, until: Timestamp, comment: String? = nil) {
        (self.id, self.app, self.rule, self.until, self.comment) = (id, app, rule, until, comment)
    }

    func covers(_ alert: Alert) -> Bool {
        (app ?? alert.app) == alert.app && (rule ?? alert.rule) == alert.rule
    }
}

extension Alert: KeyedForm {
    package static var blank: Alert { Alert() }

    private init() {
        (rule, severity, labels, summary, value, since) = ("", .ticket, [:], "", 0, Timestamp(milliseconds: 0))
    }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("rule", &rule)
        var word = severity.rawValue
        try form.field("severity", &word)
        severity = AlertRule.Severity(rawValue: word) ?? .ticket
        try form.field("labels", &labels)
        try form.field("summary", &summary)
        try form.field("command", &command)
        try form.field("value", &value)
        try form.need("since", &since)
        try form.field("fired_at", &firedAt)
        try form.field("clear_since", &clearSince)
        try form.field("told_at", &toldAt)
    }
}

extension AlertSilence: KeyedForm {
    package static var blank: AlertSilence { AlertSilence(id: "", until: Timestamp(milliseconds: 0)) }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("id", &id)
        try form.field("app", &app)
        try form.field("rule", &rule)
        try form.need("until", &until)
        try form.field("comment", &comment)
    }
}
