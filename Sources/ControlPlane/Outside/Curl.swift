import Model
import Toolkit

/// Asks other servers, by curl: what may hold a secret goes to its standard input, never into its arguments.
///
/// curl may speak HTTP, HTTPS and SMTP, nothing else, and has 20 seconds.
struct Curl: Sendable {
    /// Proxies and certificates of the host.
    var environment: [String: String] = [:]
    private static let limit = 20

    /// An option of its configuration, by its long name.
    typealias Option = (name: String, value: String)

    /// Runs it to its end; `more` are options that are written as they stand.
    ///
    /// - Throws: ``Fault`` `toolFailed` or `toolMissing` with what went wrong, without the address.
    @discardableResult
    func run(_ options: [Option], more: [String] = []) async throws -> String {
        let input = Self.configuration(options) + more.map { $0 + "\n" }.joined()
        let command = Command("curl", ["--config", "-"], environment: environment, input: input)
        let outcome = try await command.run()
        guard outcome.code == 0 else {
            throw Fault(
                .toolFailed,
                "\(outcome.error.split(separator: "\n").first ?? "curl ended with \(outcome.code)")"
            )
        }
        return outcome.output
    }

    /// Its configuration: a line an option, in its quotes.
    static func configuration(_ options: [Option]) -> String {
        let always = [
            ("max-time", "\(limit)"), ("connect-timeout", "10"), ("proto", "=http,https,smtp,smtps"),
        ]
        let lines = (always + options).map { name, value in
            var text = ""
            for scalar in value.unicodeScalars {
                switch scalar {
                case "\\": text += "\\\\"
                case "\"": text += "\\\""
                case "\n": text += "\\n"
                case "\r": text += "\\r"
                case "\t": text += "\\t"
                default: text.unicodeScalars.append(scalar)
                }
            }
            return "\(name) = \"\(text)\""
        }
        return (["silent", "show-error"] + lines).joined(separator: "\n") + "\n"
    }
}
