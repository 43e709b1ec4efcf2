import Foundation
package import Model
import Toolkit

/// Brings messages to their channels, by curl: what may hold a secret goes to its standard input, never into its arguments.
package struct AlertPost: Sendable {
    private let host: String
    /// For a mail on its way.
    private let folder: String
    /// Proxies and certificates of the host.
    private let environment: [String: String]

    package init(host: String, folder: String, environment: [String: String] = [:]) {
        (self.host, self.folder, self.environment) = (host, folder, environment)
    }

    /// - Throws: ``Fault`` `toolFailed` or `toolMissing` with what went wrong, without the address.
    package func send(_ message: AlertMessage, to channel: AlertChannel) async throws {
        let json = message.alertmanager(host: host, receiver: channel.name).text
        switch channel.kind {
        case .webhook(let url): try await post(json, to: url)
        case .slack(let url):
            try await post(JSONValue.object(["text": .string(message.text(host: host))]).text, to: url)
        case .command(let words): try await run(words, json)
        case .email(let mail): try await send(message, by: mail)
        }
    }

    /// Asks for an address; the answer counts nothing, as long as there is a good one.
    package func ask(_ url: String) async throws {
        try await curl([("url", url)])
    }

    // MARK: - Private

    private func post(_ body: String, to url: String) async throws {
        try await curl([
            ("url", url), ("request", "POST"), ("header", "Content-Type: application/json"), ("data-raw", body),
        ])
    }

    private func curl(_ options: [Curl.Option], more: [String] = []) async throws {
        try await Curl(environment: environment).run([("output", "/dev/null")] + options, more: ["fail"] + more)
    }

    private func run(_ words: [String], _ json: String) async throws {
        guard let program = words.first else { return }
        let command = Command(program, Array(words.dropFirst()), input: json + "\n")
        let outcome = try await withTimeout(.seconds(30), program) { try await command.run() }
        guard outcome.code == 0 else {
            let last = outcome.error.split(separator: "\n").last.map { ": \($0.prefix(200))" } ?? ""
            throw Fault(.toolFailed, "\(program) ended with \(outcome.code)\(last)")
        }
    }

    private func send(_ message: AlertMessage, by mail: AlertMail) async throws {
        let file = "\(folder)/alert-\(ULID.make()).eml"
        let text = mail.text(message, host: host, at: .now())
        try Durable.write(Data(text.utf8), to: file, mode: 0o600)
        defer { unlink(file) }
        var options = [("url", mail.server), ("mail-from", mail.from), ("upload-file", file)]
        options += mail.to.map { ("mail-rcpt", $0) }
        guard let user = mail.user else { return try await curl(options) }
        var password = ""
        if let path = mail.passwordFile {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Fault(.io, "the file of the mail server's password can't be read: \(path)")
            }
            password = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
        }
        // A password is told nobody whom the certificate does not prove.
        try await curl(options + [("user", "\(user):\(password)")], more: ["ssl-reqd"])
    }
}
