import Model

/// One request as the access log tells it: what was asked, by whom, who answered, and what it cost.
///
/// Without the query, which carries secrets too often.
struct AccessEntry: Equatable, Sendable {
    var time: Timestamp
    var requestID: String
    var client: String
    var method: String
    var host: String
    var path: String
    /// Of HTTP.
    var version: String
    var isSecure = false
    var app: String?
    var machine: String?
    var status: Int
    var bytesIn: Int
    var bytesOut: Int
    /// From the head of the request to the head of its answer.
    var milliseconds: Double
    /// To the end of the answer.
    var totalMilliseconds: Double
    var userAgent: String?

    /// A JSON object and the end of its line.
    var line: String {
        var text = "{\"time\":\"\(time.rfc3339)\""
        let texts = [
            ("request_id", requestID), ("client", client), ("method", method), ("host", host), ("path", path),
            ("http", version), ("app", app), ("machine", machine),
        ]
        for (name, value) in texts { Self.add(name, value, to: &text) }
        text += ",\"tls\":\(isSecure),\"status\":\(status),\"bytes_in\":\(bytesIn),\"bytes_out\":\(bytesOut)"
        text += ",\"ms\":\(Self.rounded(milliseconds)),\"total_ms\":\(Self.rounded(totalMilliseconds))"
        Self.add("user_agent", userAgent, to: &text)
        return text + "}\n"
    }

    // MARK: - Private

    /// Of a header or a path; more is for nobody to read.
    private static let longest = 1024

    private static func add(_ name: String, _ value: String?, to text: inout String) {
        guard let value else { return }
        text += ",\"\(name)\":"
        JSONValue.string(String(value.prefix(longest))).write(to: &text)
    }

    private static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
