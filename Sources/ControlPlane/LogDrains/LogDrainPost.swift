import Foundation
package import Model
import Toolkit

/// Brings lines to receivers.
package struct LogDrainPost: Sendable {
    private let host: String
    /// For a request's body on its way.
    private let folder: String
    private let curl: Curl

    /// - Parameters:
    ///   - host: what this host is called.
    ///   - folder: for files that live as long as a request.
    ///   - environment: proxies and certificates of the host.
    package init(host: String, folder: String, environment: [String: String] = [:]) {
        (self.host, self.folder) = (host, folder)
        curl = Curl(environment: environment)
        // Of requests that a kill has cut off.
        let left = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in left where name.hasPrefix(Self.prefix) && name.hasSuffix(Self.suffix) {
            unlink("\(folder)/\(name)")
        }
    }

    private static let prefix = "log-drain-"
    private static let suffix = ".body"

    /// Sends lines as the drain's receiver wants them; returns when it has them, or why not.
    package func send(_ entries: [LogEntry], to drain: LogDrain) async -> LogDrainOutcome {
        do {
            if drain.kind == .syslog {
                try await SyslogPost(drain).send(drain.kind.body(entries, host: host))
                return .taken()
            }
            return try await post(entries, to: drain)
        } catch {
            return .failed((error as? Fault)?.message ?? "\(error)")
        }
    }

    /// `tcp://host:514`, `tls://host:6514`: where a receiver of syslog is.
    package static func address(_ url: String) throws(Fault) -> (isTLS: Bool, host: String, port: Int) {
        try SyslogPost.address(url)
    }

    // MARK: - Private

    private func post(_ entries: [LogEntry], to drain: LogDrain) async throws -> LogDrainOutcome {
        let file = "\(folder)/\(Self.prefix)\(ULID.make())\(Self.suffix)"
        try KeptFile.write(drain.kind.body(entries, host: host), to: file)
        defer { unlink(file) }
        var options: [Curl.Option] = [
            ("url", drain.url), ("data-binary", "@\(file)"), ("header", "Content-Type: \(drain.kind.contentType)"),
            // The code stands after the answer, of which only the beginning is looked at.
            ("write-out", "\n%{http_code}"), ("header", "Expect:"),
        ]
        for header in try headers(of: drain) { options.append(("header", header)) }
        if let file = drain.authorityFile { options.append(("cacert", file)) }
        let output = try await curl.run(options)
        let code = output.split(separator: "\n").last.flatMap { Int($0) } ?? 0
        return Self.outcome(code, String(output.dropLast(4)), drain.kind)
    }

    /// What an answer means.
    static func outcome(_ code: Int, _ answer: String, _ kind: LogDrain.Kind) -> LogDrainOutcome {
        let first = answer.split(separator: "\n").first.map { ": \($0.prefix(200))" } ?? ""
        switch code {
        case 200..<300: return kind == .elasticsearch ? bulk(answer) : .taken()
        case 400, 413, 422: return .refused("the receiver answers \(code)\(first)")
        default: return .failed("the receiver answers \(code)\(first)")
        }
    }

    /// `_bulk` answers 200 whatever became of each line.
    ///
    /// > Source: Elasticsearch's bulk API: a status for each item; 409 for one that is there already.
    private static func bulk(_ answer: String) -> LogDrainOutcome {
        guard let value = try? JSONValue.parse(answer.utf8, what: "answer"), let items = value["items"]?.array else {
            return .failed("the receiver's answer is none of _bulk")
        }
        var refused = 0
        var reason = ""
        for item in items {
            guard case .object(let fields) = item, let result = fields.values.first else { continue }
            let status = result["status"]?.int ?? 0
            if (200..<300).contains(status) || status == 409 { continue }
            reason = result["error"]?["reason"]?.string ?? "status \(status)"
            guard (400..<429).contains(status), status != 401, status != 403, status != 404 else {
                return .failed("the receiver answers \(status): \(reason.prefix(200))")
            }
            refused += 1
        }
        return refused == items.count && refused > 0 ? .refused(String(reason.prefix(200))) : .taken(refused: refused)
    }

    private func headers(of drain: LogDrain) throws -> [String] {
        var headers: [String] = []
        if let file = drain.tokenFile { headers.append("Authorization: Bearer \(try KeptFile.read(file))") }
        guard let file = drain.headersFile else { return headers }
        return try headers + KeptFile.read(file).split(whereSeparator: \.isNewline).map(String.init)
    }
}

/// Small files with what is not everybody's to see.
private enum KeptFile {
    static func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Durable.fault(errno, "make", path) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(text.utf8))
        } catch {
            throw Fault(.io, "write to \(path): \(error)")
        }
    }

    static func read(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Fault(.io, "\(path) can't be read: it has what the receiver asks for")
        }
        return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
