import Foundation
import Model

/// A requirements file and those that it includes.
///
/// > Source: pip documentation, "Requirements File Format".
struct RequirementFiles: Equatable, Sendable {
    /// Paths within the project, the first one first.
    var files: [String] = []
    /// One of them names a folder or a file of the project to install from.
    var namesFolders = false

    /// Follows `-r` and `-c` from one file to the next; those that are missing are for uv to complain of.
    static func read(_ path: String, of project: ProjectFiles) throws(Fault) -> RequirementFiles {
        var result = RequirementFiles()
        var waiting = [path]
        while let next = waiting.popLast() {
            guard !result.files.contains(next), let text = try project.text(next) else { continue }
            result.files.append(next)
            let found = scan(text)
            result.namesFolders = result.namesFolders || found.namesFolders
            let folder = (next as NSString).deletingLastPathComponent
            waiting += found.includes.reversed().map { plain(folder.isEmpty ? $0 : "\(folder)/\($0)") }
        }
        return result
    }

    /// What one file's text includes, as it is written there.
    static func scan(_ text: String) -> (includes: [String], namesFolders: Bool) {
        var includes: [String] = []
        var namesFolders = false
        // A backslash at the end of a line joins it with the next.
        let joined = text.replacing("\\\r\n", with: " ").replacing("\\\n", with: " ")
        for line in joined.split(whereSeparator: \.isNewline) {
            let line = withoutComment(line)
            if let file = option(["-r", "--requirement", "-c", "--constraint"], in: line) {
                includes.append(file)
            } else if let place = option(["-e", "--editable", "-f", "--find-links"], in: line) {
                namesFolders = namesFolders || !place.contains("://")
            } else if line.hasPrefix(".") || line.hasPrefix("/") || line.contains("file:") {
                namesFolders = true
            } else if let at = line.firstRange(of: " @ "), !line[at.upperBound...].contains("://") {
                namesFolders = true
            }
        }
        return (includes, namesFolders)
    }

    // MARK: - Private

    private static func withoutComment(_ line: Substring) -> String {
        var text = line.trimmingCharacters(in: .whitespaces)
        if text.hasPrefix("#") { return "" }
        // Within a line a comment needs a blank before it, for `#` is also part of URLs.
        if let comment = text.firstRange(of: " #") { text = String(text[..<comment.lowerBound]) }
        return text
    }

    /// The value of `-r x`, `-rx`, `--requirement x` or `--requirement=x`.
    private static func option(_ names: [String], in line: String) -> String? {
        for name in names.sorted(by: { $0.count > $1.count }) where line.hasPrefix(name) {
            let rest = line.dropFirst(name.count)
            if name.hasPrefix("--"), let first = rest.first, first != "=", !first.isWhitespace { continue }
            let value = rest.drop { $0 == "=" || $0.isWhitespace }.trimmingCharacters(in: .whitespaces)
            if !value.isEmpty { return value }
        }
        return nil
    }

    private static func plain(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == "..", parts.last != nil, parts.last != ".." { parts.removeLast() } else { parts.append(part) }
        }
        return parts.joined(separator: "/")
    }
}
