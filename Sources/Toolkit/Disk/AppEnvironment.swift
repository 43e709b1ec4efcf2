import Foundation
package import Model

#if canImport(Glibc)
import Glibc
#endif

/// Files of `KEY=value` lines, one for each app, in which secrets stood before they were sealed.
///
/// What is found in one is taken in by the ledger of secrets, and the file goes.
package struct AppEnvironment: Sendable {
    private let folder: String

    /// The most bytes of a file: what a program may be handed is little more.
    private static let maximumBytes = 128 << 10

    package init(folder: String) {
        self.folder = folder
    }

    /// The file of an app, also when there is none yet.
    package func path(of app: String) -> String { "\(folder)/\(app).env" }

    /// The values of an app; none when it has no file.
    ///
    /// - Throws: ``Fault`` `io` when the file is there and can't be read.
    package func values(of app: String) throws(Fault) -> [String: String] {
        try App.validate(name: app)
        let path = path(of: app)
        guard access(path, F_OK) == 0 else { return [:] }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Durable.fault(errno, "read", path)
        }
        guard data.count <= Self.maximumBytes else {
            throw Fault(
                .invalidConfig,
                "\(path) has \(data.count) bytes, more than the \(Self.maximumBytes) there may be"
            )
        }
        return Self.parse(String(decoding: data, as: UTF8.self))
    }

    /// Whether an app has a file.
    package func isThere(_ app: String) -> Bool { access(path(of: app), F_OK) == 0 }

    /// The apps that have one.
    package func apps() -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".env") }.map { String($0.dropLast(4)) }.filter { app in
            (try? App.validate(name: app)) != nil
        }.sorted()
    }

    /// Forgets an app.
    package func remove(_ app: String) {
        unlink(path(of: app))
    }

    // MARK: - The file

    /// Reads lines of `KEY=value`, and passes over what is none: a person may have written them.
    static func parse(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard let one = try? SecretLines.parse(String(line)) else { continue }
            values.merge(one) { $1 }
        }
        return values
    }
}
