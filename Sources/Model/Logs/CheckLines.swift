/// Knows the lines that an app's access log has of its health checks.
///
/// They come every few seconds and say nothing as long as the check passes, so a log is shown without them.
package struct CheckLines: Sendable {
    private let starts: [String]
    /// A longer line is no entry of an access log.
    private static let longest = 2000

    package init(_ config: MachineConfig) {
        starts = config.namedChecks.map(\.check).filter { $0.type == .http }.map { "\"\($0.method) \($0.path) HTTP/1." }
    }

    /// Whether the line tells of a check that was answered with a 2xx.
    ///
    /// Found by what access logs of uvicorn, gunicorn, hypercorn and nginx have in common: the request in quotes, then
    /// the status.
    package func contains(_ text: String) -> Bool {
        guard !starts.isEmpty, text.utf8.count <= Self.longest else { return false }
        for start in starts {
            guard let rest = Self.after(start, in: text) else { continue }
            // `1" 200 OK`, and after a colour sequence the same.
            guard let quote = rest.firstIndex(of: "\"") else { continue }
            let status = rest[rest.index(after: quote)...].drop { !$0.isASCII || !$0.isNumber }.prefix(3)
            if status.count == 3, status.first == "2" { return true }
        }
        return false
    }

    private static func after(_ needle: String, in text: String) -> Substring? {
        let (needle, bytes) = (Array(needle.utf8), text.utf8)
        guard bytes.count >= needle.count else { return nil }
        var index = bytes.startIndex
        let last = bytes.index(bytes.endIndex, offsetBy: -needle.count)
        while index <= last {
            if bytes[index...].starts(with: needle) { return text[bytes.index(index, offsetBy: needle.count)...] }
            index = bytes.index(after: index)
        }
        return nil
    }
}
