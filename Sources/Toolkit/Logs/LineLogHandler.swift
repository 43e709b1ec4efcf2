import Foundation
package import Logging
import Model

/// Log lines on standard error: one line an event, `time level message key=value …`.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level = .info
    package var metadata: Logger.Metadata = [:]
    private let label: String

    package init(label: String) {
        self.label = label
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var line = "\(Timestamp.now().rfc3339) \(event.level) \(label): \(event.message)"
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) { line += " \(key)=\(Self.quoted("\(value)"))" }
        if let error = event.error { line += " error=\(Self.quoted("\(error)"))" }
        // A full disk must not end the daemon: the plain `write` traps on it.
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
    }

    /// A value with spaces or control characters is quoted, so that one event stays one line.
    private static func quoted(_ text: String) -> String {
        let plain = text.unicodeScalars.allSatisfy { $0.value > 32 && $0 != "\"" && $0.value != 127 }
        return plain && !text.isEmpty ? text : text.debugDescription
    }
}
