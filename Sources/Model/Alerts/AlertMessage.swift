/// What somebody is told: alerts of one app, or of the host, that fire or are over.
package struct AlertMessage: Equatable, Sendable {
    /// At least one; the most urgent first.
    package var alerts: [Alert]
    package var isResolved: Bool

    package init(alerts: [Alert], isResolved: Bool) {
        (self.alerts, self.isResolved) = (alerts, isResolved)
    }

    /// For trying channels out.
    package static func trial(at now: Timestamp) -> AlertMessage {
        let rule = AlertRule.trial
        var alert = Alert(rule, AlertFact(rule.name, [:], 0), since: now)
        alert.firedAt = now
        return AlertMessage(alerts: [alert], isResolved: false)
    }

    /// One line: `[page] shop: No Machine of shop takes requests (+1)`.
    package func title(host: String) -> String {
        let first = alerts.first
        let state = isResolved ? "over" : first?.severity.rawValue ?? ""
        let more = alerts.count > 1 ? " (+\(alerts.count - 1))" : ""
        return "[\(state)] \(first?.app ?? host): \(first?.summary ?? "")\(more)"
    }

    /// All of it, for a person: what, since when, what to run next.
    package func text(host: String) -> String {
        var lines = [title(host: host)]
        for alert in alerts {
            lines.append("")
            lines.append(alert.summary)
            let end = isResolved ? alert.clearSince.map { ", until \($0.rfc3339)" } ?? "" : ""
            lines.append("\(alert.rule) on \(host), since \(alert.since.rfc3339)\(end)")
            if let command = alert.command, !isResolved { lines.append("  \(command)") }
        }
        return lines.joined(separator: "\n")
    }

    /// As Alertmanager sends it to a webhook, so that its many receivers read it.
    ///
    /// > Source: Prometheus, "Alerting: webhook receiver", version 4.
    package func alertmanager(host: String, receiver: String) -> JSONValue {
        let group = alerts.first?.app.map { ["app": $0] } ?? ["host": host]
        let labels = alerts.map { Self.labels(of: $0, host) }
        let notes = alerts.map { Self.notes(of: $0) }
        let status = isResolved ? "resolved" : "firing"
        let all = alerts.enumerated().map { place, alert in
            JSONValue.object([
                "status": .string(status), "labels": .strings(labels[place]), "annotations": .strings(notes[place]),
                "startsAt": .string(alert.since.rfc3339),
                "endsAt": .string(isResolved ? alert.clearSince?.rfc3339 ?? Self.never : Self.never),
                "generatorURL": .string(""), "fingerprint": .string(Self.fingerprint(labels[place])),
            ])
        }
        return .object([
            "version": .string("4"), "receiver": .string(receiver), "status": .string(status), "alerts": .array(all),
            "groupLabels": .strings(group), "commonLabels": .strings(Self.common(labels)),
            "commonAnnotations": .strings(Self.common(notes)), "externalURL": .string(""),
            "groupKey": .string("{}:{\(group.map { "\($0.key)=\"\($0.value)\"" }.joined())}"),
            "truncatedAlerts": .int(0),
        ])
    }

    // MARK: - Private

    private static let never = "0001-01-01T00:00:00Z"

    private static func labels(of alert: Alert, _ host: String) -> [String: String] {
        alert.labels.filter { !$0.value.isEmpty }.merging(["host": host]) { own, _ in own }
            .merging(["alertname": alert.rule, "severity": alert.severity.rawValue]) { $1 }
    }

    private static func notes(of alert: Alert) -> [String: String] {
        var notes = ["summary": alert.summary]
        notes["command"] = alert.command
        return notes
    }

    private static func common(_ all: [[String: String]]) -> [String: String] {
        guard let first = all.first else { return [:] }
        return first.filter { entry in all.allSatisfy { $0[entry.key] == entry.value } }
    }

    /// The same for the same alert: FNV-1a, 64 bit, of its labels in their order.
    private static func fingerprint(_ labels: [String: String]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for entry in labels.sorted(by: { $0.key < $1.key }) {
            for byte in "\(entry.key)\u{0}\(entry.value)\u{0}".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
