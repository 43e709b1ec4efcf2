import Foundation
package import Model

#if canImport(Glibc)
import Glibc
#endif

/// Values that an app needs and that stand in no configuration: a file of `KEY=value` lines for each app, for root alone.
///
/// They go from here into a Machine's environment when it starts, and nowhere else: no record, no answer and no log has one.
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

    /// Sets values; one that is nil is taken away.
    ///
    /// - Returns: the names that are set now, sorted.
    package func change(_ app: String, _ changes: [String: String?]) throws(Fault) -> [String] {
        var values = try values(of: app)
        for (name, value) in changes {
            guard Self.isName(name), value?.utf8.contains(0) != true else {
                throw Fault(
                    .invalidRequest,
                    "a variable's name is letters, digits and _, and its value has no NUL byte"
                )
            }
            values[name] = value
        }
        let text = Self.text(values)
        guard text.utf8.count <= Self.maximumBytes else {
            throw Fault(.invalidRequest, "the values of \(app) are larger than \(Self.maximumBytes) bytes together")
        }
        try Durable.makeFolder(folder, mode: 0o700)
        try Durable.write(Data(text.utf8), to: path(of: app), mode: 0o600)
        return values.keys.sorted()
    }

    /// Forgets an app.
    package func remove(_ app: String) {
        unlink(path(of: app))
    }

    // MARK: - The file

    /// Reads lines of `KEY=value`; quotes around a value are taken off, and double ones know `\n`, `\"` and `\\`.
    static func parse(_ text: String) -> [String: String] {
        var values: [String: String] = [:]
        for raw in text.split(whereSeparator: \.isNewline) {
            var line = raw.drop { $0 == " " || $0 == "\t" }
            if line.hasPrefix("export ") { line = line.dropFirst(7) }
            guard line.first != "#", let equals = line.firstIndex(of: "=") else { continue }
            let name = String(line[..<equals])
            guard isName(name) else { continue }
            values[name] = unquoted(line[line.index(after: equals)...])
        }
        return values
    }

    /// The same as text: what would be read otherwise is quoted.
    static func text(_ values: [String: String]) -> String {
        values.sorted { $0.key < $1.key }.map { name, value in "\(name)=\(quoted(value))\n" }.joined()
    }

    // MARK: - Private

    private static func isName(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 256, !(48...57).contains(first) else { return false }
        return text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 0x5F
        }
    }

    private static func unquoted(_ text: Substring) -> String {
        guard let quote = text.first, text.count > 1, text.last == quote, quote == "\"" || quote == "'" else {
            return String(text)
        }
        let inner = text.dropFirst().dropLast()
        guard quote == "\"" else { return String(inner) }
        var result = ""
        var isEscaped = false
        for character in inner {
            if isEscaped {
                result.append(character == "n" ? "\n" : character == "r" ? "\r" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                result.append(character)
            }
        }
        return result
    }

    private static func quoted(_ value: String) -> String {
        let isPlain = value.allSatisfy { !$0.isNewline } && value.first != "\"" && value.first != "'"
        if isPlain { return value }
        let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            .replacing("\r\n", with: "\\r\\n").replacing("\n", with: "\\n").replacing("\r", with: "\\r")
        return "\"\(escaped)\""
    }
}
