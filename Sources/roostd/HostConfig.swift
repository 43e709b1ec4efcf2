import ArgumentParser
import Certificates
import ControlPlane
import Edge
import Foundation
import Model
import Toolkit

/// How this host is set up: flags, then environment, then `roost.toml`, then defaults.
struct HostConfig: Sendable {
    /// Told apart from other hosts by this name.
    var host = ProcessInfo.processInfo.hostName
    /// Where the host stands, in Fly's three letters, or `local`.
    var region = Regions.local
    /// Others that Machines may stand in, for trying things out.
    var extraRegions: [String] = []
    /// Apps answer to `<app>.<domain>`.
    var domain = "localhost"
    /// Addresses of the edge: `host:port`, IPv6 in brackets.
    var listen = ["127.0.0.1:8080", "[::1]:8080"]
    /// Addresses of the edge on which it speaks TLS; none by default.
    var listenTLS: [String] = []
    /// The authority that certificates come from; nil: none but this host's own.
    var acme: ACMESettings?
    var paths = HostPaths(state: "/var/lib/roost", run: "/run/roost")
    /// Where base images are pulled from; nil builds them with mmdebstrap.
    var baseImage: String?
    /// `[build]`.
    var build = HostBuildConfig()
    /// The most bytes that a Machine's root file system takes in; nil: as many as the runtime gives.
    var rootLimit: Int64?
    /// Passed on to builds: proxies and certificate bundles.
    var buildEnvironment: [String: String] = [:]
    var logLevel = "info"
    /// How many releases of each app can be returned to.
    var keepReleases = 10
    var api = APIConfig()
    /// `[network]`.
    var network = NetworkConfig()
    /// `[alerts]`.
    var alerts = AlertSettings()
    /// `[log_drains]`.
    var logDrains = LogDrainSettings()
    /// `[disk]`.
    var disk = DiskLimits()
    /// Peers of the edge that end TLS for it, and whose word of the client counts.
    ///
    /// Nobody else is on loopback than who is on this host already.
    var trustedProxies = ["127.0.0.0/8", "::1"]
    var edge = EdgeConfig()
    /// `[backup]`.
    var backup = BackupConfig()
    /// The file that it was read from; nil: there is none.
    var file: String?

    /// - Throws: ``Fault`` `invalidConfig` naming the file, line and column of what is wrong.
    static func load(_ flags: HostFlags) throws -> HostConfig {
        let environment = ProcessInfo.processInfo.environment
        var config = HostConfig()
        let file = flags.config ?? environment["ROOST_CONFIG"] ?? "/etc/roost/roost.toml"
        if let data = FileManager.default.contents(atPath: file) {
            try config.read(try TOML.parse(Array(data), file: file), file)
            config.file = file
        } else if flags.config != nil || environment["ROOST_CONFIG"] != nil {
            throw Fault(
                .invalidConfig,
                "the host's configuration \(file) can't be read",
                hint: "is it there, and readable? --config and ROOST_CONFIG name it; none is needed"
            )
        }
        config.paths.state = environment["ROOST_STATE"] ?? config.paths.state
        config.paths.run = environment["ROOST_RUN"] ?? config.paths.run
        if let level = environment["ROOST_LOG"] { config.logLevel = level }
        if let list = environment["ROOST_TRUSTED_PROXIES"] {
            config.trustedProxies = list.split { $0 == "," || $0 == " " }.map(String.init)
        }
        if !flags.trustedProxy.isEmpty { config.trustedProxies = flags.trustedProxy }
        if !flags.listen.isEmpty { config.listen = flags.listen }
        if !flags.listenTls.isEmpty { config.listenTLS = flags.listenTls }
        if let region = flags.region { config.region = region }
        let passed = [
            "SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "UV_INDEX_URL", "UV_DEFAULT_INDEX",
            "UV_PYTHON_INSTALL_MIRROR",
        ]
        for name in passed {
            if let value = environment[name] { config.buildEnvironment[name] = value }
        }
        try config.validate()
        return config
    }

    func validate() throws(Fault) {
        for path in [paths.state, paths.run] where !path.hasPrefix("/") {
            throw Fault(
                .invalidConfig,
                "the state and run folders need absolute paths, found \"\(path)\"",
                hint: "mend ROOST_STATE or ROOST_RUN, or state and run in the configuration: /var/lib/roost"
            )
        }
        // sockaddr_un has 108 bytes, one of them for the end.
        guard paths.edgeSocket.utf8.count < 108 else {
            throw Fault(.invalidConfig, "\(paths.edgeSocket) is too long for a unix socket", hint: "shorten ROOST_RUN")
        }
        for text in listen + listenTLS { _ = try ListenFlag.parse(text) }
        try api.validate()
        try acme?.validate()
        for text in trustedProxies { _ = try AddressBlock(text) }
        try edge.validate()
    }

    /// The port that URLs name; the first listener's.
    var urlPort: Int { (try? ListenFlag.parse(listen.first ?? "").port) ?? 80 }

    /// Where clients outside reach the edge now.
    var addresses: HostAddresses {
        let hosts = (listen + listenTLS).compactMap { try? ListenFlag.parse($0).host }
        return HostAddresses(listen: hosts) { Addresses.own(isIPv6: $0) }
    }

    /// What comes before and after an app's host name in its URL: with TLS where the edge speaks it.
    var urlFrame: (scheme: String, port: String) {
        let secure = listenTLS.first.flatMap { try? ListenFlag.parse($0).port }
        let port = secure ?? urlPort
        return (secure == nil ? "http" : "https", port == (secure == nil ? 80 : 443) ? "" : ":\(port)")
    }

    // MARK: - Private

    private mutating func read(_ root: ConfigNode, _ file: String) throws(Fault) {
        guard case .table(let entries) = root.value else { return }
        for entry in entries {
            let place = "\(file):\(entry.keyPosition.line):\(entry.keyPosition.column)"
            switch (entry.key, entry.node.value) {
            case ("host", .string(let text)): host = text
            case ("region", .string(let text)): region = text
            case ("regions", .array(let nodes)):
                extraRegions = nodes.compactMap { if case .string(let text) = $0.value { text } else { nil } }
                for region in extraRegions { try MachineNames.validate(region: region) }
            case ("domain", .string(let text)): domain = text
            case ("state", .string(let text)): paths.state = text
            case ("run", .string(let text)): paths.run = text
            case ("base_image", .string(let text)): baseImage = text
            case ("log", .string(let text)): logLevel = text
            case ("keep_releases", .integer(let number)) where (1...1000).contains(number):
                keepReleases = Int(number)
            case ("listen", .array(let nodes)):
                listen = nodes.compactMap { if case .string(let text) = $0.value { text } else { nil } }
            case ("listen_tls", .array(let nodes)):
                listenTLS = nodes.compactMap { if case .string(let text) = $0.value { text } else { nil } }
            case ("trusted_proxies", .array(let nodes)):
                trustedProxies = nodes.compactMap { if case .string(let text) = $0.value { text } else { nil } }
            case ("host", _), ("region", _), ("domain", _), ("state", _), ("run", _), ("base_image", _), ("log", _):
                throw Fault(.invalidConfig, "\(place): \(entry.key): found \(entry.node.summary), expected a string")
            case ("keep_releases", _):
                throw Fault(
                    .invalidConfig,
                    "\(place): keep_releases: found \(entry.node.summary), expected a number from 1 to 1000"
                )
            case ("listen", _), ("listen_tls", _), ("trusted_proxies", _), ("regions", _):
                throw Fault(
                    .invalidConfig,
                    "\(place): \(entry.key): found \(entry.node.summary), expected an array of strings"
                )
            case ("build", .table(let entries)): try build.read(entries, file)
            case ("machines", .table(let entries)): try readMachines(entries, file)
            case ("alerts", .table(let entries)): try alerts.read(entries, file)
            case ("log_drains", .table(let entries)): try logDrains.read(entries, file)
            case ("disk", .table(let entries)): try disk.read(entries, file)
            case ("api", .table(let entries)): try api.read(entries, file)
            case ("edge", .table(let entries)): try edge.read(entries, file)
            case ("network", .table(let entries)): try network.read(entries, file)
            case ("backup", .table(let entries)): try backup.read(entries, file)
            case ("acme", .table(let entries)): acme = try ACMESettings(entries, file)
            default:
                let keys =
                    "host, region, regions, domain, listen, listen_tls, state, run, base_image, trusted_proxies, log, "
                    + "keep_releases, build, alerts, log_drains, disk, machines, api, network, acme, edge, backup"
                throw Fault(.invalidConfig, "\(place): unknown key \"\(entry.key)\"", hint: "allowed: \(keys)")
            }
        }
    }
}

extension HostConfig {
    /// `[machines]`.
    private mutating func readMachines(_ entries: [ConfigNode.Entry], _ file: String) throws(Fault) {
        for entry in entries {
            let place = "\(file):\(entry.keyPosition.line):\(entry.keyPosition.column): machines.\(entry.key)"
            guard entry.key == "root_limit" else {
                throw Fault(.invalidConfig, "\(place): unknown key", hint: "allowed: root_limit")
            }
            let limit = try HostBuildConfig.size(entry, place)
            guard limit >= 64 << 20 else {
                throw Fault(.invalidConfig, "\(place): found \(entry.node.summary), expected at least \"64MB\"")
            }
            rootLimit = limit
        }
    }
}

/// Flags that every role of the daemon takes.
struct HostFlags: ParsableArguments {
    @Option(help: "Configuration file; else ROOST_CONFIG, else /etc/roost/roost.toml.") var config: String?
    @Option(help: "Address of the edge, host:port; may be given more than once.") var listen: [String] = []
    @Option(help: "Address on which the edge speaks TLS, host:port; may be given more than once.")
    var listenTls: [String] = []
    @Option(help: "Region of this host.") var region: String?
    @Option(help: "Address or range of a proxy that ends TLS before the edge; may be given more than once.")
    var trustedProxy: [String] = []
}

/// `host:port`, `[ipv6]:port`.
enum ListenFlag {
    static func parse(_ text: String) throws(Fault) -> (host: String, port: Int) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (0...65_535).contains(port)
        else { throw Fault(.invalidConfig, "listen: \"\(text)\" is not host:port", hint: "for example 127.0.0.1:8080") }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        return (host.isEmpty ? "0.0.0.0" : host, port)
    }
}
