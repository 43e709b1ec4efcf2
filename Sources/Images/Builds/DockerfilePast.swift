import Foundation
import Toolkit

/// What became of an app's Dockerfile so far: kept with its caches, and gone with them.
struct DockerfilePast {
    let cache: AppCache

    /// It was built once, so that it is known to be good.
    var hasWorked: Bool { read("worked") != nil }

    /// Why just this text could not be built; nil when that is not known.
    func failure(of text: String) -> String? {
        guard let lines = read("failed")?.split(separator: "\n", maxSplits: 1), lines.count == 2,
            lines[0] == Hex.digest(of: text)
        else { return nil }
        return String(lines[1])
    }

    func worked() throws {
        guard !hasWorked else { return }
        try Durable.write(Data("yes\n".utf8), to: try path("worked"))
    }

    func failed(_ text: String, because cause: String) throws {
        guard failure(of: text) == nil else { return }
        let first = cause.split(separator: "\n").first ?? "it failed"
        try Durable.write(Data("\(Hex.digest(of: text))\n\(first)\n".utf8), to: try path("failed"))
    }

    /// What went wrong in one line: the step that failed, where buildah names it.
    static func cause(_ message: String, _ path: String) -> String {
        let first = message.prefix { $0 != "\n" }.drop { $0 == " " }
        guard let step = message.firstRange(of: "building at STEP \"") else {
            return first.hasSuffix(":") ? String(first.dropLast()) : String(first)
        }
        let rest = message[step.upperBound...].prefix { $0 != "\n" }
        let words = rest.firstRange(of: "\": ").map { rest[..<$0.lowerBound] } ?? rest
        return "\(path) could not be built at \(words.prefix(120))"
    }

    // MARK: - Private

    private func path(_ name: String) throws -> String { "\(try cache.folder("dockerfile"))/\(name)" }

    private func read(_ name: String) -> String? {
        (try? path(name)).flatMap { try? String(contentsOfFile: $0, encoding: .utf8) }
    }
}
