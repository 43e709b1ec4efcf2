/// `[log_drains.NAME]` of `roost.toml`: where lines of apps go, beside the host's own files.
package struct LogDrain: Equatable, Sendable {
    /// How a receiver wants them.
    package enum Kind: String, CaseIterable, Sendable {
        /// An array of objects.
        case http
        /// Objects, a line each.
        case ndjson
        /// Loki's push request.
        case loki
        /// `_bulk` of Elasticsearch and OpenSearch.
        case elasticsearch
        /// RFC 5424 over TCP or TLS.
        case syslog
    }

    /// What the configuration calls it.
    package var name: String
    package var kind: Kind
    /// `https://…`; of syslog `tcp://host:port` or `tls://host:port`.
    package var url: String
    /// Only lines of these apps; nil: of all.
    package var apps: Set<String>?
    /// With the access log's lines of health checks that pass.
    package var checks = false
    /// A file with a token alone, sent as `Authorization: Bearer`.
    package var tokenFile: String?
    /// A file with more headers, `Name: value`, one a line.
    package var headersFile: String?
    /// The authority that its certificate is signed by, in PEM; nil: those that the host trusts.
    package var authorityFile: String?

    package init(name: String, kind: Kind, url: String) {
        (self.name, self.kind, self.url) = (name, kind, url)
    }

    /// Whether a line is for this one.
    package func wants(_ entry: LogEntry) -> Bool {
        (checks || !entry.isCheck) && (apps?.contains(entry.app) ?? true)
    }

    /// The most lines of one request.
    package static let mostLines = 1000
    /// The most bytes of lines, as they are kept here, of one request; a single line may be longer.
    package static let mostBytes = 1 << 20
}

/// `[log_drains]`.
package struct LogDrainSettings: Equatable, Sendable {
    package var drains: [LogDrain] = []
    /// Bytes of lines that are kept for receivers that don't answer; then the oldest go.
    package var spool: Int64 = 256 << 20

    package init() {}
}
