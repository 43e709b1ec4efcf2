/// What receivers are sent.
extension LogDrain.Kind {
    /// The body of a request, or the bytes of a connection; `host` is what this host is called.
    package func body(_ entries: [LogEntry], host: String) -> String {
        switch self {
        case .http: "[\(entries.map { $0.object(host: host).text }.joined(separator: ","))]"
        case .ndjson: entries.map { $0.object(host: host).text + "\n" }.joined()
        case .loki: Self.loki(entries, host: host)
        case .elasticsearch: entries.map { $0.action + "\n" + $0.document(host: host) + "\n" }.joined()
        case .syslog: entries.map { $0.frame(host: host) }.joined()
        }
    }

    /// What a body is, in a request's head.
    package var contentType: String {
        switch self {
        case .http, .loki, .syslog: "application/json"
        case .ndjson, .elasticsearch: "application/x-ndjson"
        }
    }

    /// Lines of one app, region, group and level are one stream: labels have to be few.
    ///
    /// > Source: Loki's push API, `POST /loki/api/v1/push`: times are texts, a third element has what is no label.
    private static func loki(_ entries: [LogEntry], host: String) -> String {
        var streams: [[String: String]: [JSONValue]] = [:]
        for entry in entries {
            let labels = [
                "app": entry.app, "region": entry.region, "group": entry.group, "host": host,
                "level": entry.level.rawValue,
            ].filter { !$0.value.isEmpty }
            let more: [String: JSONValue] = [
                "machine": .string(entry.machine), "stream": .string(entry.stream.rawValue),
            ]
            let value = JSONValue.array([.string(entry.nanoseconds), .string(entry.text), .object(more)])
            streams[labels, default: []].append(value)
        }
        let sorted = streams.map { labels, values in
            (JSONValue.object(labels.mapValues { .string($0) }), JSONValue.array(values))
        }.sorted { $0.0.text < $1.0.text }
        let list = sorted.map { JSONValue.object(["stream": $0.0, "values": $0.1]) }
        return JSONValue.object(["streams": .array(list)]).text
    }
}

extension LogEntry {
    private func fields(host: String, time: String) -> [String: JSONValue] {
        [
            time: .string(timestamp), "message": .string(text), "level": .string(level.rawValue), "app": .string(app),
            "machine": .string(machine), "region": .string(region), "group": .string(group), "host": .string(host),
            "stream": .string(stream.rawValue),
        ]
    }

    fileprivate func object(host: String) -> JSONValue { .object(fields(host: host, time: "timestamp")) }

    fileprivate func document(host: String) -> String { JSONValue.object(fields(host: host, time: "@timestamp")).text }

    /// `create` with an ID of its own: what is sent twice is there once, also in a data stream.
    fileprivate var action: String {
        JSONValue.object(["create": .object(id.isEmpty ? [:] : ["_id": .string(id)])]).text
    }

    /// With its length before it, so that a line may hold line breaks.
    ///
    /// > Source: RFC 5424; RFC 6587, section 3.4.1.
    fileprivate func frame(host: String) -> String {
        let severity =
            switch level {
            case .error: 3
            case .warning: 4
            case .info: 6
            case .debug, .trace: 7
            }
        // Facility 16 is local0; the number of the enterprise is the one for examples.
        let head = [
            "<\(16 * 8 + severity)>1", Self.moment(timestamp), Self.word(host, 255), Self.word(app, 48),
            Self.word(machine, 128), "-",
        ]
        let data = [("region", region), ("group", group), ("level", level.rawValue), ("stream", stream.rawValue)]
            .filter { !$0.1.isEmpty }.map { " \($0.0)=\"\(Self.value($0.1))\"" }.joined()
        let mark = text.utf8.allSatisfy { $0 < 128 } ? "" : "\u{FEFF}"
        let message = "\(head.joined(separator: " ")) [roost@32473\(data)] \(mark)\(text)"
        return "\(message.utf8.count) \(message)"
    }

    /// With no more than six digits after the second.
    private static func moment(_ text: String) -> String {
        guard let point = text.firstIndex(of: ".") else { return text.isEmpty ? "-" : text }
        let rest = text[text.index(after: point)...]
        let digits = rest.prefix { $0.isASCII && $0.isNumber }
        return "\(text[..<point]).\(digits.prefix(6))\(rest.dropFirst(digits.count))"
    }

    private static func word(_ text: String, _ most: Int) -> String {
        let kept = String(text.unicodeScalars.filter { (33...126).contains($0.value) }.prefix(most).map(Character.init))
        return kept.isEmpty ? "-" : kept
    }

    private static func value(_ text: String) -> String {
        var out = ""
        for character in text {
            if "\\\"]".contains(character) { out += "\\" }
            out.append(character)
        }
        return out
    }
}
