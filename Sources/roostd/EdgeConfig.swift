import Edge
import Model
import Toolkit

/// `[edge]` of `roost.toml`: whom the edge believes, what it tells, how much it takes.
struct EdgeConfig: Sendable {
    /// Peers that begin each connection with a header of the PROXY protocol; none by default.
    var proxyProtocol: [String] = []
    /// `host:port` for `/metrics` and `/health`; nil: nowhere.
    var metrics: String?
    /// The file that each request is written to as a line of JSON; nil: none.
    var accessLog: String?
    /// Of the requests, how many are written there.
    var accessLogShare = 1.0
    var limits = EdgeServer.Limits()

    /// - Throws: ``Fault`` `invalidConfig` naming the place of what is wrong.
    mutating func read(_ entries: [ConfigNode.Entry], _ file: String) throws(Fault) {
        for entry in entries {
            let place = "\(file):\(entry.keyPosition.line):\(entry.keyPosition.column): edge.\(entry.key)"
            switch (entry.key, entry.node.value) {
            case ("proxy_protocol", .array(let nodes)):
                proxyProtocol = nodes.compactMap { if case .string(let text) = $0.value { text } else { nil } }
                guard proxyProtocol.count == nodes.count else {
                    throw Self.wrong(entry, place, "an array of addresses")
                }
            case ("metrics", .string(let text)): metrics = text
            case ("access_log", .string(let text)) where text.hasPrefix("/"): accessLog = text
            case ("access_log_share", .float(let share)) where share > 0 && share <= 1: accessLogShare = share
            case ("access_log_share", .integer(1)): accessLogShare = 1
            case ("limits", .table(let entries)): try readLimits(entries, file)
            case ("proxy_protocol", _):
                throw Self.wrong(entry, place, "an array of addresses and blocks, such as [\"10.0.0.0/8\"]")
            case ("metrics", _): throw Self.wrong(entry, place, "an address such as \"127.0.0.1:9180\"")
            case ("access_log", _): throw Self.wrong(entry, place, "the absolute path of a file")
            case ("access_log_share", _): throw Self.wrong(entry, place, "a number above 0 and up to 1")
            case ("limits", _): throw Self.wrong(entry, place, "a table")
            default:
                let keys = "proxy_protocol, metrics, access_log, access_log_share, limits"
                throw Fault(.invalidConfig, "\(place): unknown key", hint: "allowed: \(keys)")
            }
        }
    }

    func validate() throws(Fault) {
        for text in proxyProtocol { _ = try AddressBlock(text) }
        if let metrics { _ = try ListenFlag.parse(metrics) }
        try limits.validate()
    }

    /// Puts it where the edge finds it.
    func apply(to settings: inout EdgeServer.Configuration) throws(Fault) {
        settings.proxyProtocol = try proxyProtocol.map { text throws(Fault) in try AddressBlock(text) }
        settings.limits = limits
        settings.accessLog = accessLog.map { .init(path: $0, share: accessLogShare) }
        guard let metrics else { return }
        let (host, port) = try ListenFlag.parse(metrics)
        settings.metrics = .init(host: host, port: port)
    }

    // MARK: - Private

    private typealias Number = any WritableKeyPath<EdgeServer.Limits, Int> & Sendable
    private typealias Time = any WritableKeyPath<EdgeServer.Limits, Duration> & Sendable

    private static let numbers: [String: Number] = [
        "connections": \.connections, "held_per_app": \.heldPerApp, "head_bytes": \.headBytes,
        "head_fields": \.headFields, "target_bytes": \.targetBytes, "replay_bytes": \.replayBytes,
        "connect_attempts": \.connectAttempts, "idle_per_machine": \.idlePerMachine,
    ]
    private static let times: [String: Time] = [
        "held": \.held, "connect": \.connect, "connect_budget": \.connectBudget, "upstream_idle": \.upstreamIdle,
        "head_time": \.headTime, "client_idle": \.clientIdle, "answer": \.answer, "body_idle": \.bodyIdle,
        "stall": \.stall, "half_open": \.halfOpen, "drain": \.drain, "yield": \.yield,
    ]

    private mutating func readLimits(_ entries: [ConfigNode.Entry], _ file: String) throws(Fault) {
        for entry in entries {
            let place = "\(file):\(entry.keyPosition.line):\(entry.keyPosition.column): edge.limits.\(entry.key)"
            if let number = Self.numbers[entry.key] {
                guard case .integer(let value) = entry.node.value, (0...1_000_000_000).contains(value) else {
                    throw Self.wrong(entry, place, "a number")
                }
                limits[keyPath: number] = Int(value)
            } else if let time = Self.times[entry.key] {
                guard case .string(let text) = entry.node.value, let value = GoDuration.parse(text) else {
                    throw Self.wrong(entry, place, "a duration such as \"30s\"")
                }
                limits[keyPath: time] = value
            } else {
                let keys = (Array(Self.numbers.keys) + Array(Self.times.keys)).sorted().joined(separator: ", ")
                throw Fault(.invalidConfig, "\(place): unknown key", hint: "allowed: \(keys)")
            }
        }
    }

    private static func wrong(_ entry: ConfigNode.Entry, _ place: String, _ expected: String) -> Fault {
        Fault(.invalidConfig, "\(place): found \(entry.node.summary), expected \(expected)")
    }
}
