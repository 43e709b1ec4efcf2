import Foundation
import Model
import Toolkit

/// `[alerts]` of `roost.toml`: when somebody is told, and where.
package struct AlertSettings: Sendable {
    package var channels: [AlertChannel] = []
    /// Asked each minute: whoever watches there sees when this host falls silent.
    package var heartbeat: String?
    /// The share of requests that are to go well.
    package var slo = 0.995

    package init() {}
}

/// A place where alerts are told.
package struct AlertChannel: Sendable, Equatable {
    package var kind: Kind
    /// As people call it: `slack`, `webhook-2`.
    package var name: String

    package init(_ kind: Kind, name: String) {
        (self.kind, self.name) = (kind, name)
    }

    /// How a message gets there.
    package enum Kind: Sendable, Equatable {
        /// JSON as Alertmanager sends it.
        case webhook(url: String)
        /// `{"text": …}`, which Slack, Mattermost, Rocket.Chat and Discord (`…/slack`) read.
        case slack(url: String)
        /// A program of the host, which reads the JSON of a webhook.
        case command([String])
        case email(AlertMail)

        var word: String {
            switch self {
            case .webhook: "webhook"
            case .slack: "slack"
            case .command: "command"
            case .email: "email"
            }
        }
    }
}

/// How mail leaves the host.
package struct AlertMail: Sendable, Equatable {
    /// `smtp://host:587` or `smtps://host:465`.
    package var server: String
    package var from: String
    package var to: [String]
    package var user: String?
    /// A file that holds the password alone.
    package var passwordFile: String?

    package init(server: String, from: String, to: [String], user: String? = nil, passwordFile: String? = nil) {
        (self.server, self.from, self.to) = (server, from, to)
        (self.user, self.passwordFile) = (user, passwordFile)
    }

    /// The mail itself, with CRLF at the end of each line.
    ///
    /// > Source: RFC 5322; RFC 2047 for a subject in other letters than ASCII's.
    func text(_ message: AlertMessage, host: String, at now: Timestamp) -> String {
        let thread = message.alerts.first.map { "<\($0.rule).\($0.since.milliseconds)@\(Self.word(host))>" } ?? ""
        let isFirst = !message.isResolved && message.alerts.first?.toldAt == nil
        var lines = [
            "From: Roost <\(from)>", "To: \(to.joined(separator: ", "))",
            "Subject: \(Self.subject(message.title(host: host)))", "Date: \(Self.date(now))",
            "Message-ID: \(isFirst ? thread : "<\(ULID.make()).\(Self.word(host))@roost>")",
        ]
        // So that what belongs together stands together.
        if !isFirst { lines.append("References: \(thread)") }
        lines += [
            "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "",
        ]
        lines += message.text(host: host).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        return lines.map { $0 + "\r\n" }.joined()
    }

    private static func word(_ text: String) -> String {
        let kept = text.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
        return kept.isEmpty ? "roost" : kept
    }

    /// In pieces of an encoded word's length.
    private static func subject(_ text: String) -> String {
        let line = String(
            text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : Character($0) }.prefix(150)
        )
        if line.allSatisfy(\.isASCII) { return line }
        var (rest, words) = (Substring(line), [String]())
        while !rest.isEmpty {
            words.append("=?utf-8?B?\(Data(rest.prefix(12).utf8).base64EncodedString())?=")
            rest = rest.dropFirst(12)
        }
        return words.joined(separator: "\r\n ")
    }

    private static func date(_ now: Timestamp) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "UTC")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss '+0000'"
        return formatter.string(from: Date(timeIntervalSince1970: Double(now.milliseconds) / 1000))
    }
}
