/// What the API tells of alerts.
package struct AlertsView: Equatable, Sendable {
    /// The host's name in messages.
    package var host: String
    package var alerts: [Alert]
    package var silences: [AlertSilence]
    package var channels: [Channel]

    package init(host: String, alerts: [Alert], silences: [AlertSilence], channels: [Channel]) {
        (self.host, self.alerts, self.silences, self.channels) = (host, alerts, silences, channels)
    }

    /// How a channel is doing.
    package struct Channel: Equatable, Sendable {
        package var name: String
        package var kind: String
        /// When a message last got through.
        package var deliveredAt: Timestamp?
        /// Why the last one did not.
        package var error: String?
        /// Messages that wait for another try.
        package var waiting: Int

        package init(name: String, kind: String, deliveredAt: Timestamp? = nil, error: String? = nil, waiting: Int = 0)
        {
            (self.name, self.kind, self.deliveredAt) = (name, kind, deliveredAt)
            (self.error, self.waiting) = (error, waiting)
        }
    }
}

extension AlertsView: KeyedForm {
    package static var blank: AlertsView { AlertsView(host: "", alerts: [], silences: [], channels: []) }

    package mutating func fields(_ form: inout Form) throws {
        try form.field("host", &host)
        try form.field("alerts", &alerts)
        try form.field("silences", &silences)
        try form.field("channels", &channels)
    }
}

extension AlertsView.Channel: KeyedForm {
    package static var blank: Self { Self(name: "", kind: "") }

    package mutating func fields(_ form: inout Form) throws {
        try form.need("name", &name)
        try form.field("kind", &kind)
        try form.field("delivered_at", &deliveredAt)
        try form.field("error", &error)
        try form.field("waiting", &waiting)
    }
}
