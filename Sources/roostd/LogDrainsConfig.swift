import Agent
import ControlPlane
import Model
import Toolkit

/// `[log_drains]` of `roost.toml`: a table for each receiver, and how much is kept for those that don't answer.
extension LogDrainSettings {
    /// - Throws: ``Fault`` `invalidConfig` naming the place of what is wrong.
    mutating func read(_ entries: [ConfigNode.Entry], _ file: String) throws(Fault) {
        for entry in entries {
            let place = "\(file):\(entry.keyPosition.line):\(entry.keyPosition.column): log_drains.\(entry.key)"
            if case .table(let keys) = entry.node.value {
                drains.append(try Self.drain(entry.key, keys, file, place))
                continue
            }
            guard entry.key == "spool" else {
                throw Fault(
                    .invalidConfig,
                    "\(place): unknown key",
                    hint: "allowed: spool, and a table for each receiver: [log_drains.loki]"
                )
            }
            spool = try HostBuildConfig.size(entry, place)
        }
    }

    // MARK: - Private

    private static let keys = "kind, url, apps, checks, token_file, headers_file, ca_file"

    private static func drain(
        _ name: String,
        _ entries: [ConfigNode.Entry],
        _ file: String,
        _ table: String
    ) throws(Fault) -> LogDrain {
        var drain = LogDrain(name: name, kind: .http, url: "")
        var kind: LogDrain.Kind?
        for entry in entries {
            let place = "\(file):\(entry.keyPosition.line):\(entry.keyPosition.column): log_drains.\(name).\(entry.key)"
            switch (entry.key, entry.node.value) {
            case ("kind", .string(let word)) where LogDrain.Kind(rawValue: word) != nil:
                kind = LogDrain.Kind(rawValue: word)
            case ("url", .string(let text)): drain.url = text
            case ("apps", .array(let nodes)):
                let apps = nodes.compactMap { if case .string(let text) = $0.value { text } else { nil } }
                guard apps.count == nodes.count, !apps.isEmpty else {
                    throw Fault(.invalidConfig, "\(place): expected an array of names of apps")
                }
                drain.apps = Set(apps)
            case ("checks", .boolean(let flag)): drain.checks = flag
            case ("token_file", .string(let path)) where path.hasPrefix("/"): drain.tokenFile = path
            case ("headers_file", .string(let path)) where path.hasPrefix("/"): drain.headersFile = path
            case ("ca_file", .string(let path)) where path.hasPrefix("/"): drain.authorityFile = path
            case ("kind", _):
                let words = LogDrain.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw Fault(.invalidConfig, "\(place): expected one of \(words)")
            case ("apps", _): throw Fault(.invalidConfig, "\(place): expected an array of names of apps")
            case ("checks", _): throw Fault(.invalidConfig, "\(place): expected true or false")
            case ("token_file", _), ("headers_file", _), ("ca_file", _):
                throw Fault(.invalidConfig, "\(place): expected the absolute path of a file")
            // Without what was found: an address may hold a secret.
            case ("url", _): throw Fault(.invalidConfig, "\(place): expected an address")
            default: throw Fault(.invalidConfig, "\(place): unknown key", hint: "allowed: \(keys)")
            }
        }
        guard let kind else {
            throw Fault(.invalidConfig, "\(table): kind is missing", hint: "kind = \"loki\", for example")
        }
        drain.kind = kind
        try check(drain, table)
        return drain
    }

    private static func check(_ drain: LogDrain, _ place: String) throws(Fault) {
        if drain.kind == .syslog {
            do {
                _ = try LogDrainPost.address(drain.url)
            } catch {
                throw Fault(
                    .invalidConfig,
                    "\(place).url: \(error.message)",
                    hint: "url = \"tls://logs.example.com:6514\""
                )
            }
            guard drain.tokenFile == nil, drain.headersFile == nil else {
                throw Fault(.invalidConfig, "\(place): syslog has neither tokens nor headers")
            }
            return
        }
        let isAddress =
            ["https://", "http://"].contains(where: drain.url.hasPrefix)
            && !drain.url.unicodeScalars.contains { $0.value <= 32 || $0.value == 127 }
        guard isAddress else {
            throw Fault(.invalidConfig, "\(place).url: expected an address", hint: "url = \"https://…\"")
        }
    }
}

extension LogDrains {
    /// Drains the logs of this host.
    init(_ base: HostBase) {
        let (config, agent) = (base.config, base.agent)
        let post = LogDrainPost(host: config.host, folder: config.paths.run, environment: config.buildEnvironment)
        let outside = Outside(
            store: base.store,
            tap: { try await agent.tapLog($0, from: $1) },
            send: { await post.send($0, to: $1) }
        )
        self.init(
            config.logDrains,
            outside,
            folder: config.paths.logDrains,
            region: config.region,
            logger: base.logger
        )
    }
}
