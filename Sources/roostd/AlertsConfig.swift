import ControlPlane
import Model

/// `[alerts]` of `roost.toml`.
extension AlertSettings {
    private static let keys =
        "webhook, slack, command, email, smtp, smtp_user, smtp_password_file, mail_from, heartbeat, slo"

    /// - Throws: ``Fault`` `invalidConfig` naming the place of what is wrong.
    mutating func read(_ entries: [ConfigNode.Entry], _ file: String) throws(Fault) {
        var mail = AlertMail(server: "smtp://127.0.0.1:25", from: "", to: [])
        for entry in entries {
            let place = "\(file):\(entry.keyPosition.line):\(entry.keyPosition.column): alerts.\(entry.key)"
            switch entry.key {
            case "webhook": try add(try Self.addresses(entry, place), "webhook") { .webhook(url: $0) }
            case "slack": try add(try Self.addresses(entry, place), "slack") { .slack(url: $0) }
            case "command": channels.append(AlertChannel(.command(try Self.command(entry, place)), name: "command"))
            case "email": mail.to = try Self.texts(entry, place, "an address, or an array of them") { $0.contains("@") }
            case "smtp": mail.server = try Self.server(entry, place)
            case "smtp_user": mail.user = try Self.text(entry, place, "a name") { !$0.isEmpty }
            case "smtp_password_file":
                mail.passwordFile = try Self.text(entry, place, "the absolute path of a file") { $0.hasPrefix("/") }
            case "mail_from": mail.from = try Self.text(entry, place, "an address") { $0.contains("@") }
            case "heartbeat": heartbeat = try Self.text(entry, place, Self.address, Self.isAddress)
            case "slo": slo = try Self.share(entry, place)
            default: throw Fault(.invalidConfig, "\(place): unknown key", hint: "allowed: \(Self.keys)")
            }
        }
        try add(mail, file)
    }

    // MARK: - Private

    private mutating func add(
        _ addresses: [String],
        _ name: String,
        _ kind: (String) -> AlertChannel.Kind
    ) throws(Fault) {
        for (number, address) in addresses.enumerated() {
            channels.append(AlertChannel(kind(address), name: number == 0 ? name : "\(name)-\(number + 1)"))
        }
    }

    private mutating func add(_ mail: AlertMail, _ file: String) throws(Fault) {
        guard let first = mail.to.first else {
            guard mail.from.isEmpty, mail.user == nil else {
                throw Fault(
                    .invalidConfig,
                    "\(file): [alerts] says how mail is sent, and not to whom",
                    hint: "add email = [\"…\"]"
                )
            }
            return
        }
        var mail = mail
        if mail.from.isEmpty { mail.from = first }
        channels.append(AlertChannel(.email(mail), name: "email"))
    }

    private static let address = "an address, https://…"

    private static func isAddress(_ text: String) -> Bool {
        ["https://", "http://"].contains(where: text.hasPrefix)
            && !text.unicodeScalars.contains { $0.value <= 32 || $0.value == 127 }
    }

    private static func addresses(_ entry: ConfigNode.Entry, _ place: String) throws(Fault) -> [String] {
        try texts(entry, place, "\(address), or an array of them", isAddress)
    }

    private static func command(_ entry: ConfigNode.Entry, _ place: String) throws(Fault) -> [String] {
        let expected = "a program by its absolute path, or an array of it and its arguments"
        let words = try texts(entry, place, expected) { !$0.isEmpty }
        guard words.first?.hasPrefix("/") == true else { throw wrong(entry, place, expected) }
        return words
    }

    /// `mail.example.com:587`, `smtps://mail.example.com:465`.
    private static func server(_ entry: ConfigNode.Entry, _ place: String) throws(Fault) -> String {
        let text = try text(entry, place, "a mail server, host:port") { text in
            !text.isEmpty && !text.unicodeScalars.contains { $0.value <= 32 || $0.value == 127 }
        }
        if text.hasPrefix("smtp://") || text.hasPrefix("smtps://") { return text }
        return (text.hasSuffix(":465") ? "smtps://" : "smtp://") + text
    }

    private static func share(_ entry: ConfigNode.Entry, _ place: String) throws(Fault) -> Double {
        let number: Double? =
            switch entry.node.value {
            case .integer(let whole): Double(whole)
            case .float(let number): number
            default: nil
            }
        guard let number, (50..<100).contains(number) else {
            throw wrong(entry, place, "a percentage from 50 to 99.99")
        }
        return number / 100
    }

    private static func text(
        _ entry: ConfigNode.Entry,
        _ place: String,
        _ expected: String,
        _ isRight: (String) -> Bool
    ) throws(Fault) -> String {
        guard case .string(let text) = entry.node.value, isRight(text) else { throw wrong(entry, place, expected) }
        return text
    }

    private static func texts(
        _ entry: ConfigNode.Entry,
        _ place: String,
        _ expected: String,
        _ isRight: (String) -> Bool
    ) throws(Fault) -> [String] {
        guard case .array(let nodes) = entry.node.value else { return [try text(entry, place, expected, isRight)] }
        let texts = nodes.compactMap { if case .string(let text) = $0.value, isRight(text) { text } else { nil } }
        guard texts.count == nodes.count, !texts.isEmpty else { throw wrong(entry, place, expected) }
        return texts
    }

    /// Without what was found, which may be the address of a webhook, and with it a secret.
    private static func wrong(_ entry: ConfigNode.Entry, _ place: String, _ expected: String) -> Fault {
        Fault(.invalidConfig, "\(place): expected \(expected)")
    }
}
