/// A line of an app's log on its way out of the host.
package struct LogEntry: Equatable, Sendable {
    /// RFC 3339 with nanoseconds, as the monitor stamped it.
    package var timestamp: String
    package var stream: LogLine.Stream
    package var text: String
    package var app: String
    package var machine: String
    package var region: String
    package var group: String
    /// The access log's line of a health check that passed.
    package var isCheck = false
    /// Tells it from all others of this host, also when it is sent twice.
    package var id = ""

    package init(_ line: LogLine, of machine: Machine, isCheck: Bool = false) {
        (timestamp, stream, text) = (line.timestamp, line.stream, line.text)
        (app, region, group) = (machine.app, machine.region, machine.group)
        self.machine = machine.id.description
        self.isCheck = isCheck
    }

    /// A line that the platform says by itself.
    package init(platform text: String, app: String, region: String, at now: Timestamp) {
        (timestamp, stream, self.text) = (now.rfc3339, .platform, text)
        (self.app, self.region, machine, group) = (app, region, "", "")
    }

    /// How much it matters.
    package var level: LogLevel { stream == .platform ? .warning : LogLevel(of: text) }

    /// Nanoseconds since 1970, in digits.
    package var nanoseconds: String {
        let milliseconds = Timestamp(rfc3339: timestamp)?.milliseconds ?? 0
        let digits = timestamp.split(separator: ".", maxSplits: 1).dropFirst().first?.prefix {
            $0.isASCII && $0.isNumber
        }
        let fraction = String((digits ?? "").prefix(9))
        return "\(milliseconds / 1000)\(fraction)\(String(repeating: "0", count: 9 - fraction.count))"
    }
}

extension LogEntry {
    /// As it is kept until everybody has it: one line of JSON, without its end.
    package var record: String {
        var fields: [String: JSONValue] = [
            "time": .string(timestamp), "stream": .string(stream.rawValue), "text": .string(text), "app": .string(app),
            "machine": .string(machine), "region": .string(region), "group": .string(group),
        ]
        if isCheck { fields["check"] = .bool(true) }
        return JSONValue.object(fields).text
    }

    /// Reads such a line; nil for what is none.
    package init?(record: some Collection<UInt8>) {
        guard let value = try? JSONValue.parse(record, what: "line"), let text = value["text"]?.string,
            let timestamp = value["time"]?.string, let app = value["app"]?.string
        else { return nil }
        (self.timestamp, self.text, self.app) = (timestamp, text, app)
        stream = value["stream"]?.string.flatMap(LogLine.Stream.init(rawValue:)) ?? .platform
        machine = value["machine"]?.string ?? ""
        region = value["region"]?.string ?? ""
        group = value["group"]?.string ?? ""
        isCheck = value["check"] == .bool(true)
    }
}
